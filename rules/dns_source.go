package rules

import (
	"fmt"
	"slices"
	"strings"

	"spanaudit/classify"
)

// dnsSource judges whom local hosts ask for names, and which names devices ask
// for.
type dnsSource struct{}

func (dnsSource) Doc() Doc {
	return Doc{
		ID:          "dns-source",
		Title:       "DNS use outside policy",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "local hosts ask the resolvers of dns.resolvers only, in clear unless dns.allow_encrypted; a declared appliance or camera asks for names of endpoints and time servers only. Where no resolver is declared, names asked on the internet are flagged. Multicast DNS and LLMNR are none of this rule's",
		Why:         "Whoever answers a device's questions decides whom it talks to, and learns whom it wants to talk to.",
		Fails:       "another resolver, DNS over TLS, HTTPS or QUIC, or a name that the policy does not have is medium; plain DNS to the internet where no resolver is declared is low",
		NotSeen:     "no DNS was seen: names came from a cache or a hosts file, or nothing was asked",
		Remediation: "Hand out one internal resolver by DHCP and block ports 53 and 853 outward.",
		Source:      "AWS Panorama security page: allow the appliance to connect to these endpoints (implied); NIST SP 800-53 SC-20, SC-21",
	}
}

func (dnsSource) Judge(c *Case) {
	if c.clientTrust != Local || c.Facts.Protocol != classify.ProtoDNS && c.TLS == nil || c.serverTrust == Special {
		return
	}
	encrypted := encryptedDNS(c)
	if encrypted == "" && c.Facts.Protocol != classify.ProtoDNS {
		return
	}
	server, policy := c.Server.Addr.Addr(), c.Policy.DNS
	known := policy.Resolvers.Has(server, c.ServerName()) || c.serverDevice.is(RoleResolver)
	upstream := policy.Resolvers.Has(c.Client.Addr.Addr(), "") || c.clientDevice.is(RoleResolver)
	switch {
	case upstream:
		c.Examine() // a resolver of the site asks others in turn
	case encrypted != "" && !policy.AllowEncrypted:
		failDNS(c, nil, "by "+encrypted, "DNS that can be read is wanted")
	case len(policy.Resolvers) > 0 && !known:
		failDNS(c, nil, "", "one of the declared resolvers is wanted")
	case !known && c.Internet() && encrypted == "":
		low := Low
		failDNS(c, &low, "on the internet", "a resolver inside the site is wanted")
	case encrypted == "" && c.DNS.Queries > 0 && c.DNS.Responses == 0:
		c.Undecided("questions whose answers were not seen")
	default:
		judgeNames(c)
	}
}

func failDNS(c *Case, severity *Severity, how, wanted string) {
	c.failOnce(severity, 0, func() Violation { return dnsViolation(c, severity, how, wanted) })
}

func dnsViolation(c *Case, severity *Severity, how, wanted string) Violation {
	device, peer := c.Parties()
	words := []string{device.String(), "asked", peer.String(), "for names"}
	if how != "" {
		words = append(words, how)
	}
	return Violation{
		Severity: severity, Device: device, Peer: peer, Variant: how,
		Message: strings.Join(words, " ") + "; " + wanted,
	}
}

// judgeNames compares what a device with a known purpose asks for with what the
// policy lets it contact.
func judgeNames(c *Case) {
	if c.DNS == nil || !c.clientDevice.is(RoleAppliance, RoleCamera) || !c.Policy.HasEndpoints() {
		c.Examine()
		return
	}
	var unknown []string
	for _, name := range c.DNS.Names {
		if !c.Policy.expectsName(name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		c.Examine()
		return
	}
	c.failOnce(nil, 1, func() Violation {
		device, peer := c.Parties()
		more := ""
		if n := len(unknown) - 1; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		return Violation{
			Device: device, Peer: peer, Variant: "names",
			Message: fmt.Sprintf("%s asked %s for %q%s, which no endpoint or time server of the policy has; only names of those are wanted", device, peer, unknown[0], more),
		}
	})
}

// expectsName reports whether a device may ask for the name: it is one of an
// endpoint, a resolver or a time server, or it is none of the internet's.
func (p *Policy) expectsName(name string) bool {
	if isLocalName(name) || len(p.endpoints.byName(name)) > 0 {
		return true
	}
	if real, ok := realAWSName(name); ok && len(p.endpoints.byAlias(real)) > 0 {
		return true
	}
	return p.NTP.LocalServers.hasName(name) || p.NTP.PublicServers.hasName(name) || p.DNS.Resolvers.hasName(name)
}

func (s Servers) hasName(name string) bool {
	label, rest, _ := strings.Cut(name, ".")
	return slices.ContainsFunc(s, func(v Server) bool {
		l, r, _ := strings.Cut(v.Name, ".")
		return v.Name != "" && r == rest && matchLabel(l, label)
	})
}

// isLocalName reports whether a name has no meaning on the internet: a single
// label, a reverse look-up, and what RFC 6762, 6761, 8375 and the root's
// reservation of .internal set apart.
func isLocalName(name string) bool {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return true
	}
	switch name[i+1:] {
	case "arpa", "local", "localdomain", "localhost", "internal", "lan", "home", "corp":
		return true
	}
	return false
}

// encryptedDNS names the transport of DNS that cannot be read, by ALPN, by its
// port, or, of HTTPS, by the name of a resolver that is known for it; "" when
// the flow is none.
func encryptedDNS(c *Case) string {
	if c.TLS == nil {
		return ""
	}
	quic := c.Facts.Protocol == classify.ProtoQUIC
	switch {
	case c.Wrapped == classify.ProtoDNS && quic:
		return "DNS over QUIC"
	case c.Wrapped == classify.ProtoDNS:
		return "DNS over TLS"
	case slices.Contains(dohServers, strings.ToLower(c.TLS.ServerName)) && !c.TLS.ECH:
		return "DNS over HTTPS"
	}
	return ""
}

// dohServers are the names that public resolvers publish for DNS over HTTPS.
var dohServers = []string{
	"dns.google", "dns64.dns.google", "cloudflare-dns.com", "one.one.one.one", "1dot1dot1dot1.cloudflare-dns.com",
	"mozilla.cloudflare-dns.com", "chrome.cloudflare-dns.com", "security.cloudflare-dns.com", "family.cloudflare-dns.com",
	"dns.quad9.net", "dns9.quad9.net", "dns10.quad9.net", "dns11.quad9.net", "doh.opendns.com", "doh.familyshield.opendns.com",
	"dns.adguard-dns.com", "dns.adguard.com", "dns.nextdns.io", "doh.cleanbrowsing.org", "doh.dns.sb", "dns.mullvad.net",
	"doh.xfinity.com", "doh.dns.apple.com", "dns.alidns.com", "doh.pub", "dns0.eu", "dns.controld.com",
}
