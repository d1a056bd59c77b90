package capture

import (
	"spanaudit/flow"
)

// maxTextDatagrams bounds the datagrams in fragments of which it is known that
// they hold no addresses but in text.
const maxTextDatagrams = 4096

// ip maps the addresses of an IP header, and of those of IPv4 its options. It
// returns what that changes of the sum of its addresses, and clears what
// follows the packet in the frame.
func (r *rewriter) ip(header, addresses, padding []byte) change {
	clear(padding)
	before, all := sum(addresses), sum(header)
	size := len(addresses) / 2
	r.addresses(addresses, size)
	if size == 4 {
		r.optionsIPv4(header[20:])
		settle(header, 10, change{}.of(all, sum(header)), false)
	}
	return change{}.of(before, sum(addresses))
}

// optionsIPv4 maps the addresses in options (RFC 791, section 3.1).
func (r *rewriter) optionsIPv4(b []byte) {
	const end, noOperation, recordRoute, timestamp, looseRoute, strictRoute = 0, 1, 7, 68, 131, 137
	for len(b) > 0 && b[0] != end {
		if b[0] == noOperation {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			clear(b[1:])
			return
		}
		value := b[2:b[1]]
		switch b[0] {
		case recordRoute, looseRoute, strictRoute:
			if len(value) > 0 {
				r.addresses(value[1:], 4)
			}
		case timestamp:
			if len(value) >= 2 && value[1]&0x0f != 0 { // pairs of address and time
				for v := value[2:]; len(v) >= 8; v = v[8:] {
					r.IPv4(v[:4])
				}
			}
		}
		b = b[b[1]:]
	}
}

// extension maps the addresses in an extension header of IPv6: of a routing
// header (RFC 8200, section 4.4; RFC 8754, section 2) and the home address of
// RFC 6275, section 6.3. Those of mobility and host identity hold little else.
func (r *rewriter) extension(kind uint8, h []byte) {
	const homeAddress = 201
	switch kind {
	case routing:
		switch h[2] {
		case 0, 2, 4:
			n := len(h)
			if h[2] == 4 { // what follows the segments is not known
				n = min(n, 8+16*(int(h[4])+1))
			}
			r.addresses(h[8:n], 16)
			clear(h[n:])
		default:
			clear(h[4:])
		}
	case destination:
		for b := h[2:]; len(b) >= 2; {
			if b[0] == 0 { // Pad1
				b = b[1:]
				continue
			}
			n := min(2+int(b[1]), len(b))
			if b[0] == homeAddress && n == 18 {
				r.IPv6(b[2:18])
			}
			b = b[n:]
		}
	case mobility, hip, shim6:
		clear(h[8:])
	}
}

// fragment rewrites the payload of a fragment. The first says what protocol it
// is of. What follows is a piece of it, in which addresses can be told only as
// text; where they may lie in it otherwise, or nothing is known of the first,
// nothing is left of it.
func (r *rewriter) fragment(key datagramKey, at piece, s segment, f *frame, p *flow.Packet) reason {
	if at.offset > 0 {
		if r.text[key] {
			r.Text(s.data)
		} else {
			clear(s.data)
		}
		return reason{why: consumed}
	}
	s.missing += maxDatagramLength
	d := &r.decoder
	got := d.extensions(at.protocol, s, f, p, &r.scratch)
	if got.why > consumed {
		r.wipe()
		return reason{why: consumed}
	}
	if len(r.text) >= maxTextDatagrams {
		clear(r.text)
	}
	switch p.Protocol {
	case flow.TCP:
		r.text[key] = true
	case flow.UDP:
		r.text[key] = !binaryPort(p.Src.Port()) && !binaryPort(p.Dst.Port())
	}
	return reason{why: consumed}
}
