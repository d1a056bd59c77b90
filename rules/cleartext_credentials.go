package rules

import (
	"fmt"
	"slices"
	"strings"
)

// cleartextCredentials judges whether passwords can be read off the wire.
type cleartextCredentials struct{}

func (cleartextCredentials) Doc() Doc {
	return Doc{
		ID:          "cleartext-credentials",
		Title:       "Credentials in clear text",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "no password crosses the network readable: HTTP and RTSP Basic authentication, passwords in URLs, MQTT passwords",
		Fails:       "any; the values are never stored",
		NotSeen:     "no authentication was seen in clear text",
		Remediation: "Switch to TLS, or to Digest or keys, then change the exposed secret.",
		Source:      "NIST SP 800-53 IA-5(1); RFC 7617, section 4",
	}
}

func (cleartextCredentials) Judge(c *Case) {
	kinds, exchange := c.clearCredentials()
	if len(kinds) == 0 {
		if exchange {
			c.Examine()
		}
		return
	}
	device, peer := c.Parties()
	c.Fail(Violation{
		Device: device, Peer: peer,
		Message: fmt.Sprintf("credentials in clear text between %s and %s: %s", device, peer, strings.Join(kinds, ", ")),
	})
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
	if m := c.MQTT; m != nil {
		exchange = exchange || m.UserNamePresent
		if m.PasswordPresent {
			kinds = append(kinds, "an MQTT password")
		}
	}
	return kinds, exchange
}
