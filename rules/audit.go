// Package rules says what is forbidden: the policy, one file a rule, the
// knowledge of the site that rules consult, and the verdicts. It decides;
// whoever prints a Report decides nothing.
package rules

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Audit judges what a capture shows against a policy. It is fed in the order of
// the packets by one goroutine: then the same packets give the same Report.
type Audit struct {
	policy   *Policy
	site     *Site
	rules    []Rule
	ledgers  []*ledger
	coverage Coverage
	start    flow.Time
	end      flow.Time
}

// NewAudit returns an Audit that has seen nothing yet.
func NewAudit(p *Policy) *Audit {
	a := &Audit{policy: p, site: newSite(p), rules: all()}
	a.coverage.Protocols = map[string]uint64{}
	controls := controlsByRule()
	for _, r := range a.rules {
		doc := r.Doc()
		doc.Controls = controls[doc.ID]
		a.ledgers = append(a.ledgers, newLedger(doc, p.Rules[doc.ID]))
	}
	return a
}

// Learned takes names and leases that a message taught; client is who asked.
func (a *Audit) Learned(client netip.Addr, at flow.Frame, l classify.Learned) {
	for _, n := range l.Names {
		a.site.learnName(client, n, at.Time)
	}
	for _, lease := range l.Leases {
		a.site.learnLease(lease, at)
	}
}

// ARP takes the claim that an address lives at a MAC.
func (a *Audit) ARP(claim flow.ARP) { a.site.learnHost(claim.IP, claim.MAC) }

// Known takes the facts of a flow that goes on, for the sake of other flows
// that depend on them.
func (a *Audit) Known(r *classify.Record) {
	a.site.inherit(r.TLS)
	a.site.learnSessions(r.TLS)
	a.site.learnMedia(r)
}

// Ended completes the record of a flow that is over with what the site knows,
// and judges it by every rule.
func (a *Audit) Ended(r *classify.Record) {
	a.site.learnHost(r.Client.Addr.Addr(), r.Client.MAC)
	a.site.learnHost(r.Server.Addr.Addr(), r.Server.MAC)
	a.Known(r)
	a.site.bindMedia(r)
	a.cover(r)
	for i, rule := range a.rules {
		if l := a.ledgers[i]; l.notApplicable == "" {
			rule.Judge(&Case{Record: r, Policy: a.policy, Site: a.site, ledger: l})
		}
	}
}

// Loss is what the capture, the flow tables and the classifiers know of their
// own blind spots. Unseen and TCPBytes are filled in by the audit itself.
type Loss struct {
	CaptureLoss
	Evicted, Starved uint64
	Panics           uint64 // messages on which a decoder failed
}

// Finish decides what could only be decided at the end and returns the report.
// The Audit must not be used afterwards.
func (a *Audit) Finish(loss Loss) *Report {
	c := &a.coverage
	loss.Unseen, loss.TCPBytes = c.Capture.Unseen, c.Capture.TCPBytes
	c.Capture = loss.CaptureLoss
	c.Evicted, c.Starved, c.Panics = loss.Evicted, loss.Starved, loss.Panics
	a.listHosts()
	r := &Report{Policy: a.policy, Start: a.start, End: a.end, Coverage: a.coverage}
	for i, rule := range a.rules {
		if f, ok := rule.(concluder); ok && a.ledgers[i].notApplicable == "" {
			f.Conclude(&Conclusion{Policy: a.policy, Site: a.site, Coverage: &a.coverage, ledger: a.ledgers[i]})
		}
	}
	lossy := a.lossy()
	for _, l := range a.ledgers {
		r.Requirements = append(r.Requirements, l.requirement(lossy))
		for _, f := range l.findings {
			r.Findings = append(r.Findings, *f)
		}
	}
	slices.SortFunc(r.Findings, byGravity)
	return r
}

// Conclusion is the whole audit under judgement by one rule.
type Conclusion struct {
	Policy   *Policy
	Site     *Site
	Coverage *Coverage

	ledger *ledger
}

// lossy says in a sentence why a violation may have gone unseen, or is empty.
func (a *Audit) lossy() string {
	for i, l := range a.ledgers {
		if _, ok := a.rules[i].(*captureLoss); ok && l.failed > 0 {
			return "the capture lost packets (capture-loss), so a violation may have gone unseen"
		}
	}
	return ""
}

// cover counts what the flow adds to the coverage.
func (a *Audit) cover(r *classify.Record) {
	c := &a.coverage
	if a.start == 0 || r.Start < a.start {
		a.start = r.Start
	}
	a.end = max(a.end, r.End)
	c.Flows++
	c.Packets += r.Client.Packets + r.Server.Packets
	c.BadChecksums += r.Client.BadChecksums + r.Server.BadChecksums
	c.Protocols[string(r.Facts.Protocol)]++
	payload := r.Client.Payload + r.Server.Payload
	if r.Facts.Protocol == classify.Unknown && payload > 0 && (r.Flow.Protocol == flow.TCP || r.Flow.Protocol == flow.UDP) {
		c.Unknown++
	}
	if client, server := a.policy.ZoneOf(r.Client.Addr.Addr()).Trust, a.policy.ZoneOf(r.Server.Addr.Addr()).Trust; client != Local && server != Local && client != Special && server != Special {
		c.Outside++
	}
	if r.Flow.Protocol != flow.TCP {
		return
	}
	if payload > 0 {
		c.TCPFlows++
	}
	c.Capture.TCPBytes += payload
	switch {
	case r.OneSided():
		c.OneSided++
	case r.Client.Unseen()+r.Server.Unseen() > 0:
		c.Gapped++
		c.Capture.Unseen += r.Client.Unseen() + r.Server.Unseen()
	}
	if r.Midstream() && payload > 0 {
		c.Midstream++
	}
}

const maxListedHosts = 256

func (a *Audit) listHosts() {
	addrs := slices.SortedFunc(maps.Keys(a.site.hosts), netip.Addr.Compare)
	for i, addr := range addrs {
		if i == maxListedHosts {
			a.coverage.MoreDevices = len(addrs) - i
			break
		}
		a.coverage.Devices = append(a.coverage.Devices, a.site.host(addr, a.site.hosts[addr]))
	}
}

func byGravity(x, y Finding) int {
	return cmp.Or(
		cmp.Compare(y.Severity, x.Severity),
		cmp.Compare(x.Rule, y.Rule),
		x.Device.IP.Compare(y.Device.IP),
		x.Peer.IP.Compare(y.Peer.IP),
		cmp.Compare(x.First, y.First),
		cmp.Compare(x.ID, y.ID),
	)
}
