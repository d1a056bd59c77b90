package main

import (
	"strings"
	"sync/atomic"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// watcher finds violations while the flows that show them go on. It has an audit of
// its own, which judges a flow each time that it says more: what it counts is of no
// use, and what it finds the audit proper finds when the flow is over.
type watcher struct {
	early *rules.Audit

	record *record.Writer // of flows that go on, too; nil where there is none
	tell   func(*sight)   // is called twice a second, and once in the end

	reload atomic.Pointer[rules.Policy] // by which all is judged from the next look on; nil for none
}

// sight is what a watcher tells of.
type sight struct {
	now      flow.Time
	findings []rules.Finding // that stand
	soFar    *rules.Report   // as it would be if nothing followed
	captured capture.Stats
	loss     rules.Loss
}

func newWatcher(p *rules.Policy, tell func(*sight)) *watcher {
	return &watcher{early: rules.NewAudit(p), tell: tell}
}

// look tells of what is found by now, a tick of the batch.
func (w *watcher) look(p *pipeline, now flow.Time, b *batch) {
	w.report(p.audit, &sight{now: now, captured: b.captured}, p.lossBy(b), false)
	if next := w.reload.Swap(nil); next != nil {
		p.audit, w.early = rules.NewAudit(next), rules.NewAudit(next)
	}
}

// last tells of what is found in the end, when what follows cannot show otherwise
// any more.
func (w *watcher) last(audit *rules.Audit, now flow.Time, captured capture.Stats, loss rules.Loss) {
	w.report(audit, &sight{now: now, captured: captured}, loss, true)
}

// report tells of the findings that stand. Those about the capture as a whole are
// the report's: nobody is to be woken up by them.
func (w *watcher) report(audit *rules.Audit, s *sight, loss rules.Loss, over bool) {
	s.loss, s.soFar = loss, audit.Peek(loss)
	counts := map[string]int{}
	for i := range s.soFar.Findings {
		counts[s.soFar.Findings[i].ID] = s.soFar.Findings[i].Count
	}
	for _, f := range w.early.Peek(loss).Findings {
		if !strings.HasPrefix(f.Rule, "capture-") && (over || !f.Revisable) {
			f.Count = max(counts[f.ID], 1)
			s.findings = append(s.findings, f)
		}
	}
	w.tell(s)
}
