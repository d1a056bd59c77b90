package classify

import (
	"golang.org/x/crypto/cryptobyte"
)

// redactSTUNStream keeps STUN messages as redactSTUN does.
func redactSTUNStream(b []byte, _ bool) {
	for len(b) > 0 {
		m, ok := readSTUN(b)
		if framed := len(b) > 2 && !ok; framed { // RFC 4571
			b = b[2:]
			m, ok = readSTUN(b)
		}
		if !ok {
			clear(b)
			return
		}
		n := min(stunHeader+m.length, len(b))
		redactSTUN(b[:n])
		b = b[n:]
	}
}

// redactSTUN keeps the header and the attributes of a message that are
// addresses, counters or codes (IANA "STUN Attributes"); user names, realms,
// nonces, tokens and digests are overwritten, and of what TURN relays in it what
// redactMedia overwrites.
func redactSTUN(b []byte) {
	s := cryptobyte.String(b)
	if !s.Skip(stunHeader) {
		return
	}
	for !s.Empty() {
		begin := s
		var attribute, length uint16
		if !s.ReadUint16(&attribute) || !s.ReadUint16(&length) {
			clear(begin)
			return
		}
		var value []byte
		s.ReadBytes(&value, min((int(length)+3)&^3, len(s)))
		switch attribute {
		case stunData:
			inner := Datagram{}.within(value, int(length))
			redactMedia(inner)
			clear(value[len(inner.Payload):]) // padding
		case 0x01, 0x09, 0x0c, 0x0d, 0x12, 0x16, 0x18, 0x19, 0x1a, 0x20, 0x24, 0x25, 0x8022, 0x8023, 0x8028, 0x8029, 0x802a, 0x802b, 0x802c:
		default:
			clear(value)
		}
	}
}
