package panel

import (
	"errors"
	"net/http"
	"time"
)

// client is a page that is kept up to date.
type client struct {
	queue chan []byte   // messages that wait to be written
	gone  chan struct{} // closed when it is cut off
}

const (
	maxWaiting   = 64               // messages for one client: a minute of states, or as many alerts at once
	writeWithin  = 5 * time.Second  // a client that takes no byte for so long is cut off
	pingInterval = 15 * time.Second // where nothing is told, so that a dead connection is noticed
)

// errCrowd is what the client hears that is one too many.
var errCrowd = errors.New("too many pages are open: close one")

// serveEvents tells a page what is new as server-sent events: "hello" with the
// name of the run, a "state" about each second of which what did not change is
// left out, and each "alert" at once.
func (p *Panel) serveEvents(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	c, first, err := p.join(r.Header.Get("Last-Event-ID"))
	if err != nil {
		h.Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer p.leave(c)
	control := http.NewResponseController(w)
	write := func(message []byte) bool {
		control.SetWriteDeadline(time.Now().Add(writeWithin)) // not all that is written to knows deadlines
		_, err := w.Write(message)
		return err == nil && control.Flush() == nil
	}
	for _, m := range first {
		if !write(m) {
			return
		}
	}
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	for {
		next := []byte(": \n\n")
		select {
		case <-c.gone:
			return
		case <-r.Context().Done():
			return
		case <-ping.C:
		case next = <-c.queue:
		}
		if !write(next) {
			return
		}
	}
}

// join adds a client. It returns what the client is to hear first: how things
// stand, and the alerts since the event with the id.
func (p *Panel) join(lastEvent string) (*client, [][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, nil, errClosed
	case len(p.clients) >= p.opt.Clients:
		return nil, nil, errCrowd
	}
	first := [][]byte{[]byte("retry: 1000\n\n"), message("hello", "", map[string]string{"run": p.told.run})}
	if p.state != nil {
		first = append(first, message("state", "", p.parts()))
	}
	first = append(first, p.told.since(lastEvent)...)
	c := &client{make(chan []byte, maxWaiting), make(chan struct{})}
	p.clients[c] = true
	p.streams.Add(1)
	return c, first, nil
}

func (p *Panel) leave(c *client) {
	p.mu.Lock()
	p.drop(c)
	p.mu.Unlock()
	p.streams.Done()
}

// drop cuts a client off, once. The lock is held.
func (p *Panel) drop(c *client) {
	if p.clients[c] {
		delete(p.clients, c)
		close(c.gone)
	}
}

// tell puts a message into the queue of each client; one whose queue is full is
// cut off, and asks again with the id of the last event that it has. The lock is
// held.
func (p *Panel) tell(message []byte) {
	for c := range p.clients {
		select {
		case c.queue <- message:
		default:
			p.drop(c)
			p.cut++
		}
	}
}
