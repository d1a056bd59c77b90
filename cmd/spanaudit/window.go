package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"spanaudit/report"
	"spanaudit/report/panel"
	"spanaudit/rules"
)

// window is the page, the metrics and the health of a watch; the nil window is
// none.
type window struct {
	panel  *panel.Panel
	since  time.Time
	shown  time.Time                        // when the state was shown last
	wanted chan chan<- func() *report.Audit // by who looks at the report
}

// openWindow begins to serve at an address, "none" for none, with the token in a
// file, if any.
func openWindow(address, tokenFile string) (*window, error) {
	if address == "none" {
		return nil, nil
	}
	token := ""
	if tokenFile != "" {
		text, err := os.ReadFile(tokenFile)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
		token = strings.TrimSpace(string(text))
	}
	l, err := panel.Listen(address, token)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w; --listen none serves nothing", err)
	}
	w := &window{since: time.Now(), wanted: make(chan chan<- func() *report.Audit)}
	if w.panel, err = panel.New(panel.Options{Tool: tool(), Token: token, Render: report.HTML, Audit: w.audit}); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	go func() { _ = w.panel.Serve(l) }() // until Close
	return w, nil
}

// audit returns the whole audit, which the engine hands over when it shows its
// state the next time.
func (w *window) audit(ctx context.Context) (*report.Audit, error) {
	reply := make(chan func() *report.Audit, 1)
	select {
	case w.wanted <- reply:
		return (<-reply)(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hand hands the whole audit to who wants it, if somebody does.
func (w *window) hand(s *sensor, seen *sight) {
	select {
	case reply := <-w.wanted:
		r, inputs := seen.audit.Peek(seen.loss), []report.Input{{Name: s.iface, Packets: seen.captured.Frames}}
		reply <- func() *report.Audit { return auditNow(inputs, r) }
	default:
	}
}

func auditNow(inputs []report.Input, r *rules.Report) *report.Audit {
	a := report.New(tool(), inputs, r)
	a.Reported = report.Instant(time.Now().UnixNano())
	return a
}

// maxShown bounds the findings that the page shows beside those that were told.
const maxShown = 100

// show shows how the watch stands, at most once a second.
func (w *window) show(s *sensor, seen *sight) {
	now := time.Now()
	if w == nil || now.Sub(w.shown) < 900*time.Millisecond {
		return
	}
	w.shown = now
	w.hand(s, seen)
	outline, counts := seen.audit.Outline(seen.loss, maxShown)
	a := auditNow([]report.Input{{Name: s.iface, Packets: seen.captured.Frames}}, outline)
	var bytes uint64
	for _, x := range a.Crossings {
		bytes += x.Bytes
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	st := panel.State{
		At: now, Audit: a, Counts: counts, Interface: s.iface, Since: w.since, Up: !s.down,
		Packets: seen.captured.Frames, Bytes: bytes, Dropped: panel.Dropped{Kernel: seen.captured.Dropped},
		Outages: seen.captured.Outages, Blind: seen.captured.Blind,
		Flows: seen.open, Record: s.record.state(), Memory: memory.Sys - memory.HeapReleased, Goroutines: runtime.NumGoroutine(),
		Policy: panel.Policy{Name: a.Policy.Name, Version: a.Policy.Version, SHA256: a.Policy.SHA256, Loaded: s.loaded(), Error: s.refused()},
	}
	for _, sink := range s.sinks.Stats() {
		st.Sinks = append(st.Sinks, panel.Sink{
			Name: sink.Sink, Told: sink.Told, Waiting: sink.Waiting, Dropped: sink.Dropped + sink.Refused, Failing: sink.Failing, Error: sink.Error,
		})
	}
	w.panel.State(st)
}

// alert shows an alert at once.
func (w *window) alert(f report.Finding) {
	if w != nil {
		w.panel.Alert(f)
	}
}

func (w *window) close() error {
	if w == nil {
		return nil
	}
	return w.panel.Close()
}
