// Package panel is the window of a sensor that runs: a page with its current
// state, the same for Prometheus, and its health, all on one HTTP port. It shows
// what it was last told and asks the audit nothing.
//
// Who may look is decided in guard.go: whoever has the token or, where there is
// none, whoever is on this machine. Text from the wire reaches the page as
// report.Line writes it, and a label of a metric never.
package panel

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"spanaudit/report"
)

// Options say what a Panel is for.
type Options struct {
	Tool report.Tool

	// Token is wanted of every request. Without one, only requests from this
	// machine, to an address of it that only this machine has, are served.
	Token string

	// Render writes /report.html. Without it there is no such page. It is not
	// called twice at a time, and nothing of the audit is changed by it.
	Render func(io.Writer, *report.Audit) error

	// Audit returns the whole audit so far, for who asks for the report; nil where
	// State is told all of it.
	Audit func(context.Context) (*report.Audit, error)

	Recent  int         // alerts that are kept for the page; 0 is 100
	Clients int         // pages that are kept up to date at a time; 0 is 32
	Log     *log.Logger // for what goes wrong with a request; nil is none
}

// Panel holds what is shown. Its methods can be called by any goroutine.
type Panel struct {
	opt      Options
	tool     report.Tool // as it is shown
	registry *prometheus.Registry
	handler  http.Handler
	look     *look
	writing  chan struct{}  // holds one while a report is written
	streams  sync.WaitGroup // of the clients that are served

	mu      sync.Mutex // never held while anything is written to a client
	closed  bool
	servers []*http.Server
	ticked  time.Time // of the last State, or of New
	state   *State    // the last; nil before the first
	digest  *digest   // of its audit
	rates   rates
	told    alerts
	clients map[*client]bool
	cut     uint64 // clients that were too slow
	sent    parts  // what all clients know; nil where one may not
}

// New returns a Panel that knows nothing yet. It starts no goroutine.
func New(o Options) (*Panel, error) {
	if o.Recent == 0 {
		o.Recent = 100
	}
	if o.Clients == 0 {
		o.Clients = 32
	}
	if o.Log == nil {
		o.Log = log.New(io.Discard, "", 0)
	}
	now := time.Now()
	p := &Panel{
		opt: o, tool: report.Tool{Name: report.Line(o.Tool.Name), Version: report.Line(o.Tool.Version)},
		writing: make(chan struct{}, 1), ticked: now, digest: newDigest(nil, nil), clients: map[*client]bool{},
		told: alerts{run: strconv.FormatInt(now.UnixNano(), 36), bound: o.Recent},
	}
	var err error
	if p.look, err = newLook(); err != nil {
		return nil, err
	}
	if p.registry, err = newRegistry(p); err != nil {
		return nil, err
	}
	p.handler = p.guard(p.routes())
	return p, nil
}

// Handler serves everything. It is safe on any listener: see Options.Token.
func (p *Panel) Handler() http.Handler { return p.handler }

// routes lists what there is.
func (p *Panel) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", p.servePage)
	mux.HandleFunc("/events", p.serveEvents)
	mux.Handle("/metrics", p.metrics())
	mux.HandleFunc("/healthz", p.serveHealth)
	mux.HandleFunc("/readyz", p.serveReady)
	mux.HandleFunc("/report.json", p.serveJSON)
	if p.opt.Render != nil {
		mux.HandleFunc("/report.html", p.serveHTML)
	}
	return mux
}

// State says how things stand. It is to be called about once a second, because
// health is told by it, and does not wait: it takes well under a millisecond, or
// a few where the audit is another than the last and has thousands of findings.
func (p *Panel) State(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.ticked = time.Now()
	switch {
	case s.Audit == nil && p.state != nil:
		s.Audit = p.state.Audit
	case s.Audit != nil:
		p.digest = newDigest(s.Audit, s.Counts)
	}
	p.rates.add(p.state, &s)
	p.state = &s
	if len(p.clients) == 0 {
		p.sent = nil
		return
	}
	all := p.parts()
	p.tell(message("state", "", all.since(p.sent)))
	p.sent = all
}

// Alert shows a finding that is being told. It does not wait.
func (p *Panel) Alert(f report.Finding) {
	c := newCard(&f)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.tell(p.told.add(c))
	}
}

// errClosed is of a Panel that Close was called of.
var errClosed = errors.New("the panel is closed")

// Close ends what Serve serves, and every page's stream. It waits for both, a few
// seconds at the most.
func (p *Panel) Close() error {
	p.mu.Lock()
	p.closed = true
	servers := p.servers
	p.servers = nil
	for c := range p.clients {
		p.drop(c)
	}
	p.mu.Unlock()
	var errs []error
	for _, s := range servers {
		errs = append(errs, shut(s))
	}
	p.streams.Wait()
	return errors.Join(errs...)
}
