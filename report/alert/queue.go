package alert

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"spanaudit/rules"
)

// QueueOptions are those that every sink has.
type QueueOptions struct {
	Name  string         // in Stats; it holds no secret
	Min   rules.Severity // alerts below it are not told
	Bound int            // alerts in the queue; zero is DefaultQueue
	Retry Retry          // without First, a second to a minute
}

// DefaultQueue is how many alerts wait in memory, some 4 kB each.
const DefaultQueue = 1024

// queue is what all sinks have in common.
type queue struct {
	options QueueOptions
	alerts  chan Alert
	closing chan struct{} // closed when alerts is
	done    chan struct{} // closed when the goroutine has ended
	cancel  context.CancelFunc

	mu     sync.Mutex
	closed bool
	stats  Stats
}

// output is what a queue's goroutine tells alerts to. All methods are called by
// that goroutine.
type output interface {
	// send tells one alert. It is called again with the same alert until it
	// succeeds or its error is hopeless.
	send(ctx context.Context, a *Alert) error
	// broken returns a channel that is closed when mend is to be called.
	broken() <-chan struct{}
	mend(ctx context.Context) error
	// owes counts alerts that were sent and that mend is to send again.
	owes() int
	close()
}

func newQueue(o QueueOptions) *queue {
	if o.Bound == 0 {
		o.Bound = DefaultQueue
	}
	if o.Retry.First == 0 {
		o.Retry.First, o.Retry.Max = time.Second, time.Minute
	}
	if o.Retry.Jitter == nil {
		o.Retry.Jitter = rand.Float64
	}
	return &queue{
		options: o, alerts: make(chan Alert, o.Bound), closing: make(chan struct{}), done: make(chan struct{}),
		stats: Stats{Sink: o.Name},
	}
}

// start runs the queue's goroutine; its context ends when the grace of Close is
// over.
func (q *queue) start(run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	q.cancel = cancel
	go func() {
		defer close(q.done)
		defer cancel()
		run(ctx)
	}()
}

// Tell is that of Sink.
func (q *queue) Tell(a Alert) error {
	if a.Severity < q.options.Min {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	select {
	case q.alerts <- a:
		return nil
	default:
		q.stats.Dropped++
		return fmt.Errorf("%s: %w", q.options.Name, ErrFull)
	}
}

// Stats is that of Sink.
func (q *queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.stats
	s.Waiting = len(q.alerts)
	return s
}

// Close is that of Sink.
func (q *queue) Close() error {
	q.mu.Lock()
	before := q.stats.Dropped
	if !q.closed {
		q.closed = true
		close(q.alerts)
		close(q.closing)
	}
	q.mu.Unlock()
	if !q.ended(Grace) {
		q.cancel()
		if !q.ended(time.Second) { // a write to a pipe that nobody reads
			return fmt.Errorf("%s: what is being written does not end", q.options.Name)
		}
	}
	if lost := q.Stats().Dropped - before; lost > 0 {
		return fmt.Errorf("%s: %d of the last alerts could not be told", q.options.Name, lost)
	}
	return nil
}

func (q *queue) ended(within time.Duration) bool {
	return !sleep(context.Background(), within, q.done)
}

// run tells the alerts in their order until the queue is closed and empty.
func (q *queue) run(ctx context.Context, out output) {
	defer out.close()
	for {
		select {
		case a, more := <-q.alerts:
			switch {
			case !more:
				return
			case q.persist(ctx, func() error { return out.send(ctx, &a) }):
				q.count(func(s *Stats) { s.Told++ })
			default:
				q.count(func(s *Stats) { s.Dropped++ })
			}
		case <-out.broken():
			needless := func() bool { return q.isClosing() && len(q.alerts) == 0 && out.owes() == 0 }
			q.persist(ctx, func() error {
				if needless() {
					return nil
				}
				return out.mend(ctx)
			})
		}
	}
}

// persist tries until it succeeds, and reports whether it did: not when the
// context has ended, nor when the error is hopeless. It notes each attempt.
func (q *queue) persist(ctx context.Context, try func() error) bool {
	return q.persistNoting(ctx, try, q.note)
}

func (q *queue) persistNoting(ctx context.Context, try func() error, note func(error)) bool {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		err := try()
		note(err)
		if err == nil {
			return true
		}
		if isHopeless(err) {
			return false
		}
		wait, wake := q.options.Retry.after(attempt), q.closing
		if q.isClosing() {
			wait, wake = min(wait, Grace/10), nil
		}
		sleep(ctx, wait, wake)
	}
	return false
}

func (q *queue) isClosing() bool {
	select {
	case <-q.closing:
		return true
	default:
		return false
	}
}

// note notes how an attempt ended.
func (q *queue) note(err error) {
	q.count(func(s *Stats) {
		if s.Failing = err != nil; s.Failing {
			s.Failed++
			s.Error = err.Error()
		}
	})
}

func (q *queue) count(add func(*Stats)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	add(&q.stats)
}
