package classify

import (
	"golang.org/x/crypto/cryptobyte"
)

// redactLDAP keeps the envelopes of messages, the version of a bind, the name of
// an extended operation and the codes of results.
func redactLDAP(b []byte, server bool) {
	for s := cryptobyte.String(b); !s.Empty(); {
		begin := s
		if len(s) < len(b) && beginsTLS(s, server) {
			redactTLS(s, server)
			return
		}
		tag, message, _, ok := readBER(&s)
		if !ok || tag != berSequence {
			clear(begin)
			return
		}
		if !keepBER(&message, berInteger) {
			continue
		}
		if op, body, _, ok := readBER(&message); ok {
			redactLDAPOperation(op, body)
		}
		clear(message) // controls
	}
}

func redactLDAPOperation(op uint8, body cryptobyte.String) {
	switch op {
	case ldapBindRequest:
		if !keepBER(&body, berInteger) {
			return
		}
		for range 2 { // name; simple or SASL
			_, value, _, _ := readBER(&body)
			blankAll(value)
		}
	case ldapExtendedRequest:
		keepBER(&body, 0x80)
	case ldapBindResponse, ldapExtendedResponse, ldapSearchDone:
		keepBER(&body, berEnumerated)
	default:
		_, value, _, _ := readBER(&body)
		clear(value)
	}
	clear(body)
}

// keepBER eats an element of a tag, at most 64 bytes long, and keeps it. If there
// is none all of s is overwritten.
func keepBER(s *cryptobyte.String, tag uint8) bool {
	begin := *s
	if body, ok := readBERElement(s, tag); ok && len(body) <= 64 {
		return true
	}
	clear(begin)
	*s = nil
	return false
}
