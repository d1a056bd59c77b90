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
	early    *rules.Audit
	counts   map[string]int // of the audit proper, by the finding's id; reused
	standing []standing     // reused

	recall func(rules.Witness) // tells what was learned before, once; nil for nothing
	record *record.Writer      // of flows that go on, too; nil where there is none
	tell   func(*sight)        // is called twice a second, and once in the end

	reload atomic.Pointer[rules.Policy] // by which all is judged from the next look on; nil for none
}

// sight is what a watcher tells of.
type sight struct {
	now      flow.Time
	policy   *rules.Policy
	captured capture.Stats
	loss     rules.Loss
	open     int // flows

	audit    *rules.Audit  // so far; valid during tell
	outline  *rules.Report // of it
	standing []standing    // what is found so far; valid during tell
}

// standing is a finding as it stands.
type standing struct {
	*rules.Finding
	count int  // how often it was seen
	early bool // it is of a watcher's own audit, and may be forgotten once it is told
	firm  bool // what follows cannot show otherwise: it is to be told
}

// forget lets go of what shows a finding that was told.
func (f *standing) forget() {
	if f.early {
		f.Forget()
	}
}

// begin makes the audit that finds early, beside one that is told the same.
func (w *watcher) begin(audit *rules.Audit) {
	if w.recall != nil {
		w.recall(audit)
		w.recall = nil
	}
	w.early = rules.NewAudit(audit.Policy())
	w.early.Follow(audit)
}

func newWatcher(tell func(*sight)) *watcher {
	return &watcher{counts: map[string]int{}, tell: tell}
}

// look tells of what is found by now, a tick of the batch.
func (w *watcher) look(p *pipeline, now flow.Time, b *batch) {
	w.report(p.audit, &sight{now: now, policy: p.audit.Policy(), captured: b.captured, loss: p.lossBy(b), open: b.open()}, false)
	if next := w.reload.Swap(nil); next != nil {
		before := p.audit
		p.audit = rules.NewAudit(next)
		p.audit.Continue(before)
		w.begin(p.audit)
	}
}

// last tells of what is found in the end, when what follows cannot show otherwise
// any more.
func (w *watcher) last(audit *rules.Audit, now flow.Time, captured capture.Stats, loss rules.Loss) {
	w.report(audit, &sight{now: now, policy: audit.Policy(), captured: captured, loss: loss}, true)
}

// report tells of the findings that stand: those of flows that go on, too, and
// those that what follows may take back, which are not to be told until it is over.
// Those about the capture as a whole are the report's: nobody is to be woken up by
// them.
func (w *watcher) report(audit *rules.Audit, s *sight, over bool) {
	clear(w.counts)
	clear(w.standing)
	s.audit, s.standing = audit, w.standing[:0]
	s.outline = audit.Outline(s.loss, func(f *rules.Finding) {
		w.counts[f.ID] = f.Count
		if f.Revisable {
			s.standing = append(s.standing, standing{f, f.Count, false, over && !strings.HasPrefix(f.Rule, "capture-")})
		}
	})
	w.early.Outline(s.loss, func(f *rules.Finding) {
		if !f.Revisable {
			s.standing = append(s.standing, standing{f, max(w.counts[f.ID], 1), true, true})
		}
	})
	w.standing = s.standing
	w.tell(s)
}
