package rules

import (
	"slices"
	"strings"

	"spanaudit/classify"
)

// tlsForwardSecrecyOffered judges whether a client is able to negotiate forward
// secrecy at all.
type tlsForwardSecrecyOffered struct{}

func (tlsForwardSecrecyOffered) Doc() Doc {
	return Doc{
		ID:          "tls-forward-secrecy-offered",
		Title:       "Client cannot do forward secrecy",
		Severity:    High,
		Kind:        Capability,
		Checks:      "the ClientHello offers an (EC)DHE suite with a usable group, or TLS 1.3 with a group or psk_dhe_ke",
		Why:         "What a client does not offer no server can choose: all its connections stay readable to whoever obtains the server's key later.",
		Fails:       "a ClientHello that offers no ephemeral key exchange",
		NotSeen:     "no ClientHello of a local client was seen",
		Remediation: "Enable ECDHE (X25519 or P-256) in the client's TLS library.",
		Source:      "AWS Panorama security page: clients must support cipher suites with perfect forward secrecy",
	}
}

func (tlsForwardSecrecyOffered) Judge(c *Case) {
	t := c.clientHello()
	if t == nil {
		return
	}
	if offersForwardSecrecy(t) {
		c.Examine()
		return
	}
	device, peer := c.Parties()
	c.Fail(Violation{
		Device: device, Peer: peer,
		Message:  device.String() + " offered " + peer.String() + " no cipher suite with forward secrecy; an ECDHE suite or TLS 1.3 is wanted",
		Evidence: []string{"ClientHello"},
	})
}

const pskDHEKE = 1 // RFC 8446, section 4.2.9

func offersForwardSecrecy(t *classify.TLS) bool {
	known := slices.ContainsFunc(t.OfferedGroups, func(g classify.Group) bool { return g.Class() != classify.ClassUnknown })
	for _, v := range t.OfferedVersions {
		if meets(v, classify.TLS13) && (known || slices.Contains(t.PSKModes, pskDHEKE)) {
			return true
		}
	}
	// Without supported_groups a server of TLS 1.2 may take any curve (RFC
	// 8422, section 4).
	curve := known || len(t.OfferedGroups) == 0
	return slices.ContainsFunc(t.OfferedSuites, func(s classify.CipherSuite) bool {
		return s.ForwardSecret() == classify.Yes && (curve || !strings.HasPrefix(s.KeyExchange(), "ECDHE"))
	})
}
