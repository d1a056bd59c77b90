package rules

import (
	"fmt"

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
		Checks:      "every flow that a local host begins towards the internet matches a declared endpoint (name, port, transport), resolver or time server; names are those of TLS and of DNS answers, and an HTTP host that no DNS answer contradicts",
		Fails:       "a flow that matches none; a TCP connection that did not come about is low",
		NotSeen:     "no local host began a flow towards the internet",
		Remediation: "Block it at the firewall, or declare an endpoint with an owner and a reason.",
		Source:      "AWS Panorama security page: allow the appliance to connect to these endpoints on port 443",
	}
}

// NotApplicable leaves the rule out where there is nothing to compare with.
func (egressAllowList) NotApplicable(p *Policy) string {
	if p.HasEndpoints() {
		return ""
	}
	return "the policy declares no endpoints: declare them, or use --policy aws-panorama, to have egress judged"
}

func (egressAllowList) Judge(c *Case) {
	between := c.Between()
	if !c.Internet() || isICMPError(c.Record) {
		return
	}
	if between == Inbound && !c.beginnerKnown() {
		c.Undecided(beginnerUnknown)
	}
	if between != Outbound {
		return
	}
	match, listed := c.egress()
	if match.RealName != "" {
		c.ledger.note(fmt.Sprintf("%q, as AWS's security page spells it, was judged as %q", c.ServerName(), match.RealName))
	}
	switch {
	case listed == egressListed:
		c.Examine()
	case !c.beginnerKnown() && (c.Flow.Protocol == flow.TCP || portsTell(c.Server.Addr.Port(), c.Client.Addr.Port())):
		c.Undecided(beginnerUnknown)
	case listed == egressNameless:
		c.Undecided("a contact whose name was not seen (no server name, no DNS answer) at an address that is not listed")
	default:
		c.failEgress(match)
	}
}

type egress int8

const (
	egressUnlisted egress = iota
	egressNameless        // might be listed under a name that was not seen
	egressListed
)

// egress looks the flow's server up among the endpoints, resolvers and time
// servers of the policy.
func (c *Case) egress() (EndpointMatch, egress) {
	server, client := c.Server.Addr, c.Client.Addr.Addr()
	name, match := c.contact().name, c.contact().match
	if match.Fit == Listed {
		return match, egressListed
	}
	switch c.Facts.Protocol {
	case classify.ProtoDNS:
		// The site's own resolver asks others in turn.
		if r := c.Policy.DNS.Resolvers; len(r) == 0 || r.Has(server.Addr(), name) || r.Has(client, "") {
			return match, egressListed
		}
	case classify.ProtoNTP:
		ntp := c.Policy.NTP
		switch {
		case len(ntp.LocalServers) == 0 && ntp.PublicServers == nil,
			ntp.LocalServers.Has(server.Addr(), name), ntp.PublicServers.Has(server.Addr(), name),
			ntp.LocalServers.Has(client, ""): // a local time server has its own time from outside
			return match, egressListed
		case name == "" && ntp.PublicServers.named():
			return match, egressNameless
		}
	}
	if match.Fit == NotListed && c.nameless(name) && c.Policy.servesPort(server.Port(), c.Transport()) {
		return match, egressNameless
	}
	return match, egressUnlisted
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

func (c *Case) failEgress(match EndpointMatch) {
	device, peer := c.Parties()
	v := Violation{Device: device, Peer: peer}
	what := "contacted"
	if c.attempted() {
		low := Low
		v.Severity, what = &low, "tried to contact"
	}
	v.Message = fmt.Sprintf("%s %s %s over %s, which %s", device, what, peer, c.egressWords(), fitWords(match))
	c.Fail(v)
}

func fitWords(match EndpointMatch) string {
	switch match.Fit {
	case OtherPort:
		return fmt.Sprintf("endpoint %s allows at %s port %s only", match.Endpoint.ID, match.Endpoint.Proto, portList(match.Endpoint.Ports))
	case OtherSource:
		return fmt.Sprintf("endpoint %s allows to other hosts only", match.Endpoint.ID)
	}
	return "is no declared endpoint"
}

func portList(ports []PortRange) string {
	var list []string
	for _, r := range ports {
		list = append(list, r.String())
	}
	return orList(list)
}

func (c *Case) egressWords() string {
	if p := c.Facts.Protocol; p != classify.Unknown {
		return fmt.Sprintf("%s (%s)", c.Transport(), p)
	}
	return c.Transport()
}
