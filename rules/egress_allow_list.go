package rules

import (
	"fmt"
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
)

// egressAllowList judges whom local hosts contact on the internet.
type egressAllowList struct{}

func (egressAllowList) Doc() Doc {
	return Doc{
		ID:          "egress-allow-list",
		Title:       "Egress outside the allow-list",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "every flow that a local host begins towards the internet matches a declared endpoint (name, port, transport), resolver or time server",
		Fails:       "a flow that matches none; a TCP connection that did not come about is low",
		NotSeen:     "no local host began a flow towards the internet",
		Remediation: "Block it at the firewall, or declare an endpoint with an owner and a reason.",
		Source:      "AWS Panorama security page: allow the appliance to connect to these endpoints on port 443",
	}
}

func (egressAllowList) Judge(c *Case) {
	if !c.Internet() || c.Between() != Outbound || isICMPError(c.Record) {
		return
	}
	if !c.Policy.HasEndpoints() {
		c.ledger.notApplicable = "the policy declares no endpoints: declare them, or use --policy aws-panorama, to have egress judged"
		return
	}
	switch listed := c.egress(); {
	case listed == egressListed:
		c.Examine()
	case c.Flow.Protocol == flow.TCP && !c.beginnerKnown():
		c.Undecided(beginnerUnknown)
	case listed == egressNameless:
		c.Undecided("a contact whose name was not seen (no server name, no DNS answer) at an address that is not listed")
	default:
		c.failEgress()
	}
}

type egress int8

const (
	egressUnlisted egress = iota
	egressNameless        // might be listed under a name that was not seen
	egressListed
)

func (c *Case) egress() egress {
	server, name := c.Server.Addr, c.ServerName()
	switch c.Facts.Protocol {
	case classify.ProtoDNS:
		if r := c.Policy.DNS.Resolvers; len(r) == 0 || r.Has(server.Addr(), name) {
			return egressListed
		}
	case classify.ProtoNTP:
		ntp := c.Policy.NTP
		if len(ntp.LocalServers) == 0 && ntp.PublicServers == nil || ntp.LocalServers.Has(server.Addr(), name) || ntp.PublicServers.Has(server.Addr(), name) {
			return egressListed
		}
	}
	match := c.Policy.Endpoint(name, server, c.Transport(), c.Client.Addr.Addr(), c.Policy.Device(c.Client.MAC, c.Client.Addr.Addr()))
	switch {
	case match.Fit == Listed:
		return egressListed
	case match.Fit == NotListed && c.nameless(name) && c.Policy.servesPort(server.Port(), c.Transport()):
		return egressNameless
	}
	return egressUnlisted
}

// nameless reports whether the flow may have a name that was not seen: hidden
// by ECH, or in a hello that the capture does not hold. A hello without a name,
// and what is no TLS at all, name no endpoint.
func (c *Case) nameless(name string) bool {
	if c.TLS != nil && (c.TLS.ECH || !c.TLS.ClientHello && name == "") {
		return true
	}
	return name == "" && c.Facts.Protocol == classify.Unknown && (c.Midstream() || c.OneSided() || c.Client.Unseen() > 0)
}

// servesPort reports whether any endpoint of the policy answers at the port.
func (p *Policy) servesPort(port uint16, transport string) bool {
	for _, e := range p.Endpoints {
		if !e.Enabled || e.Proto != transport {
			continue
		}
		for _, r := range e.Ports {
			if r.Contains(port) {
				return true
			}
		}
	}
	return false
}

func (c *Case) failEgress() {
	device, peer := c.Parties()
	v := Violation{Device: device, Peer: peer}
	what := "contacted"
	if !c.Answered() && c.Flow.Protocol != flow.UDP || c.Flow.Protocol == flow.TCP && !c.Established() {
		low := Low
		v.Severity, what = &low, "tried to contact"
	}
	v.Message = fmt.Sprintf("%s %s %s over %s, which is no declared endpoint", device, what, peer, c.egressWords())
	c.Fail(v)
}

func (c *Case) egressWords() string {
	if p := c.Facts.Protocol; p != classify.Unknown {
		return fmt.Sprintf("%s (%s)", c.Transport(), p)
	}
	return c.Transport()
}

// staysLocal reports whether routers keep a multicast group inside the site.
func staysLocal(a netip.Addr) bool {
	if a.Is4() {
		b := a.As4()
		return b[0] == 239 || b[0] == 224 && b[1] == 0 && b[2] == 0
	}
	return a.As16()[1]&0x0f <= 8 // organisation-local scope (RFC 7346)
}
