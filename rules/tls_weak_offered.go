package rules

import (
	"fmt"
	"slices"
	"strings"

	"spanaudit/classify"
)

// tlsWeakOffered judges every suite that a client would accept. It remembers the
// lists that it judged last, because a site has few clients and each sends the
// same list all day.
type tlsWeakOffered struct {
	judged [8]suiteList
	lists  uint32 // judged so far
}

// suiteList is a list of suites and what is wrong with it.
type suiteList struct {
	suites []classify.CipherSuite
	worst  classify.Class
	id     uint32
}

func (*tlsWeakOffered) Doc() Doc {
	return Doc{
		ID:          "tls-weak-offered",
		Title:       "Weak or broken cipher suites offered",
		Severity:    Medium,
		Kind:        Capability,
		Checks:      "no suite of the ClientHello is broken (no encryption, no authentication, export grade, RC4, DES, RC2, MD5) or weak (no forward secrecy, 64-bit blocks); signalling values and suites that are not registered are left out",
		Why:         "A suite that is offered can be picked, by a badly set up server or by somebody who plays one.",
		Fails:       "a broken suite is offered; where weak ones are the worst, low",
		NotSeen:     "no ClientHello of a local client was seen",
		Remediation: "Cut the client's list down to ECDHE with AES-GCM or ChaCha20-Poly1305, and TLS 1.3: what is offered can be chosen by a bad or a forged server.",
		Source:      "RFC 9325, section 4.1; RFC 10015; RFC 7465",
	}
}

func (r *tlsWeakOffered) Judge(c *Case) {
	t := c.clientHello()
	if t == nil {
		return
	}
	list, known := r.list(t.OfferedSuites)
	if !known {
		c.noteUnregistered(t.OfferedSuites)
	}
	switch list.worst {
	case classify.ClassBroken:
		c.failOnce(nil, list.id, func() Violation {
			return c.offerViolation(nil, "broken cipher suites: "+suiteWords(t.OfferedSuites, classify.ClassBroken)+"; suites with ECDHE and AES-GCM are wanted")
		})
	case classify.ClassWeak:
		low := Low
		c.failOnce(&low, list.id, func() Violation {
			return c.offerViolation(&low, "weak cipher suites: "+suiteWords(t.OfferedSuites, classify.ClassWeak)+"; suites with ECDHE and AES-GCM are wanted")
		})
	default:
		c.Examine()
	}
}

// noteUnregistered names the suites that nothing is known of.
func (c *Case) noteUnregistered(suites []classify.CipherSuite) {
	for _, s := range suites {
		if s.Class() == classify.ClassUnknown {
			c.ledger.note("not judged, because it is not registered with IANA: " + s.String())
		}
	}
}

// list returns what is known of a list of suites, and whether it was before.
func (r *tlsWeakOffered) list(suites []classify.CipherSuite) (known *suiteList, before bool) {
	for i := range r.judged {
		if slices.Equal(r.judged[i].suites, suites) {
			return &r.judged[i], true
		}
	}
	r.lists++
	list := suiteList{suites: suites, id: r.lists}
	for _, s := range suites {
		list.worst = max(list.worst, s.Class())
	}
	place := &r.judged[r.lists%uint32(len(r.judged))]
	*place = list
	return place, false
}

// maxWords bounds the names that a sentence lists.
const maxWords = 3

// suiteWords lists suites of a class with what is wrong with each.
func suiteWords(suites []classify.CipherSuite, class classify.Class) string {
	var words []string
	more := 0
	for _, s := range suites {
		switch {
		case s.Class() != class:
		case len(words) == maxWords:
			more++
		default:
			words = append(words, fmt.Sprintf("%s (%s)", s, reasonWords(s.Reasons())))
		}
	}
	if more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

// reasonWords writes the reasons for a suite's class out.
func reasonWords(reasons []string) string {
	var words []string
	for _, r := range reasons {
		words = append(words, reasonWord(r))
	}
	return strings.Join(words, ", ")
}

func reasonWord(reason string) string {
	switch reason {
	case "rc4":
		return "RC4"
	case "md5_mac":
		return "MD5"
	case "sha1_mac":
		return "HMAC-SHA-1"
	case "key<112bit":
		return "a key of less than 112 bits"
	case "64bit_block":
		return "blocks of 64 bits"
	case "cbc_mac_then_encrypt":
		return "CBC"
	case "ffdhe_tls12_deprecated":
		return "DHE"
	case "dss_auth":
		return "DSS"
	case "short_tag":
		return "a short tag"
	case "password_kx":
		return "keys from a password"
	case "not_ietf_recommended":
		return "not recommended by the IETF"
	}
	return strings.ReplaceAll(reason, "_", " ")
}
