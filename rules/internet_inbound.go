package rules

import (
	"fmt"

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

const beginnerUnknown = "a flow with the internet whose beginning was not seen: it is not known who began it"

// beginnerKnown reports whether it is known that the client began the flow. A
// TCP handshake or an application message tells. The first datagram that was
// seen need not have been the first that was sent, so of UDP it tells only where
// the ports agree: a client's is ephemeral, a server's is not.
func (c *Case) beginnerKnown() bool {
	const ephemeral = 32768 // the lowest port that common systems give to clients
	switch {
	case c.Ground >= flow.Message:
		return true
	case c.Flow.Protocol == flow.TCP:
		return false
	case c.Flow.Protocol == flow.UDP:
		return c.Client.Addr.Port() >= ephemeral && c.Server.Addr.Port() < ephemeral
	}
	return true
}

func (c *Case) failInbound() {
	device, peer := c.Parties()
	severity, what := Critical, "a connection to"
	switch {
	case !c.Answered():
		severity, what = Low, "an attempt, not answered, to reach"
	case !c.Established() || c.Transport() == "icmp":
		severity, what = High, "a probe, answered, of"
	case c.Flow.Protocol == flow.UDP:
		what = "an exchange with"
	}
	service := c.Transport()
	if c.Transport() == "tcp" || c.Transport() == "udp" {
		service += fmt.Sprintf(" port %d", c.Server.Addr.Port())
	}
	if p := c.Facts.Protocol; p != classify.Unknown {
		service += fmt.Sprintf(" (%s)", p)
	}
	c.Fail(Violation{
		Severity: &severity, Device: device, Peer: peer,
		Message: fmt.Sprintf("%s from the internet began %s %s on %s; only the site may begin conversations", peer, what, device, service),
	})
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
