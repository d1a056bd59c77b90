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

	ledger *ledger
}

// Between says how a flow lies to the boundary of the site.
type Between int8

const (
	Inside   Between = iota // both ends local
	Outbound                // a local client, a server beyond the boundary
	Inbound                 // a client beyond the boundary, a local server
	Outside                 // no local end
	Group                   // to or from a multicast, broadcast or unspecified address
)

// Between returns how the flow lies to the boundary that trusts nothing but
// the local zones.
func (c *Case) Between() Between {
	client, server := c.Policy.ZoneOf(c.Client.Addr.Addr()).Trust, c.Policy.ZoneOf(c.Server.Addr.Addr()).Trust
	switch {
	case client == Special || server == Special:
		return Group
	case client == Local && server == Local:
		return Inside
	case client == Local:
		return Outbound
	case server == Local:
		return Inbound
	}
	return Outside
}

// Internet reports whether an end of the flow is on the internet.
func (c *Case) Internet() bool {
	return c.Policy.ZoneOf(c.Client.Addr.Addr()).Trust == Internet || c.Policy.ZoneOf(c.Server.Addr.Addr()).Trust == Internet
}

// Examine counts the flow among those that the verdict rests on.
func (c *Case) Examine() { c.ledger.examined++ }

// Undecided counts the flow as relevant but impossible to decide; because is a
// short reason that many flows may share.
func (c *Case) Undecided(because string) { c.ledger.undecide(because) }

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
// same device towards the same peer are one finding.
func (c *Case) Fail(v Violation) {
	c.ledger.examined++
	c.ledger.failed++
	if v.Device == (Host{}) {
		v.Device, v.Peer = c.Parties()
	}
	f := c.ledger.finding(v)
	f.add(c.Start, c.End, c.CommunityID(), c.evidence(v.Evidence))
}

// Parties returns the device that the flow is held against and its peer: the
// local end, or the client where both ends are local or none is.
func (c *Case) Parties() (Host, Peer) {
	switch c.Between() {
	case Inbound:
		return c.Site.Host(&c.Server), c.peer(&c.Client, 0)
	case Group:
		if c.Policy.ZoneOf(c.Client.Addr.Addr()).Trust == Special {
			return c.Site.Host(&c.Server), c.peer(&c.Client, 0)
		}
	}
	return c.Site.Host(&c.Client), c.peer(&c.Server, c.Server.Addr.Port())
}

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

// ServerName returns the name by which the client knows the server: the TLS
// server name, unless ECH makes it a cover, the HTTP host, or the question
// whose DNS answer gave the address. Empty when no name was seen.
func (c *Case) ServerName() string {
	if c.TLS != nil && c.TLS.ServerName != "" && !c.TLS.ECH {
		return c.TLS.ServerName
	}
	if c.HTTP != nil && c.HTTP.Host != "" {
		return hostOnly(c.HTTP.Host)
	}
	return c.Site.NameOf(c.Client.Addr.Addr(), c.Server.Addr.Addr(), c.Start)
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

// hostOnly removes the port of an HTTP Host field (RFC 9110, section 7.2).
func hostOnly(host string) string {
	if a, err := netip.ParseAddrPort(host); err == nil {
		return a.Addr().String()
	}
	for i := len(host) - 1; i >= 0 && host[i] != ']'; i-- {
		if host[i] == ':' {
			return host[:i]
		}
	}
	return host
}

func (p Peer) String() string {
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
