package classify

import "golang.org/x/crypto/cryptobyte"

const (
	stunCookie = 0x2112a442 // RFC 8489, section 5
	stunHeader = 20
)

// stunDatagram recognises STUN and TURN (RFC 8489, RFC 8656) by the magic cookie.
// DTLS and media may share the port with them (RFC 7983) or be what TURN relays,
// and then are what the flow is for: its later datagrams are read as they are relayed.
func stunDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	m, ok := readSTUN(d.Payload)
	if !ok || m.length+stunHeader != d.size() {
		return NoMatch, false
	}
	f.Protocol, f.STUN = ProtoSTUN, true
	return Matched, false
}

// stunStream recognises STUN and TURN over TCP (RFC 8489, section 6.2.2), and
// with the framing of ICE (RFC 4571).
func stunStream(s Stream, _ *Learned) (Facts, Answer) {
	client, server := stunBeginning(s.Client), stunBeginning(s.Server)
	switch {
	case client == refused && !s.ClientJoined, server == refused && !s.ServerJoined, client == refused && server == refused:
		return Facts{}, NoMatch
	case client == recognised || server == recognised:
		return Facts{Protocol: ProtoSTUN, Marks: []Mark{{What: "STUN", Server: client != recognised}}}, Matched
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

func stunBeginning(b []byte) verdict {
	if len(b) == 0 {
		return unsure
	}
	if b[0] > 3 {
		return refused
	}
	if len(b) < stunHeader+2 {
		if len(b) >= 10 && stunAt(b) == refused && stunAt(b[2:]) == refused {
			return refused
		}
		return unsure
	}
	if _, ok := readSTUN(b); ok {
		return recognised
	}
	if m, ok := readSTUN(b[2:]); ok && int(b[0])<<8|int(b[1]) == m.length+stunHeader {
		return recognised
	}
	return refused
}

// stunAt compares as much of a cookie as there is.
func stunAt(b []byte) verdict { return beginsWith(b[min(4, len(b)):], "\x21\x12\xa4\x42") }

type stunMessage struct {
	kind   uint16
	length int    // behind the header
	data   []byte // that TURN relays (RFC 8656, section 18.4), as far as it is there
	size   int    // of data, on the wire
}

const (
	stunData           = 0x0013 // attribute of what TURN relays
	stunSendIndication = 0x0016
	stunDataIndication = 0x0017
)

// relays reports whether it is an indication by which TURN relays something.
func (m *stunMessage) relays() bool {
	return m.data != nil && (m.kind == stunSendIndication || m.kind == stunDataIndication)
}

// readSTUN reads a header and those attributes that are there (RFC 8489,
// sections 5 and 14): message type, of which the first two bits are 0, uint16
// length, the cookie, a transaction ID of 12 bytes; then attributes of uint16
// type and uint16 length, padded to four bytes.
func readSTUN(b []byte) (m stunMessage, ok bool) {
	s := cryptobyte.String(b)
	var length uint16
	var cookie uint32
	if !s.ReadUint16(&m.kind) || !s.ReadUint16(&length) || !s.ReadUint32(&cookie) || !s.Skip(12) {
		return m, false
	}
	m.length = int(length)
	if m.kind >= 0x4000 || cookie != stunCookie || length%4 != 0 {
		return m, false
	}
	s = s[:min(len(s), m.length)]
	for left := m.length; left > 0; {
		var attribute, size uint16
		if !s.ReadUint16(&attribute) || !s.ReadUint16(&size) {
			return m, len(s) < 4 && left > len(s)
		}
		padded := (int(size) + 3) &^ 3
		if left -= 4 + padded; left < 0 {
			return m, false
		}
		if attribute == stunData && m.data == nil { // the first counts (RFC 8489, section 14)
			m.data, m.size = s[:min(int(size), len(s))], int(size)
		}
		s.Skip(min(padded, len(s)))
	}
	return m, true
}
