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
// if it had not been asked; the report does not change with it.
func (a *Audit) Peek(loss Loss) *Report {
	coverage, moments := a.coverage, *a.timeline
	ledgers := make([]ledger, len(a.ledgers))
	for i, l := range a.ledgers {
		ledgers[i] = *l
		*l = l.copy()
	}
	a.coverage.Protocols, a.timeline.moments = maps.Clone(coverage.Protocols), moments.copy()
	r := a.finish(loss)
	a.coverage, *a.timeline = coverage, moments
	for i := range ledgers {
		*a.ledgers[i] = ledgers[i]
	}
	return r
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
	for id, f := range l.findings {
		g := *f
		g.Flows, g.Evidence, g.Context, g.peers = slices.Clone(f.Flows), slices.Clone(f.Evidence), slices.Clone(f.Context), slices.Clone(f.peers)
		c.findings[id] = &g
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
