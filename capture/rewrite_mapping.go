package capture

import (
	"encoding/binary"
)

// portControl maps the addresses of NAT-PMP (RFC 6886, section 3.2) and PCP (RFC
// 6887, sections 7, 11, 12 and 13).
func (r *rewriter) portControl(b []byte) bool {
	const response, announce, mapping, peer, thirdParty, filter = 0x80, 0, 1, 2, 1, 3
	if len(b) >= 12 && b[0] == 0 && b[1] == response {
		r.IPv4(b[8:12])
	}
	if b[0] == 0 {
		return true
	}
	if b[0] != 2 || len(b) < 24 {
		return false
	}
	if b[1]&response == 0 {
		r.IPv6(b[8:24])
	}
	at := 24
	if code := b[1] &^ response; (code == mapping || code == peer) && len(b) >= at+36 {
		r.IPv6(b[at+20 : at+36])
		at += 36
		if code == peer && len(b) >= at+20 {
			r.IPv6(b[at+4 : at+20])
			at += 20
		}
	} else if code != announce {
		clear(b[at:])
		return true
	}
	for o := b[at:]; len(o) >= 4; {
		n := min(4+(int(binary.BigEndian.Uint16(o[2:4]))+3)&^3, len(o))
		switch {
		case o[0] == thirdParty && n == 20:
			r.IPv6(o[4:20])
		case o[0] == filter && n == 24:
			r.IPv6(o[8:24])
		default:
			clear(o[4:n])
		}
		o = o[n:]
	}
	return true
}
