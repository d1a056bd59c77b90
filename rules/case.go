package rules

import (
	"fmt"
	"net/netip"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Case is one flow under judgement by one rule.
type Case struct {
	*classify.Record
	Policy *Policy
	Site   *Site

	// What the two ends are to the site.
	clientTrust, serverTrust Trust

	clientDevice, serverDevice *Device // as declared; nil for others
	met                        contact // by contact, once a rule has asked

	ledger   *ledger
	timeline *timeline
	broke    bool // a rule
}

func newCase(r *classify.Record, p *Policy, s *Site) Case {
	c := Case{Record: r, Policy: p, Site: s}
	c.clientTrust, c.serverTrust = p.trustOf(r)
	if len(p.Devices) > 0 {
		c.clientDevice, _ = s.identifyIn(c.clientTrust, r.Client.MAC, r.Client.Addr.Addr().Unmap().WithZone(""), r.Start)
		c.serverDevice, _ = s.identifyIn(c.serverTrust, r.Server.MAC, r.Server.Addr.Addr().Unmap().WithZone(""), r.Start)
	}
	return c
}

// keep returns the case with a record of its own: the one it came with is used
// again as soon as all rules have judged it.
func (c *Case) keep() *Case {
	kept, record, f := *c, *c.Record, c.Flow.Snapshot()
	record.Flow, record.Evidence = &f, slices.Clone(c.Evidence)
	kept.Record = &record
	return &kept
}

// attempted reports whether all that was seen of the flow is that somebody
// tried: a TCP connection that did not come about and carried nothing, or an
// unanswered packet of a protocol without ports. A datagram carries its data at
// once. What the other side did out of the capture's sight is no attempt.
func (c *Case) attempted() bool {
	switch c.Flow.Protocol {
	case flow.TCP:
		return !c.Established() && !c.OneSided() && c.Client.Payload+c.Server.Payload == 0
	case flow.UDP:
		return false
	}
	return !c.Answered()
}

// tookPlace reports whether a conversation came about, or was under way when the
// capture began.
func (c *Case) tookPlace() bool {
	return c.Established() || c.OneSided() || c.Midstream() && c.Client.Payload+c.Server.Payload > 0
}

// Examine counts the flow among those that the verdict rests on.
func (c *Case) Examine() {
	c.ledger.examined++
	if d := c.held(); d != nil {
		c.ledger.of(d).examined++
	}
}

// Undecided counts the flow as relevant but impossible to decide; because is a
// short reason that many flows may share.
func (c *Case) Undecided(because string) {
	c.ledger.undecide(because)
	if d := c.held(); d != nil {
		c.ledger.of(d).undecided++
	}
}

// Violation is what a rule says of a flow that breaks it. What is not set is
// taken from the flow and the rule.
type Violation struct {
	Severity *Severity // nil for the rule's own
	Message  string

	// Device and Peer default to the flow's parties.
	Device Host
	Peer   Peer

	// Variant keeps violations apart that the same device commits towards
	// the same peer, such as two ports.
	Variant string

	// Evidence names the messages that prove it; none means the flow's
	// beginning and all its messages.
	Evidence []string
}

// Fail counts the flow as breaking the rule. Violations of the same rule by the
// same device towards the same peer are one finding, which is returned.
func (c *Case) Fail(v Violation) *Finding {
	c.ledger.examined++
	c.ledger.failed++
	if v.Device == (Host{}) {
		v.Device, v.Peer = c.Parties()
	}
	f := c.ledger.finding(v, c.Start)
	if f.gone {
		c.fell(f.Severity)
		return f
	}
	f.add(c.Start, c.End, c.CommunityID(), c.evidence(v.Evidence))
	if f.brief {
		c.fell(f.Severity)
		return f
	}
	c.explain(f)
	if f.Record == nil || f.told == c.Start && f.Message == v.Message {
		f.Record = c.keep().Record
	}
	c.fell(f.Severity)
	return f
}

// fell notes that the flow broke a rule.
func (c *Case) fell(severity Severity) {
	c.broke = true
	c.timeline.failed(c.Start, severity)
}

// Parties returns the device that the flow is held against and its peer: the
// local end, or the client where both ends are local or none is.
func (c *Case) Parties() (Host, Peer) {
	if c.serverTrust == Local && c.clientTrust != Local {
		return c.Host(&c.Server), c.peer(&c.Client, 0)
	}
	return c.Host(&c.Client), c.peer(&c.Server, c.Server.Addr.Port())
}

// Host names the host at one end of the flow.
func (c *Case) Host(h *flow.Half) Host { return c.Site.hostAt(h.Addr.Addr(), h.MAC, c.Start) }

func (c *Case) peer(h *flow.Half, port uint16) Peer {
	if c.Transport() == "icmp" {
		port = 0
	}
	p := Peer{IP: h.Addr.Addr(), Port: port}
	if h == &c.Server {
		p.Name = c.ServerName()
	}
	return p
}

// Transport returns the transport's name as flow records spell it.
func (c *Case) Transport() string { return transportName(c.Flow.Protocol) }

func transportName(protocol uint8) string {
	switch protocol {
	case flow.TCP:
		return "tcp"
	case flow.UDP:
		return "udp"
	case flow.ICMP, flow.ICMPv6:
		return "icmp"
	case flow.SCTP:
		return "sctp"
	}
	return fmt.Sprintf("ip protocol %d", protocol)
}

// evidence returns the frames of the messages named. Where none is named they
// are the first frame from each side, which show who began the flow and that it
// was answered, and all messages.
func (c *Case) evidence(names []string) (list []Evidence) {
	add := func(e Evidence) {
		if e.Frame.Number > 0 && (len(names) == 0 || slices.Contains(names, e.What)) {
			list = append(list, e)
		}
	}
	add(Evidence{Frame: c.Client.First, What: "first packet"})
	add(Evidence{Frame: c.Server.First, What: "first answer"})
	for _, e := range c.Evidence {
		add(Evidence{Frame: e.Frame, What: e.What})
	}
	return list
}

func (p Peer) String() string {
	if !p.IP.IsValid() {
		return fmt.Sprintf("%q", p.Name)
	}
	s := p.IP.String()
	if p.Port != 0 {
		s = netip.AddrPortFrom(p.IP, p.Port).String()
	}
	if p.Name != "" {
		s = fmt.Sprintf("%q (%s)", p.Name, s)
	}
	return s
}

func (h Host) String() string {
	if h.ID != "" {
		return fmt.Sprintf("%s (%s)", h.ID, h.IP)
	}
	return h.IP.String()
}
