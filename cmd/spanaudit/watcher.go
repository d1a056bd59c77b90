package main

import (
	"strings"
	"sync/atomic"

	"spanaudit/flow"
	"spanaudit/rules"
)

// watcher finds violations while the flows that show them go on. It has an audit of
// its own, which judges a flow each time that it says more: what it counts is of no
// use, and what it finds the audit proper finds when the flow is over.
type watcher struct {
	early *rules.Audit

	// tell is given, about once a second, the findings that stand as of now and
	// the report as it would be if nothing followed.
	tell func(now flow.Time, findings []rules.Finding, soFar *rules.Report)

	reload atomic.Pointer[rules.Policy] // by which all is judged from the next look on; nil for none
}

func newWatcher(p *rules.Policy, tell func(flow.Time, []rules.Finding, *rules.Report)) *watcher {
	return &watcher{early: rules.NewAudit(p), tell: tell}
}

// look tells of what is found by now, a tick of the batch.
func (w *watcher) look(p *pipeline, now flow.Time, b *batch) {
	w.report(p.audit, now, p.lossBy(b), false)
	if next := w.reload.Swap(nil); next != nil {
		p.audit, w.early = rules.NewAudit(next), rules.NewAudit(next)
	}
}

// last tells of what is found in the end, when what follows cannot show otherwise
// any more.
func (w *watcher) last(audit *rules.Audit, now flow.Time, loss rules.Loss) {
	w.report(audit, now, loss, true)
}

// report tells of the findings that stand. Those about the capture as a whole are
// the report's: nobody is to be woken up by them.
func (w *watcher) report(audit *rules.Audit, now flow.Time, loss rules.Loss, over bool) {
	soFar := audit.Peek(loss)
	counts := map[string]int{}
	for i := range soFar.Findings {
		counts[soFar.Findings[i].ID] = soFar.Findings[i].Count
	}
	var stand []rules.Finding
	for _, f := range w.early.Peek(loss).Findings {
		if !strings.HasPrefix(f.Rule, "capture-") && (over || !f.Revisable) {
			f.Count = max(counts[f.ID], 1)
			stand = append(stand, f)
		}
	}
	w.tell(now, stand, soFar)
}
