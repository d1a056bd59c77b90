package capture

import (
	"encoding/binary"
	"hash/crc32"
)

// Attributes of STUN that are an address (RFC 8489, section 14; RFC 8656,
// section 18; RFC 5780, section 7; and before them RFC 3489, section 11.2).
func stunAddress(kind uint16) (is, masked bool) {
	switch kind {
	case 0x0001, 0x0002, 0x0004, 0x0005, 0x000b, 0x8023, 0x802b, 0x802c:
		return true, false
	case 0x0012, 0x0016, 0x0020, 0x8020:
		return true, true
	}
	return false, false
}

// stun maps the addresses in a message (RFC 8489, section 5) and mends its
// fingerprint.
func (r *rewriter) stun(b []byte) bool {
	const cookie, data, fingerprint, mask = 0x2112a442, 0x0013, 0x8028, 0x5354554e
	if len(b) < 20 || b[0]&0xc0 != 0 || binary.BigEndian.Uint32(b[4:8]) != cookie {
		return false
	}
	for at := 20; len(b)-at >= 4; {
		kind := binary.BigEndian.Uint16(b[at:])
		n := min(4+int(binary.BigEndian.Uint16(b[at+2:])), len(b)-at)
		v := b[at+4 : at+n]
		is, masked := stunAddress(kind)
		switch {
		case is && (len(v) == 8 || len(v) == 20):
			r.masked(v[4:], b[4:20], masked)
		case is:
			clear(v)
		case kind == data:
			if !r.stun(v) {
				r.sequence(v)
			}
		case kind == fingerprint && len(v) == 4:
			binary.BigEndian.PutUint32(v, crc32.ChecksumIEEE(b[:at])^mask)
		default:
			r.Text(v)
		}
		at = min(at+(n+3)&^3, len(b))
	}
	return true
}

// channel maps the addresses in a message that TURN relays in a channel (RFC 8656,
// section 12.4).
func (r *rewriter) channel(b []byte) bool {
	return len(b) > 4 && b[0]&0xf0 == 0x40 && int(binary.BigEndian.Uint16(b[2:])) <= len(b)-4 && r.stun(b[4:])
}

// masked maps an address over which the cookie and the transaction identifier
// were laid.
func (r *rewriter) masked(v, over []byte, masked bool) {
	xor := func() {
		for i := range v {
			v[i] ^= over[i]
		}
	}
	if !masked {
		r.address(v)
		return
	}
	xor()
	r.address(v)
	xor()
}
