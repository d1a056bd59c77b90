package rules

import "net/netip"

// violationKey is what makes a violation say the same as an earlier one: the two
// ends, the name asked for, and what was found, as a number of the rule's own.
type violationKey struct {
	client netip.Addr
	server netip.AddrPort
	name   string
	what   uint32
}

// failOnce is Fail for what a rule finds in flow after flow: the sentence is made
// only for the first of them, and again where a flow began before the one that
// the finding speaks of. what tells apart what the same ends may be found for;
// severity is the violation's own, nil for the rule's. Where no more findings of it
// are listed the violation is counted, though one that is listed may be the same.
func (c *Case) failOnce(severity *Severity, what uint32, violation func() Violation) {
	l := c.ledger
	k := violationKey{client: c.Client.Addr.Addr(), server: c.Server.Addr, what: what}
	if c.TLS != nil {
		k.name = c.TLS.ServerName
	}
	switch f := l.known[k]; {
	case f != nil && !f.gone && c.Start > f.told:
		l.examined++
		l.failed++
		c.repeat(f)
		return
	case (f == nil || f.gone) && l.full(l.grade(severity)):
		l.examined++
		l.failed++
		l.unlist(l.grade(severity), 1)
		c.fell(l.grade(severity))
		return
	}
	v := violation()
	c.Fail(v)
	if l.known == nil {
		l.known = map[violationKey]*Finding{}
	}
	if f := l.findings[findingID(l.doc.ID, v)]; f != nil && len(l.known) < maxFindings {
		l.known[k] = f
		f.names = v.Evidence
	}
}

// repeat counts the flow in a finding.
func (c *Case) repeat(f *Finding) {
	if f.brief {
		f.add(c.Start, c.End, "", nil)
		c.fell(f.Severity)
		return
	}
	id := ""
	if len(f.Flows) < maxFindingFlows {
		id = c.CommunityID()
	}
	var evidence []Evidence
	if len(f.Evidence) < maxFindingEvidence {
		evidence = c.evidence(f.names)
	}
	f.add(c.Start, c.End, id, evidence)
	c.fell(f.Severity)
}
