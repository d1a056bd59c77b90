package rules

import (
	"slices"

	"spanaudit/classify"
)

// tlsBrokenCipher judges whether the negotiated suite protects anything.
type tlsBrokenCipher struct{}

func (tlsBrokenCipher) Doc() Doc {
	return Doc{
		ID:          "tls-broken-cipher",
		Title:       "Broken cipher suite negotiated",
		Severity:    Critical,
		Kind:        Prohibition,
		Checks:      "the selected suite is not broken: no encryption, no authentication, export grade, RC4, DES, RC2 or MD5",
		Fails:       "any such suite was selected",
		NotSeen:     "no ServerHello was seen",
		Remediation: "Disable the suite at once, and treat what it carried, credentials first, as exposed.",
		Source:      "RFC 9325, section 4.1; RFC 7465; RFC 6176",
	}
}

const soundSuite = "a suite that authenticates and encrypts, such as ECDHE with AES-GCM, is wanted"

func (tlsBrokenCipher) Judge(c *Case) {
	t := c.serverHello()
	if t == nil {
		return
	}
	switch class := t.CipherSuite.Class(); {
	case t.Version == classify.SSL2:
		c.failHandshake(nil, "negotiated SSL 2.0, all of whose cipher suites rest on MD5; %s", soundSuite)
	case class == classify.ClassBroken:
		c.failHandshake(nil, "negotiated %s (%s); %s", t.CipherSuite, brokenWords(t.CipherSuite), soundSuite)
	case class == classify.ClassUnknown:
		c.Undecided(unknownSuite)
	default:
		c.Examine()
	}
}

// brokenWords says what breaks a broken suite; what is merely weak about it is
// left out.
func brokenWords(s classify.CipherSuite) string {
	return reasonWords(slices.DeleteFunc(s.Reasons(), func(reason string) bool {
		switch reason {
		case "no_encryption", "no_authentication", "export_grade", "rc4", "md5_mac", "key<112bit":
			return false
		}
		return true
	}))
}
