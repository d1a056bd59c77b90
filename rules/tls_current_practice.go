package rules

import (
	"fmt"
	"slices"

	"spanaudit/classify"
)

// tlsCurrentPractice judges the negotiated suite by the document that
// tls.profile names.
type tlsCurrentPractice struct {
	good map[classify.CipherSuite]bool // suites against which nothing ever speaks
}

func (*tlsCurrentPractice) Doc() Doc {
	return Doc{
		ID:          "tls-current-practice",
		Title:       "Suite not in current best practice",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "the selected suite is one that tls.profile accepts. bcp195: ECDHE with an AEAD, or TLS 1.3. fips: AES only, CBC and DHE too. bsi: AES only, CBC with encrypt_then_mac and SHA-2, DHE until the end of 2029",
		Why:         "Suites age: what is still secret today may be read by a better attack while the recording is kept.",
		Fails:       "any other suite, DHE in bcp195 among them although it has forward secrecy; CBC with encrypt_then_mac is low",
		NotSeen:     "no ServerHello was seen",
		Remediation: "Prefer TLS 1.3, or ECDHE with AES-GCM (where the profile accepts it, ChaCha20-Poly1305).",
		Source:      "RFC 9325, section 4.2; RFC 10015; NIST SP 800-52r2; BSI TR-02102-2",
	}
}

func (r *tlsCurrentPractice) Judge(c *Case) {
	t := c.serverHello()
	switch {
	case t == nil:
	case t.Version == classify.SSL2:
		c.failHandshake(nil, "negotiated SSL 2.0, none of whose suites is in current practice; %s", soundSuite)
	case r.good[t.CipherSuite]:
		c.Examine()
	case t.CipherSuite.Class() == classify.ClassUnknown:
		c.Undecided(unknownSuite)
	default:
		r.judge(c, t)
	}
}

func (r *tlsCurrentPractice) judge(c *Case, t *classify.TLS) {
	profile := profileOf(c.Policy)
	objections := profile.objections(t, c.Start)
	if len(objections) > 0 {
		what := uint32(t.CipherSuite) << 1
		if t.EncryptThenMAC {
			what++
		}
		severity := practiceSeverity(t, objections)
		c.failOnce(severity, what, func() Violation {
			return c.handshakeViolation(severity, fmt.Sprintf("negotiated %s (%s); a suite of %s is wanted, such as ECDHE with AES-GCM",
				t.CipherSuite, reasonWords(objections), profile.document))
		})
		return
	}
	c.Examine()
	if len(t.CipherSuite.Reasons()) == 0 {
		if r.good == nil {
			r.good = map[classify.CipherSuite]bool{}
		}
		r.good[t.CipherSuite] = true
	}
}

// practiceSeverity is low where CBC is all that stands against a suite and
// encrypt_then_mac takes its danger away (RFC 9325, section 4.2.1).
func practiceSeverity(t *classify.TLS, objections []string) *Severity {
	other := func(reason string) bool { return reason != "cbc_mac_then_encrypt" && reason != "sha1_mac" }
	if !t.EncryptThenMAC || slices.ContainsFunc(objections, other) || !slices.Contains(objections, "cbc_mac_then_encrypt") {
		return nil
	}
	low := Low
	return &low
}
