package classify

import "golang.org/x/crypto/cryptobyte"

// Tags of protocolOp (RFC 4511, section 4.2 and following).
const (
	ldapBindRequest      = 0x60
	ldapBindResponse     = 0x61
	ldapUnbindRequest    = 0x42
	ldapSearchRequest    = 0x63
	ldapSearchEntry      = 0x64
	ldapSearchDone       = 0x65
	ldapExtendedRequest  = 0x77
	ldapExtendedResponse = 0x78
)

// ldapStartTLS is the name of the StartTLS operation (RFC 4511, section 4.14).
const ldapStartTLS = "1.3.6.1.4.1.1466.20037"

const maxLDAPMessages = 32 // of each half

// ldapStream reads LDAP (RFC 4511) up to the bind, with StartTLS.
func ldapStream(s Stream, _ *Learned) (Facts, Answer) {
	l := ldap{opening: newOpening(s)}
	server := l.read(s.Server, true)
	client := l.read(s.Client, false)
	switch {
	case client == refused, server == refused:
		return Facts{}, NoMatch
	case client == recognised || server == recognised:
		return l.answer(s, Facts{Protocol: ProtoLDAP})
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// ldap gathers what both halves of one connection say.
type ldap struct {
	*opening
	refused bool // the server did not grant StartTLS
}

// read reads the messages of one half (RFC 4511, section 4.1.1): SEQUENCE {
// messageID INTEGER, protocolOp CHOICE, controls [0] OPTIONAL }.
func (l *ldap) read(b []byte, server bool) verdict {
	seen := unsure
	s := cryptobyte.String(b)
	for range maxLDAPMessages {
		offset := len(b) - len(s)
		if seen == recognised && !l.refused && beginsTLS(s, server) {
			l.begin(offset, server)
			return seen
		}
		tag, message, length, ok := readBER(&s)
		switch {
		case len(b) == offset:
			return seen
		case seen == unsure && (b[0] != berSequence || ok && (tag != berSequence || length < 5)):
			return refused
		case !ok || tag != berSequence:
			return seen
		}
		whole := length == len(message)
		_, ok = readBERInteger(&message, berInteger)
		op, body, _, opOK := readBER(&message)
		switch {
		case seen == unsure && whole && !(ok && opOK):
			return refused
		case seen == unsure && opOK && !l.known(op, body, server):
			if whole || len(body) >= 8 {
				return refused
			}
			return unsure
		case !whole || !ok || !opOK:
			return seen
		}
		seen = recognised
		l.operation(op, body, offset)
	}
	l.last = true
	return seen
}

// known reports whether a connection may begin with an operation. A search
// result or a bind's names are told from other BER by the element that each
// begins with.
func (l *ldap) known(op uint8, body cryptobyte.String, server bool) bool {
	switch op {
	case ldapBindRequest:
		version, ok := readBERInteger(&body, berInteger)
		return !server && ok && (version == 2 || version == 3)
	case ldapSearchRequest:
		return !server && len(body) > 0 && body[0] == berOctetString
	case ldapExtendedRequest:
		return !server && len(body) > 0 && body[0] == 0x80
	case ldapUnbindRequest:
		return !server && len(body) == 0
	case ldapBindResponse, ldapExtendedResponse, ldapSearchDone:
		_, ok := readBERInteger(&body, berEnumerated)
		return server && ok
	case ldapSearchEntry:
		return server && len(body) > 0 && body[0] == berOctetString
	}
	return false
}

func (l *ldap) operation(op uint8, body cryptobyte.String, offset int) {
	switch op {
	case ldapExtendedRequest: // requestName [0]
		if name, ok := readBERElement(&body, 0x80); ok && string(name) == ldapStartTLS {
			l.mark("StartTLS", offset, false)
		}
	case ldapExtendedResponse: // resultCode ENUMERATED
		code, ok := readBERInteger(&body, berEnumerated)
		l.refused = ok && code != 0
	case ldapBindRequest: // version INTEGER, name OCTET STRING, simple [0]
		readBERElement(&body, berInteger)
		readBERElement(&body, berOctetString)
		if password, ok := readBERElement(&body, 0x80); ok && len(password) > 0 {
			l.credentials("simple", offset)
			l.last = true
		}
	}
}
