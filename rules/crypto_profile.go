package rules

import (
	"slices"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

// cryptoProfile is a document's word on cipher suites, groups and keys, by
// tls.profile. Where a profile does not differ, the classes of package classify
// hold, which are those of bcp195: RFC 9325 as amended by RFC 10015.
type cryptoProfile struct {
	document string

	aesOnly  bool     // no cipher but AES
	forgives []string // reasons for which a legacy suite is none here
	authenc  bool     // CBC is forgiven only with encrypt_then_mac
	dheUntil flow.Time

	groups  func(classify.Group) bool // nil: any above the floors
	rsaBits int
}

// profileOf returns the profile that a policy names; of "custom", the floors are
// the policy's own and the classes those of bcp195.
func profileOf(p *Policy) cryptoProfile {
	switch p.TLS.Profile {
	case "fips":
		return cryptoProfile{
			document: "NIST SP 800-52r2", aesOnly: true,
			forgives: []string{"cbc_mac_then_encrypt", "sha1_mac", "ffdhe_tls12_deprecated"},
			groups:   classify.Group.FIPS,
		}
	case "bsi":
		return cryptoProfile{
			document: "BSI TR-02102-2", aesOnly: true,
			forgives: []string{"cbc_mac_then_encrypt", "ffdhe_tls12_deprecated"}, authenc: true,
			dheUntil: flow.Time(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()),
			groups:   classify.Group.BSI, rsaBits: 3000,
		}
	}
	return cryptoProfile{document: "RFC 9325 and RFC 10015"}
}

// objections returns why the profile does not accept the suite that a handshake
// at the time selected; none when it does.
func (p cryptoProfile) objections(t *classify.TLS, at flow.Time) []string {
	reasons := slices.DeleteFunc(t.CipherSuite.Reasons(), func(reason string) bool {
		switch {
		case !slices.Contains(p.forgives, reason):
			return false
		case reason == "cbc_mac_then_encrypt":
			return t.EncryptThenMAC || !p.authenc
		case reason == "ffdhe_tls12_deprecated":
			return p.dheUntil == 0 || at < p.dheUntil
		}
		return true
	})
	if class := t.CipherSuite.Class(); p.aesOnly && class < classify.ClassWeak && !t.CipherSuite.AES() {
		reasons = append(reasons, "cipher_not_AES")
	}
	return reasons
}
