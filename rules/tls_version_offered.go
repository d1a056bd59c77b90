package rules

import (
	"slices"

	"spanaudit/classify"
)

// tlsVersionOffered judges whether a client is able to speak the minimum
// version at all.
type tlsVersionOffered struct{}

func (tlsVersionOffered) Doc() Doc {
	return Doc{
		ID:          "tls-version-offered",
		Title:       "Client does not offer the minimum version",
		Severity:    High,
		Kind:        Capability,
		Checks:      "the ClientHello offers tls.min_version or more: an entry of supported_versions, else its legacy_version",
		Why:         "A client that cannot speak a current version either fails, or forces the server to keep an old one alive for everybody.",
		Fails:       "a ClientHello that offers lower versions only",
		NotSeen:     "no ClientHello of a local client was seen",
		Remediation: "Upgrade the TLS library of that client, or enable the newer version in its configuration.",
		Source:      "AWS Panorama security page: clients must support TLS 1.2 or later",
	}
}

func (tlsVersionOffered) Judge(c *Case) {
	t := c.clientHello()
	if t == nil {
		return
	}
	minimum := classify.TLSVersion(c.Policy.TLS.MinVersion)
	enough := func(v classify.TLSVersion) bool { return meets(v, minimum) }
	if slices.ContainsFunc(t.OfferedVersions, enough) {
		c.Examine()
		return
	}
	device, peer := c.Parties()
	c.Fail(Violation{
		Device: device, Peer: peer,
		Message:  device.String() + " offered " + peer.String() + " no more than " + highest(t.OfferedVersions) + "; at least " + wantedVersion(minimum, t.OfferedVersions...) + " is wanted",
		Evidence: []string{"ClientHello"},
	})
}

// highest names the newest of the versions.
func highest(versions []classify.TLSVersion) string {
	if len(versions) == 0 {
		return "an unknown version"
	}
	top := versions[0]
	for _, v := range versions[1:] {
		if meets(v, top) {
			top = v
		}
	}
	return versionName(top)
}
