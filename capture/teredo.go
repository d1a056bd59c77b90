package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// teredo reads what may stand before the IPv6 packet (RFC 4380, section 5.1.1):
// an authentication header and an origin indication. Teredo's own messages are
// not taken out of it: router solicitations and advertisements, which are
// link-local, and bubbles, which are empty (section 2.8).
func teredo(data []byte) (c carried, ok bool) {
	const authentication, origin, noNextHeader = 1, 0, 59
	s := cryptobyte.String(data)
	var kind uint16
	if next := s; next.ReadUint16(&kind) && kind == authentication {
		var id, value uint8
		if s = next; !s.ReadUint8(&id) || !s.ReadUint8(&value) || !s.Skip(int(id)+int(value)+8+1) {
			return c, false
		}
	}
	if next := s; next.ReadUint16(&kind) && kind == origin {
		if s = next; !s.Skip(2 + 4) {
			return c, false
		}
	}
	if len(s) < 40 || s[0]>>4 != 6 || s[6] == noNextHeader || s[8] == 0xfe && s[9]&0xc0 == 0x80 {
		return c, false
	}
	return carried{kind: flow.TunnelTeredo, next: etherIPv6, data: s}, true
}
