package rules

import (
	"fmt"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// endpointPort judges how local hosts contact the endpoints of the policy.
type endpointPort struct{}

func (endpointPort) Doc() Doc {
	return Doc{
		ID:          "endpoint-port",
		Title:       "Wrong port or ALPN for the service",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "an endpoint of the policy is contacted at its ports and over its transport, and where it declares alpn, the client offers one of these protocols and the server chooses one: on port 443 AWS IoT tells MQTT by x-amzn-mqtt-ca (mqtt with custom authentication), HTTPS by x-amzn-http-ca",
		Fails:       "another port or transport (low where the connection did not come about), no ALPN, or none of the declared ones. TLS 1.3 encrypts the choice: where the client also offers others, it stays open",
		NotSeen:     "no endpoint of the policy was contacted",
		Remediation: "Set the device to port 443 with the ALPN of the service, or declare the further ports that its software needs.",
		Source:      "AWS Panorama security page: these endpoints on port 443, AWS IoT by HTTPS and MQTT; AWS IoT Core, device communication protocols",
	}
}

// NotApplicable leaves the rule out where there is nothing to compare with.
func (endpointPort) NotApplicable(p *Policy) string { return egressAllowList{}.NotApplicable(p) }

const (
	contactNameless = "a contact whose name was not seen: it may be an endpoint's"
	alpnEncrypted   = "a TLS 1.3 handshake whose client offered other ALPN protocols too: which one was chosen is encrypted"
)

func (endpointPort) Judge(c *Case) {
	if c.clientTrust != Local || c.Between() != Outbound && c.TLS == nil || c.Flow.Protocol != flow.TCP && c.Flow.Protocol != flow.UDP {
		return
	}
	match := c.contact().match
	switch {
	case match.Fit == Listed && c.TLS != nil && len(match.Endpoint.ALPN) > 0:
		c.judgeALPN(match.Endpoint)
	case match.Fit == Listed:
		c.Examine()
	case match.Fit == NotListed && c.Between() == Outbound && c.nameless(c.contact().name):
		c.Undecided(contactNameless)
	case match.Fit != OtherPort:
	case !c.beginnerKnown():
		c.Undecided(beginnerUnknown)
	default:
		var severity *Severity
		what := "contacted"
		if c.attempted() {
			low := Low
			severity, what = &low, "tried to contact"
		}
		device, peer := c.Parties()
		c.Fail(Violation{
			Severity: severity, Device: device, Peer: peer, Variant: fmt.Sprint(c.Transport(), peer.Port),
			Message: fmt.Sprintf("%s %s %s at %s port %d, but endpoint %s is declared at %s port %s", device, what, peer,
				c.Transport(), peer.Port, match.Endpoint.ID, match.Endpoint.Proto, portList(match.Endpoint.Ports)),
		})
	}
}

// judgeALPN compares offer and choice with what the endpoint declares and, where
// several entries allow the same contact, with what any of them does.
func (c *Case) judgeALPN(e *Endpoint) {
	t := c.TLS
	entries := append(c.listing(), e)
	if slices.ContainsFunc(entries, func(e *Endpoint) bool { return len(e.ALPN) == 0 }) {
		c.Examine()
		return
	}
	declared := func(protocol string) bool {
		return slices.ContainsFunc(entries, func(e *Endpoint) bool { return e.speaks(protocol) })
	}
	switch {
	case !t.ClientHello:
		c.Undecided(clientUnseen)
	case !slices.ContainsFunc(t.OfferedALPN, declared):
		c.failHandshake(nil, "began TLS with %s; endpoint %s wants %s", alpnWords(t.OfferedALPN), e.ID, e.alpnWords())
	case t.ALPN != "" && !declared(t.ALPN):
		c.failHandshake(nil, "agreed on ALPN %q; endpoint %s wants %s", short(t.ALPN), e.ID, e.alpnWords())
	case t.ALPN == "" && t.Version.TLS() == classify.TLS13 && slices.ContainsFunc(t.OfferedALPN, func(p string) bool { return !declared(p) }):
		c.Undecided(alpnEncrypted)
	default:
		c.Examine()
	}
}

// listing returns every entry of the allow-list that allows the contact.
func (c *Case) listing() []*Endpoint {
	client := c.Client.Addr.Addr()
	device := c.Policy.Device(c.Client.MAC, client)
	found := append(c.Policy.endpoints.byName(c.contact().name), c.Policy.endpoints.byAddr(c.Server.Addr.Addr().Unmap())...)
	return slices.DeleteFunc(found, func(e *Endpoint) bool {
		return c.Policy.fit(e, c.Server.Addr.Port(), c.Transport(), client, device) != Listed
	})
}

// speaks reports whether the endpoint declares an ALPN protocol.
func (e *Endpoint) speaks(protocol string) bool {
	for _, list := range e.ALPN {
		if slices.Contains(list, protocol) {
			return true
		}
	}
	return false
}

// alpnWords lists the ALPN protocols that an endpoint declares, by application.
func (e *Endpoint) alpnWords() string {
	var words []string
	for _, app := range sortedKeys(e.ALPN) {
		words = append(words, strings.Join(e.ALPN[app], " or ")+" for "+app)
	}
	return strings.Join(words, ", ")
}

func alpnWords(offered []string) string {
	if len(offered) == 0 {
		return "no ALPN"
	}
	var names []string
	for _, name := range offered[:min(len(offered), maxWords)] {
		names = append(names, fmt.Sprintf("%q", short(name)))
	}
	return "ALPN " + strings.Join(names, ", ")
}
