package rules

import (
	"fmt"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// internetInbound judges who begins the conversations across the boundary.
type internetInbound struct{}

func (internetInbound) Doc() Doc {
	return Doc{
		ID:          "internet-inbound",
		Title:       "Connection from the internet",
		Severity:    Critical,
		Kind:        Prohibition,
		Checks:      "no flow between the internet and a local host was begun on the internet",
		Why:         "A camera or appliance that the internet can reach is found by scanners within hours, and its services were not made for that.",
		Fails:       "an established connection or a UDP exchange is critical; a probe that was answered with a refusal is high; one that nobody answered is low",
		NotSeen:     "no traffic between a local host and the internet was seen",
		Remediation: "Remove the port forward or the public address; use a VPN or a broker that the device connects out to.",
		Source:      "AWS Panorama guide: the appliance accepts no inbound connections; NIST SP 800-53 SC-7(5)",
	}
}

func (internetInbound) Judge(c *Case) {
	if !c.Internet() || c.Between() != Inbound && c.Between() != Outbound || isICMPError(c.Record) {
		return
	}
	switch {
	case !c.beginnerKnown():
		c.Undecided(beginnerUnknown)
	case c.Between() == Outbound:
		c.Examine()
	default:
		c.failInbound()
	}
}

// Conclude leaves the rule undecided where the capture shows one address for the
// whole site: whom the NAT let a connection through to is not to be seen.
func (internetInbound) Conclude(c *Conclusion) {
	if c.Policy.Capture.Vantage == "outside-nat" && c.ledger.examined > 0 {
		c.ledger.undecide("the capture is taken outside the NAT (capture.vantage), where only translated flows are visible")
	}
}

const beginnerUnknown = "a flow with the internet whose beginning was not seen: it is not known who began it"

// beginnerKnown reports whether it is known that the client began the flow. A
// TCP handshake, an application message or an ICMP request tells. The first
// datagram that was seen need not have been the first that was sent, so of UDP
// it tells only where the ports agree: a client's is ephemeral, a server's is
// not. Of other protocols nothing tells.
func (c *Case) beginnerKnown() bool {
	client, server := c.Client.Addr.Port(), c.Server.Addr.Port()
	switch {
	case c.Ground >= flow.Message:
		return true
	case c.Flow.Protocol == flow.UDP:
		return portsTell(client, server)
	case c.Flow.Protocol == flow.ICMP:
		return slices.Contains([]uint16{8, 13, 15, 17}, client)
	case c.Flow.Protocol == flow.ICMPv6:
		return client == 128 || client == 139
	}
	return false
}

// portsTell reports whether the ports look like those of a client and a server.
func portsTell(client, server uint16) bool {
	const wellKnown, ephemeral = 1024, 32768 // below the one only servers; from the other on common systems give ports to clients
	return client >= ephemeral && server < ephemeral || client >= wellKnown && server < wellKnown
}

func (c *Case) failInbound() {
	severity, did, end := Critical, "connected to", ""
	switch {
	case c.OneSided():
	case !c.Answered():
		severity, did, end = Low, "tried to reach", " and got no answer"
	case !c.Established() || c.Transport() == "icmp":
		severity, did, end = High, "probed", " and got an answer"
	case c.Flow.Protocol != flow.TCP:
		did = "exchanged packets with"
	}
	c.failOnce(&severity, uint32(severity)<<8|uint32(c.Flow.Protocol), func() Violation { return inboundViolation(c, severity, did, end) })
}

func inboundViolation(c *Case, severity Severity, did, end string) Violation {
	device, peer := c.Parties()
	service := c.Transport()
	if c.Transport() == "tcp" || c.Transport() == "udp" {
		service += fmt.Sprintf(" port %d", c.Server.Addr.Port())
	}
	if p := c.Facts.Protocol; p != classify.Unknown {
		service += fmt.Sprintf(" (%s)", p)
	}
	return Violation{
		Severity: &severity, Device: device, Peer: peer,
		Message: fmt.Sprintf("%s on the internet %s %s on %s%s; only the site may begin conversations", peer, did, device, service, end),
	}
}

// isICMPError reports whether the flow is of ICMP messages that answer other
// traffic rather than begin any (RFC 792, RFC 4443).
func isICMPError(r *classify.Record) bool {
	t := r.Client.Addr.Port()
	switch r.Flow.Protocol {
	case flow.ICMP:
		return t == 3 || t == 4 || t == 5 || t == 11 || t == 12
	case flow.ICMPv6:
		return t < 128 || t >= 130 && t <= 137 || t == 143
	}
	return false
}
