package main

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	w := &window{wanted: make(chan chan<- func() *report.Audit)}
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

// show shows how the watch stands, and hands the whole audit to who wants it.
func (w *window) show(s *sensor, seen *sight, st panel.State) {
	if w == nil {
		return
	}
	w.panel.State(st)
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
