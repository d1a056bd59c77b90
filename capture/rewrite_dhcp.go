package capture

import "encoding/binary"

// dhcp maps the addresses in a message of DHCP or BOOTP (RFC 2131, section 2),
// and reports whether it is one. Of one that was cut before the end of its fixed
// part nothing is left behind the addresses.
func (r *rewriter) dhcp(b []byte, cut bool) bool {
	const fixed, cookie = 236, 0x63825363
	if len(b) < 3 || len(b) < fixed && !cut || b[0] != 1 && b[0] != 2 || b[2] > 16 {
		return false
	}
	if len(b) < fixed {
		r.addresses(b[min(12, len(b)):min(28, len(b))], 4)
		b = b[min(28, len(b)):]
		r.macs(b[:min(6, len(b))])
		clear(b[min(6, len(b)):])
		return true
	}
	if len(b) >= fixed+4 && binary.BigEndian.Uint32(b[fixed:]) != cookie {
		return false
	}
	r.addresses(b[12:28], 4)
	if b[2] == 6 {
		r.macs(b[28:34])
		clear(b[34:44])
	} else {
		clear(b[28:44])
	}
	overload := r.dhcpOptions(b[min(fixed+4, len(b)):])
	for i, field := range [][]byte{b[108:236], b[44:108]} { // file, sname
		if overload&(1<<i) != 0 {
			r.dhcpOptions(field)
		} else {
			r.Text(field)
		}
	}
	return true
}

// dhcpOptions maps the addresses in options (RFC 2132 and those after it), and
// returns the option that has them go on elsewhere. Of options whose content is
// not known nothing is left.
func (r *rewriter) dhcpOptions(b []byte) (overload uint8) {
	const pad, end = 0, 255
	for len(b) > 0 && b[0] != end {
		if b[0] == pad {
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			break
		}
		n := min(2+int(b[1]), len(b))
		if b[0] == 52 && n == 3 {
			overload = b[2]
		}
		r.dhcpOption(b[0], b[2:n])
		b = b[n:]
	}
	if len(b) > 0 { // what follows the end is padding
		clear(b[1:])
	}
	return overload
}

func (r *rewriter) dhcpOption(code uint8, v []byte) {
	switch code {
	case 1, 2, 13, 19, 20, 22, 23, 24, 25, 26, 27, 29, 30, 31, 34, 35, 36, 37, 38, 39, 46, 51, 52, 53, 55, 57, 58, 59, 80, 93, 94, 108, 116:
		// numbers, and a mask
	case 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 28, 32, 33, 41, 42, 44, 45, 48, 49, 50, 54, 65, 68, 69, 70, 71, 72, 73, 74, 75, 76, 85, 118, 136, 138, 150:
		r.addresses(v, 4)
	case 21: // address and mask
		for ; len(v) >= 8; v = v[8:] {
			r.IPv4(v[:4])
		}
	case 12, 14, 15, 17, 18, 40, 47, 60, 64, 66, 67, 77, 86, 87, 100, 101, 114, 119, 160, 252:
		r.Text(v)
	case 61:
		r.clientID(v)
	case 81: // flags, two result codes, a name (RFC 4702, section 2)
		r.Text(v[min(3, len(v)):])
	case 82:
		r.relayOptions(v)
	case 97:
		if len(v) > 1 { // a UUID that network cards make of their MAC (RFC 4578, section 2.3)
			r.Opaque(v[1:])
		}
	case 120:
		if len(v) > 0 && v[0] == 1 {
			r.addresses(v[1:], 4)
		} else {
			r.Text(v)
		}
	case 121, 249:
		r.routes(v)
	default:
		clear(v)
	}
}

// clientID maps an identifier that is a MAC behind its hardware type (RFC 2132,
// section 9.14), or is made of one (RFC 4361, section 6.1).
func (r *rewriter) clientID(v []byte) {
	switch {
	case len(v) == 7 && v[0] == 1:
		r.Hardware(v[1:7])
	case len(v) > 5 && v[0] == 255:
		r.Opaque(v[1:5])
		r.duid(v[5:])
	case len(v) > 1 && v[0] == 0 && isText(v[1:]):
		r.Text(v)
	case len(v) > 1:
		r.Opaque(v[1:])
	}
}

// relayOptions maps what a relay adds (RFC 3046, section 2.0): where it is and
// who asked, and the addresses of RFC 3527 and RFC 5107.
func (r *rewriter) relayOptions(v []byte) {
	for len(v) >= 2 {
		n := min(2+int(v[1]), len(v))
		switch o := v[2:n]; {
		case v[0] == 5 || v[0] == 11:
			r.addresses(o, 4)
		case len(o) == 6:
			r.Hardware(o)
		case len(o) == 8 && o[0] == 0 && o[1] == 6: // type and length before it
			r.Hardware(o[2:])
		default:
			r.Opaque(o)
		}
		v = v[n:]
	}
}

// routes maps routes (RFC 3442): of the destination those octets are there that
// its prefix needs.
func (r *rewriter) routes(v []byte) {
	for len(v) > 0 {
		n := (int(v[0]) + 7) / 8
		if n > 4 || len(v) < 1+n+4 {
			clear(v)
			return
		}
		var ip [4]byte
		copy(ip[:], v[1:1+n])
		r.IPv4(ip[:])
		copy(v[1:1+n], ip[:])
		r.IPv4(v[1+n : 1+n+4])
		v = v[1+n+4:]
	}
}
