package rules

import (
	"fmt"
	"slices"
	"strings"

	"spanaudit/classify"
)

// cleartextCredentials judges whether passwords can be read off the wire.
type cleartextCredentials struct{}

func (cleartextCredentials) Doc() Doc {
	return Doc{
		ID:          "cleartext-credentials",
		Title:       "Credentials in clear text",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "no password crosses the network readable: HTTP and RTSP Basic authentication, passwords in URLs, MQTT passwords, logins of FTP, SMTP, IMAP, POP3, IRC, LDAP, PostgreSQL, SQL Server, VNC and SOCKS proxies, SNMP communities",
		Why:         "A password that crosses the network readable belongs to everybody who can listen on the way, and often opens other devices, too.",
		Fails:       "any; the values are never stored",
		NotSeen:     "no authentication was seen in clear text",
		Remediation: "Switch to TLS, or to Digest or keys, then change the exposed secret.",
		Source:      "NIST SP 800-53 IA-5(1); RFC 7617, section 4",
	}
}

func (cleartextCredentials) Judge(c *Case) {
	kinds, exchange := c.clearCredentials()
	switch {
	case len(kinds) > 0:
		device, peer := c.Parties()
		c.Fail(Violation{
			Device: device, Peer: peer, Variant: fmt.Sprint(c.Server.Addr.Port()),
			Message: fmt.Sprintf("%s and %s exchange credentials in clear text (%s); TLS, or a scheme that sends no password, is wanted", device, peer, strings.Join(kinds, ", ")),
		})
	case exchange:
		c.Examine()
	case c.clientUnheard():
		c.Undecided("a conversation in clear text whose requests were not seen: they may have held a password")
	}
}

// loginProtocol returns the protocol in which a login was seen: that before an
// upgrade to TLS, where there was one.
func (c *Case) loginProtocol() classify.Protocol {
	switch {
	case c.TLS != nil && c.TLS.UpgradedFrom != "":
		return c.TLS.UpgradedFrom
	case c.socks():
		return classify.ProtoSOCKS
	}
	return c.Facts.Protocol
}

// clientUnheard reports whether the flow is of a protocol that authenticates in
// clear text, and nothing was seen of the messages that would.
func (c *Case) clientUnheard() bool {
	switch {
	case c.MQTT != nil:
		return !c.MQTT.Connect
	case c.RTSP != nil:
		return len(c.RTSP.Methods) == 0 && !c.RTSP.Tunnel // of a tunnel the other connection holds them
	case c.HTTP != nil:
		return len(c.HTTP.Methods) == 0
	}
	return false
}

// clearCredentials returns the kinds of readable secret in the flow, and
// whether anything was authenticated in clear text at all.
func (c *Case) clearCredentials() (kinds []string, exchange bool) {
	if h := c.HTTP; h != nil {
		if h.BasicAuth {
			kinds = append(kinds, "HTTP Basic authentication")
		}
		if h.URLPassword {
			kinds = append(kinds, "a password in an HTTP URL")
		}
	}
	if r := c.RTSP; r != nil {
		exchange = len(r.Auth) > 0
		if slices.Contains(r.Auth, "basic") {
			kinds = append(kinds, "RTSP Basic authentication")
		}
		if r.URLPassword {
			kinds = append(kinds, "a password in an RTSP URL")
		}
	}
	if l := c.Login; l != nil {
		kinds = append(kinds, fmt.Sprintf("%s login with scheme %s", strings.ToUpper(string(c.loginProtocol())), l.Scheme))
	}
	if m := c.MQTT; m != nil {
		exchange = exchange || m.UserNamePresent
		if m.PasswordPresent {
			kinds = append(kinds, "an MQTT password")
		}
	}
	return kinds, exchange
}
