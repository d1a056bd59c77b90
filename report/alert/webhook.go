package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"spanaudit/report"
)

// BatchSchema names the form of a webhook's body: an object with the schema and
// alerts, a list of at least one Alert in the order in which they were told.
const BatchSchema = "spanaudit/alerts/v1"

// batch is a webhook's body.
type batch struct {
	Schema string  `json:"schema"`
	Alerts []Alert `json:"alerts"`
}

// maxBatch bounds the alerts of one request.
const maxBatch = 32

// WebhookOptions say where a Webhook keeps what it has not delivered.
type WebhookOptions struct {
	Spool string // a directory of its own
	Room  int64  // octets that it may hold; zero is DefaultRoom
	Post  *Poster
}

// DefaultRoom is how many octets wait on disk for a server that is away.
const DefaultRoom = 64 << 20

// Webhook is a sink that posts alerts to a server: in order, one request at a
// time, at least once each. What was taken into the spool is delivered even when
// this process is killed, by the next one that opens the same spool; the same
// request always has the same Idempotency-Key.
type Webhook struct {
	*queue
	options WebhookOptions
	spool   *spool
	stored  chan struct{} // closed when nothing more is put into the spool
}

// NewWebhook opens the spool and begins with what it holds.
func NewWebhook(o WebhookOptions, q QueueOptions) (*Webhook, error) {
	if o.Room == 0 {
		o.Room = DefaultRoom
	}
	s, err := openSpool(o.Spool, o.Room)
	if err != nil {
		return nil, err
	}
	w := &Webhook{newQueue(q), o, s, make(chan struct{})}
	w.start(func(ctx context.Context) {
		go w.store(ctx)
		w.deliver(ctx)
		<-w.stored
		o.Post.client.CloseIdleConnections()
		w.note(s.close())
	})
	return w, nil
}

// Stats is that of Sink.
func (w *Webhook) Stats() Stats {
	s := w.queue.Stats()
	s.Waiting += w.spool.waiting()
	return s
}

// store takes alerts from the queue into the spool, as many as there are.
func (w *Webhook) store(ctx context.Context) {
	defer close(w.stored)
	failures := func(err error) {
		if err != nil { // that it succeeds does not say that the server is there
			w.note(err)
		}
	}
	for a := range w.alerts {
		b := batch{BatchSchema, []Alert{a}}
		for len(b.Alerts) < maxBatch && len(w.alerts) > 0 {
			if next, more := <-w.alerts; more {
				b.Alerts = append(b.Alerts, next)
			}
		}
		body, err := report.DocumentLine(b)
		failures(err)
		if err != nil || !w.persistNoting(ctx, func() error { return w.spool.put(body, len(b.Alerts)) }, failures) {
			w.count(func(s *Stats) { s.Dropped += uint64(len(b.Alerts)) })
		}
	}
}

// deliver posts what the spool holds, until the queue is closed and either all
// is delivered or an attempt fails: the rest waits for the next run.
func (w *Webhook) deliver(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; {
		next, some := w.next()
		if !some {
			return
		}
		err := w.post(ctx, next)
		if ctx.Err() != nil && err != nil {
			return
		}
		w.note(err)
		if err == nil || isHopeless(err) {
			w.settle(next, err == nil)
			attempt = 0
			continue
		}
		wait := retryAfter(err, w.queue.options.Retry.after(attempt))
		if w.isClosing() || !sleep(ctx, wait, w.closing) {
			return
		}
		attempt++
	}
}

// next waits for a request; there is none when the queue was closed and the spool
// is empty.
func (w *Webhook) next() (spooled, bool) {
	for {
		if e, some := w.spool.front(); some {
			return e, true
		}
		select {
		case <-w.spool.filled:
		case <-w.stored:
			return w.spool.front()
		}
	}
}

// settle removes a request that was delivered, or never will be.
func (w *Webhook) settle(e spooled, delivered bool) {
	w.count(func(s *Stats) {
		if delivered {
			s.Told += uint64(e.alerts)
		} else {
			s.Refused += uint64(e.alerts)
		}
	})
	if err := w.spool.remove(e); err != nil {
		w.note(err)
	}
}

// post posts one request.
func (w *Webhook) post(ctx context.Context, e spooled) error {
	body, err := w.spool.read(e)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(body), `{"schema":"`+BatchSchema+`"`) || !json.Valid(body) {
		return hopeless{fmt.Errorf("%s in the spool is no list of alerts", e.name())}
	}
	return w.options.Post.post(ctx, idempotencyKey(e.serial, body), body)
}
