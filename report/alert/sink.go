package alert

import (
	"errors"
	"sync"
	"time"
)

// Sink is where alerts are told. Each has a bounded queue and a goroutine of its
// own, so that none makes the audit or another sink wait.
type Sink interface {
	// Tell puts an alert into the queue and returns at once: nil, ErrFull or
	// ErrClosed. What it refers to must not be changed afterwards.
	Tell(a Alert) error

	// Stats returns what became of the alerts so far.
	Stats() Stats

	// Close tells what is in the queue, for a few seconds (Grace) where that
	// fails or takes long, and ends the goroutine. It returns an error when
	// alerts were lost by that.
	Close() error
}

var (
	ErrFull   = errors.New("the queue is full: the alert is not told there")
	ErrClosed = errors.New("the sink is closed")
)

// Grace is how long Close goes on trying.
const Grace = 3 * time.Second

// Stats counts what became of the alerts of a sink. Those below its severity are
// not counted.
type Stats struct {
	Sink    string // what it is, without secrets
	Told    uint64 // written, sent, or taken by the server; UDP and TCP do not say more than sent
	Waiting int    // in the queue, or on disk
	Dropped uint64 // lost: the queue or the disk's share was full, or the sink was closed
	Refused uint64 // lost: the server said that it will never take them
	Resent  uint64 // sent again because the connection broke soon after: the server may have them twice
	Failed  uint64 // attempts that failed
	Failing bool   // the last attempt was one of them
	Error   string // of the last of them
}

// Sinks are told the same.
type Sinks []Sink

// Tell tells each sink; it returns the errors of those that do not take the alert.
func (s Sinks) Tell(a Alert) error {
	var errs []error
	for _, sink := range s {
		errs = append(errs, sink.Tell(a))
	}
	return errors.Join(errs...)
}

// Stats returns the counts of each sink, in order.
func (s Sinks) Stats() []Stats {
	var all []Stats
	for _, sink := range s {
		all = append(all, sink.Stats())
	}
	return all
}

// Reopen opens files again that may have been moved, as on SIGHUP. A file that
// cannot be opened stays as it is, and its error is returned.
func (s Sinks) Reopen() error {
	var errs []error
	for _, sink := range s {
		if f, ok := sink.(*File); ok {
			errs = append(errs, f.Reopen())
		}
	}
	return errors.Join(errs...)
}

// Close closes all of them at the same time.
func (s Sinks) Close() error {
	errs := make([]error, len(s))
	var all sync.WaitGroup
	for i, sink := range s {
		all.Go(func() { errs[i] = sink.Close() })
	}
	all.Wait()
	return errors.Join(errs...)
}
