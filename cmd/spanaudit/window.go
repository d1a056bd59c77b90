package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"spanaudit/report"
	"spanaudit/report/panel"
)

// window is the page, the metrics and the health of a watch; the nil window is
// none.
type window struct {
	panel *panel.Panel
	since time.Time
	shown time.Time // when the state was shown last
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
	p, err := panel.New(panel.Options{Tool: tool(), Token: token, Render: report.HTML})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	go func() { _ = p.Serve(l) }() // until Close
	return &window{panel: p, since: time.Now()}, nil
}

// show shows how the watch stands, at most once a second.
func (w *window) show(s *sensor, seen *sight) {
	now := time.Now()
	if w == nil || now.Sub(w.shown) < 900*time.Millisecond {
		return
	}
	w.shown = now
	a := report.New(tool(), []report.Input{{Name: s.iface, Packets: seen.captured.Frames}}, seen.soFar)
	a.Reported = report.Instant(now.UnixNano())
	var bytes uint64
	for _, x := range a.Crossings {
		bytes += x.Bytes
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	st := panel.State{
		At: now, Audit: a, Interface: s.iface, Since: w.since, Up: !s.down,
		Packets: seen.captured.Frames, Bytes: bytes, Dropped: panel.Dropped{Kernel: seen.captured.Dropped},
		Outages: seen.captured.Outages, Blind: seen.captured.Blind,
		Memory: memory.Sys - memory.HeapReleased, Goroutines: runtime.NumGoroutine(),
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
