// Package rules says what is forbidden: the policy, one file a rule, the
// knowledge of the site that rules consult, and the verdicts. It decides;
// whoever prints a Report decides nothing.
package rules

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

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

	inventory inventory
	crossings crossings
	timeline  *timeline
	judged    Case // the last one; here so that none is allocated for a flow
}

// NewAudit returns an Audit that has seen nothing yet. It judges by the rules
// of the catalogue and by those given.
func NewAudit(p *Policy, more ...Rule) *Audit {
	a := &Audit{policy: p, site: newSite(p), rules: append(all(), more...), crossings: crossings{}, timeline: newTimeline()}
	a.coverage.Protocols = map[string]uint64{}
	docs := Catalogue()
	for _, r := range more {
		docs = append(docs, r.Doc())
	}
	for i, r := range a.rules {
		doc := docs[i]
		l := newLedger(doc, p.Rules[doc.ID])
		if f, ok := r.(conditional); ok && l.notApplicable == "" {
			l.notApplicable = f.NotApplicable(p)
		}
		a.ledgers = append(a.ledgers, l)
	}
	return a
}

// Policy returns that by which is judged.
func (a *Audit) Policy() *Policy { return a.policy }

// Learned takes names and leases that a message taught; client is who asked.
func (a *Audit) Learned(client netip.Addr, at flow.Frame, l classify.Learned) {
	for _, n := range l.Names {
		a.site.learnName(client, n, at)
		a.site.learnTold(client, n, at)
	}
	for _, lease := range l.Leases {
		a.site.learnLease(lease, at)
	}
}

// ARP takes the claim that an address lives at a MAC.
func (a *Audit) ARP(claim flow.ARP) {
	a.site.learnHost(claim.IP, claim.MAC)
	a.site.learnClaim(claim)
}

// Known takes the media that a flow which goes on has set up, for the sake of
// the flows that carry it; at is the frame that told.
func (a *Audit) Known(r *classify.Record, at flow.Frame) { a.site.learnMedia(r, at) }

// Session takes a handshake that began at the start, for the sake of flows that
// resume its session; at is the frame that told.
func (a *Audit) Session(t *classify.TLS, start flow.Time, at flow.Frame) {
	a.site.learnSessions(t, handshake{start, at})
}

// Ended completes the record of a flow that is over with what the site knows,
// and judges it by every rule.
func (a *Audit) Ended(r *classify.Record) {
	a.site.learnHost(r.Client.Addr.Addr(), r.Client.MAC)
	a.site.learnHost(r.Server.Addr.Addr(), r.Server.MAC)
	var last flow.Frame // that told something
	if n := len(r.Evidence); n > 0 {
		last = r.Evidence[n-1].Frame
	}
	a.Session(r.TLS, r.Start, last)
	a.Known(r, last)
	a.site.bindMedia(r)
	a.judged = newCase(r, a.policy, a.site)
	c := &a.judged
	c.timeline = a.timeline
	a.timeline.at(r.Start).Flows++
	a.cover(c)
	a.inventory.add(c)
	for i, rule := range a.rules {
		if c.ledger = a.ledgers[i]; c.ledger.notApplicable == "" {
			rule.Judge(c)
		}
	}
	a.crossings.add(c, protocolOf(r), c.broke)
}

// Loss is what the capture, the flow tables and the classifiers know of their
// own blind spots. Cut, Unseen and TCPBytes are filled in by the audit itself.
type Loss struct {
	CaptureLoss
	Evicted, Starved uint64
	Panics           uint64 // messages on which a decoder failed
}

// Finish decides what could only be decided at the end and returns the report.
// The Audit must not be used afterwards.
func (a *Audit) Finish(loss Loss) *Report { return a.finish(loss) }

func (a *Audit) finish(loss Loss) *Report {
	r, found := a.conclude(loss)
	r.Inventory, r.MoreInventory = a.inventory.list(), a.inventory.more
	r.Timeline = a.timeline.list()
	for _, f := range found {
		f.sort()
		r.Findings = append(r.Findings, *f)
	}
	slices.SortFunc(r.Findings, byGravity)
	return r
}

// conclude decides what could only be decided at the end. The report has neither
// what grows with the traffic nor the findings, which are those of the ledgers.
func (a *Audit) conclude(loss Loss) (*Report, []*Finding) {
	c := &a.coverage
	loss.Cut, loss.Unseen, loss.TCPBytes = c.Capture.Cut, c.Capture.Unseen, c.Capture.TCPBytes
	c.Capture = loss.CaptureLoss
	c.Evicted, c.Starved, c.Panics = loss.Evicted, loss.Starved, loss.Panics
	c.Forgotten = a.site.Forgotten
	a.listHosts()
	r := &Report{Policy: a.policy, Start: a.start, End: a.end, Coverage: a.coverage, Crossings: a.crossings.list()}
	for i, rule := range a.rules {
		if f, ok := rule.(concluder); ok && a.ledgers[i].notApplicable == "" {
			l := a.ledgers[i]
			judged := maps.Clone(l.findings)
			f.Conclude(&Conclusion{
				Policy: a.policy, Site: a.site, Coverage: &a.coverage, Start: a.start, End: a.end, ledger: l,
			})
			if _, ok := rule.(revisable); ok {
				for id, found := range l.findings {
					found.Revisable = judged[id] == nil
				}
			}
		}
	}
	var found []*Finding
	lossy := a.lossy()
	for _, l := range a.ledgers {
		q := l.requirement(lossy)
		q.Devices = l.byDevice(a.policy.Devices, lossy)
		r.Requirements = append(r.Requirements, q)
		found = slices.AppendSeq(found, maps.Values(l.findings))
	}
	r.waive(found)
	r.Statements = judgeStatements(r.Requirements)
	return r, found
}

// Conclusion is the whole audit under judgement by one rule.
type Conclusion struct {
	Policy   *Policy
	Site     *Site
	Coverage *Coverage

	Start, End flow.Time // of the first and the last packet of a flow; 0 when there was none

	ledger *ledger
}

// lossy says in a sentence why a violation may have gone unseen, or is empty.
func (a *Audit) lossy() string {
	c := &a.coverage
	var reasons []string
	if len(captureLosses(c, a.policy)) > 0 {
		reasons = append(reasons, "the capture lost packets (capture-loss)")
	}
	if c.Starved > 0 {
		reasons = append(reasons, fmt.Sprintf("%d flows were not examined whole for lack of memory", c.Starved))
	}
	if c.Clipped > 0 {
		reasons = append(reasons, fmt.Sprintf("%d flows said more than is kept of one", c.Clipped))
	}
	if c.Panics > 0 {
		reasons = append(reasons, fmt.Sprintf("a decoder failed on %d messages", c.Panics))
	}
	if len(reasons) == 0 {
		return ""
	}
	return strings.Join(reasons, ", ") + ": a violation may have gone unseen"
}

// cover counts what the flow adds to the coverage.
func (a *Audit) cover(r *Case) {
	c := &a.coverage
	if a.start == 0 || r.Start < a.start {
		a.start = r.Start
	}
	a.end = max(a.end, r.End)
	c.Flows++
	c.Packets += r.Client.Packets + r.Server.Packets
	c.Capture.Cut += uint64(r.Client.Cut) + uint64(r.Server.Cut)
	c.BadChecksums += uint64(r.Client.BadChecksums) + uint64(r.Server.BadChecksums)
	if r.Clipped {
		c.Clipped++
	}
	payload := r.Client.Payload + r.Server.Payload
	if protocolOf(r.Record) == string(classify.Unknown) && payload > 0 {
		c.Unknown++
	}
	c.Protocols[protocolOf(r.Record)]++
	if r.Between() == Outside {
		c.Outside++
	}
	if r.Flow.Protocol != flow.TCP {
		return
	}
	if payload > 0 || r.OneSided() {
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

// byFrame orders evidence by time, so that it does not matter how the packets
// are spread over files.
func byFrame(x, y Evidence) int {
	return cmp.Or(cmp.Compare(x.Frame.Time, y.Frame.Time), cmp.Compare(x.Frame.Input, y.Frame.Input), cmp.Compare(x.Frame.Number, y.Frame.Number))
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
