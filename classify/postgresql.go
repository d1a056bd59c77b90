package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// Codes in the place of a protocol version in a client's first message
// (PostgreSQL, "Message Formats").
const (
	postgresVersion3      = 3 << 16 // and a minor version
	postgresCancelRequest = 80877102
	postgresSSLRequest    = 80877103
	postgresGSSENCRequest = 80877104
)

// postgresqlStream reads the beginning of the PostgreSQL frontend/backend
// protocol, version 3, with SSLRequest.
func postgresqlStream(s Stream, _ *Learned) (Facts, Answer) {
	p := postgres{opening: newOpening(s)}
	client := p.readClient(s.Client)
	switch {
	case client == refused, client == unsure && s.Final:
		return Facts{}, NoMatch
	case client == unsure:
		return Facts{}, NeedMore
	case !p.readServer(s.Server):
		return Facts{}, NoMatch
	}
	if p.password > 0 && p.asked {
		p.credentials("password", p.password)
	}
	return p.answer(s, Facts{Protocol: ProtoPostgreSQL})
}

// postgres gathers what both halves of one connection say.
type postgres struct {
	*opening
	requests int  // of encryption, each answered by one byte
	password int  // offset of the client's first message of type 'p'
	asked    bool // the server asked for a password in clear
}

func (p *postgres) readClient(b []byte) verdict {
	seen := unsure
	for s := cryptobyte.String(b); !s.Empty(); {
		offset := len(b) - len(s)
		if p.requests > 0 && beginsTLS(s, false) {
			p.begin(offset, false)
			break
		}
		// int32 length of all, itself included; int32 code; data
		var length, code uint32
		if !s.ReadUint32(&length) || !s.ReadUint32(&code) {
			if seen == unsure && len(b) > 1 && (b[0] != 0 || b[1] != 0) {
				return refused
			}
			break
		}
		request := code == postgresSSLRequest || code == postgresGSSENCRequest
		switch {
		case request && length == 8 && p.requests < 2:
			p.requests++
			seen = recognised
			if code == postgresSSLRequest {
				p.mark("SSLRequest", offset, false)
			}
		case code == postgresCancelRequest && length == 16:
			return recognised
		case code&^0xffff == postgresVersion3 && code&0xffff <= 2 && length > 13 && length <= 10000:
			return p.readStartup(&s, int(length)-8, len(b), seen)
		case seen == unsure:
			return refused
		default:
			return seen
		}
	}
	return seen
}

// readStartup reads the parameters of a StartupMessage, pairs of names and
// values, of which user is required.
func (p *postgres) readStartup(s *cryptobyte.String, length, total int, seen verdict) verdict {
	var parameters []byte
	if !s.ReadBytes(&parameters, length) {
		return seen
	}
	if !bytes.HasSuffix(parameters, []byte{0, 0}) || !bytes.Contains(append([]byte{0}, parameters...), []byte("\x00user\x00")) {
		return refused
	}
	if len(*s) > 0 && (*s)[0] == 'p' {
		p.password = total - len(*s)
	}
	return recognised
}

// readServer reads the answers to requests of encryption and whether a password
// was asked for in clear: AuthenticationCleartextPassword is 'R', int32 8,
// int32 3.
func (p *postgres) readServer(b []byte) bool {
	s := cryptobyte.String(b)
	for range p.requests {
		var answer uint8
		if !s.ReadUint8(&answer) {
			return true
		}
		switch {
		case answer == 'S' && (len(s) == 0 || beginsTLS(s, true)):
			p.begin(len(b)-len(s), true)
			return true
		case answer == 'N', answer == 'G':
		case answer == 'S' || answer == 'E':
			return true
		default:
			return false
		}
	}
	if p.requests > 0 { // each was refused, whatever the client sent then
		p.upgraded = false
	}
	p.asked = bytes.HasPrefix(s, []byte("R\x00\x00\x00\x08\x00\x00\x00\x03"))
	return len(s) == 0 || s[0] == 'R' || s[0] == 'E' || s[0] == 'v'
}
