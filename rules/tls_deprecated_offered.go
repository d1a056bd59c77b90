package rules

import (
	"strings"

	"spanaudit/classify"
)

// tlsDeprecatedOffered judges what a client is still willing to speak, beside
// what it would rather.
type tlsDeprecatedOffered struct{}

func (tlsDeprecatedOffered) Doc() Doc {
	return Doc{
		ID:          "tls-deprecated-offered",
		Title:       "Client still offers deprecated versions",
		Severity:    Low,
		Kind:        Capability,
		Checks:      "supported_versions of the ClientHello lists nothing below tls.min_version, and the hello is not in SSL 2.0's framing",
		Why:         "An old version that a client still offers is one that an attacker on the way can push it down to.",
		Fails:       "a ClientHello that offers a lower version, beside newer ones or alone; without supported_versions a hello shows its newest version only, and whether older ones are spoken stays open",
		NotSeen:     "no ClientHello of a local client was seen",
		Remediation: "Raise the minimum version in the client's configuration: a version that is kept just in case can be forced upon it.",
		Source:      "RFC 8996; RFC 9325, section 3.1",
	}
}

const floorUnseen = "a ClientHello without supported_versions, which does not tell the oldest version that the client speaks"

func (tlsDeprecatedOffered) Judge(c *Case) {
	t := c.clientHello()
	if t == nil {
		return
	}
	minimum := classify.TLSVersion(c.Policy.TLS.MinVersion)
	deprecated := uint32(0) // the versions, as bits, so that another offer is told anew
	for _, v := range t.OfferedVersions {
		if !meets(v, minimum) {
			deprecated |= 1 << (v & 0xF)
		}
	}
	switch {
	case t.SSLv2Framed:
		c.failOnce(nil, 1<<31, func() Violation {
			return c.offerViolation(nil, "a hello in the framing of SSL 2.0; one of "+wantedVersion(minimum)+" is wanted")
		})
	case deprecated > 0:
		c.failOnce(nil, deprecated, func() Violation {
			return c.offerViolation(nil, deprecatedNames(t.OfferedVersions, minimum)+"; nothing below "+wantedVersion(minimum, t.OfferedVersions...)+" is wanted")
		})
	case !t.SupportedVersions:
		c.Undecided(floorUnseen)
	default:
		c.Examine()
	}
}

// deprecatedNames lists the versions below the minimum.
func deprecatedNames(versions []classify.TLSVersion, minimum classify.TLSVersion) string {
	var names []string
	for _, v := range versions {
		if !meets(v, minimum) && len(names) < maxWords {
			names = append(names, versionName(v))
		}
	}
	return strings.Join(names, ", ")
}
