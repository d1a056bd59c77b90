package rules

import (
	"maps"
	"slices"

	"spanaudit/flow"
)

// revisable is a concluder whose conclusions what follows may take back: a stream
// that does not come about may do so yet.
type revisable interface{ revisable() }

func (*cameraStream) revisable()      {}
func (*endpointReachable) revisable() {}
func (*ntpSync) revisable()           {}
func (captureLoss) revisable()        {}
func (*captureVisibility) revisable() {}
func (*capturePeriod) revisable()     {}

// Peek returns the report as it would be if nothing followed. The Audit goes on as
// if it had not been asked; the report does not change with it. The time that it
// takes grows with the findings.
func (a *Audit) Peek(loss Loss) (r *Report) {
	a.asIf(true, func() { r = a.finish(loss) })
	return r
}

// Outline is Peek for who asks every second: the report has neither findings, nor
// the inventory and the timeline. Each finding is handed to each, in no order, as it
// stands in the Audit: it is valid until that is told more, and not to be changed
// but by Forget; Copy keeps it.
func (a *Audit) Outline(loss Loss, each func(*Finding)) (r *Report) {
	a.asIf(false, func() {
		var found []*Finding
		r, found = a.conclude(loss)
		for _, f := range found {
			each(f)
		}
	})
	return r
}

// Follow has the Audit know the names, sessions and media that another knows, which
// is told all that it is, and before it: they are remembered once. Call it before
// anything is told.
func (a *Audit) Follow(other *Audit) {
	a.site.inherit(other.site)
	a.site.reads = true
}

// Continue has the Audit begin with the names, sessions and media that another
// knows, which is told nothing any more.
func (a *Audit) Continue(other *Audit) { a.site.inherit(other.site) }

// asIf calls do, which may conclude, and leaves the Audit as it was. Findings are
// copies where whole is set, else only those of rules that conclude.
func (a *Audit) asIf(whole bool, do func()) {
	coverage, moments := a.coverage, *a.timeline
	kept := make([]*ledger, len(a.ledgers)) // nil where it cannot change
	for i, l := range a.ledgers {
		if _, concludes := a.rules[i].(concluder); concludes || whole {
			was := *l
			kept[i], *l = &was, l.copy()
		}
	}
	a.coverage.Protocols, a.timeline.moments = maps.Clone(coverage.Protocols), moments.copy()
	do()
	a.coverage, *a.timeline = coverage, moments
	for i, was := range kept {
		if was != nil {
			*a.ledgers[i] = *was
		}
	}
}

// copy returns a ledger that shares nothing that changes.
func (l *ledger) copy() ledger {
	c := *l
	c.undecided, c.notes, c.devices = maps.Clone(l.undecided), slices.Clone(l.notes), map[*Device]*tally{}
	for d, t := range l.devices {
		counted := *t
		c.devices[d] = &counted
	}
	c.findings, c.known = make(map[string]*Finding, len(l.findings)), nil
	c.grades = [Critical + 1][]*Finding{} // of the copies
	for severity, graded := range l.grades {
		for _, f := range graded {
			if f.gone || f.Severity != Severity(severity) {
				continue
			}
			g := f.Copy()
			c.findings[g.ID] = &g
			c.grades[severity] = append(c.grades[severity], &g)
		}
	}
	return c
}

func (t *timeline) copy() map[flow.Time]*Moment {
	moments := make(map[flow.Time]*Moment, len(t.moments))
	for start, m := range t.moments {
		moment := *m
		moments[start] = &moment
	}
	return moments
}
