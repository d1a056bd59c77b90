package main

import (
	"spanaudit/flow"
	"spanaudit/rules"
)

// watcher finds violations while the flows that show them go on. It has an audit of
// its own, which judges a flow each time that it says more: what it counts is of no
// use, and what it finds the audit proper finds when the flow is over.
type watcher struct {
	early *rules.Audit
	tell  func(now flow.Time, findings []rules.Finding) // of all findings so far that stand, as of now
}

func newWatcher(p *rules.Policy, tell func(flow.Time, []rules.Finding)) *watcher {
	return &watcher{early: rules.NewAudit(p), tell: tell}
}

// look tells of what is found by now.
func (w *watcher) look(now flow.Time) {
	r := w.early.Peek(rules.Loss{})
	stand := r.Findings[:0]
	for _, f := range r.Findings {
		if !f.Revisable {
			stand = append(stand, f)
		}
	}
	w.tell(now, stand)
}
