package capture

import "encoding/binary"

// duid maps the MAC in a DHCP unique identifier (RFC 8415, section 11).
func (r *rewriter) duid(v []byte) {
	const byTime, byNumber, byMAC, byUUID = 1, 2, 3, 4
	kind := 0
	if len(v) >= 2 {
		kind = int(binary.BigEndian.Uint16(v))
	}
	switch {
	case kind == byTime && len(v) == 14:
		r.Hardware(v[8:14])
	case kind == byMAC && len(v) == 10:
		r.Hardware(v[4:10])
	case kind == byNumber && len(v) > 6:
		r.Opaque(v[6:])
	case len(v) > 2:
		r.Opaque(v[2:])
	}
}

// maxRelays bounds the relays that a message of DHCPv6 passed (RFC 8415,
// section 7.6: 8).
const maxRelays = 8

// dhcpv6 maps the addresses in a message (RFC 8415, sections 8 and 9).
func (r *rewriter) dhcpv6(b []byte, relays int) {
	const relayForward, relayReply = 12, 13
	switch {
	case len(b) == 0:
	case relays > maxRelays:
		clear(b)
	case b[0] == relayForward || b[0] == relayReply:
		n := min(34, len(b))
		r.addresses(b[min(2, n):n], 16)
		r.dhcpv6Options(b[n:], relays)
	default:
		r.dhcpv6Options(b[min(4, len(b)):], relays)
	}
}

func (r *rewriter) dhcpv6Options(b []byte, depth int) {
	for len(b) >= 4 {
		n := min(4+int(binary.BigEndian.Uint16(b[2:4])), len(b))
		r.dhcpv6Option(binary.BigEndian.Uint16(b), b[4:n], depth)
		b = b[n:]
	}
	clear(b)
}

// dhcpv6Option maps the addresses in an option (RFC 8415, section 21, and those
// after it).
func (r *rewriter) dhcpv6Option(code uint16, v []byte, depth int) {
	nested := func(fixed int) {
		if depth < maxRelays {
			r.dhcpv6Options(v[min(fixed, len(v)):], depth+1)
		} else {
			clear(v)
		}
	}
	switch code {
	case 6, 7, 8, 13, 14, 19, 20, 32, 82, 83: // numbers; of 13 a text follows
		if code == 13 {
			r.Text(v[min(2, len(v)):])
		}
	case 1, 2: // client, server
		r.duid(v)
	case 3, 4, 25: // of an interface, whose number may be the end of its MAC
		r.Opaque(v[:min(4, len(v))])
		if code == 4 {
			nested(4)
		} else {
			nested(12)
		}
	case 5: // an address
		n := min(16, len(v))
		r.addresses(v[:n], 16)
		nested(24)
	case 26: // a prefix
		if len(v) >= 25 {
			r.IPv6(v[9:25])
		}
		nested(25)
	case 9:
		r.dhcpv6(v, depth+1)
	case 12, 22, 23, 27, 31, 34, 40:
		r.addresses(v, 16)
	case 21, 24, 33, 39, 51, 58, 59, 74:
		r.Text(v)
	case 56: // time servers (RFC 5908, section 4)
		for len(v) >= 4 {
			n := min(4+int(binary.BigEndian.Uint16(v[2:4])), len(v))
			if kind := binary.BigEndian.Uint16(v); kind == 1 || kind == 2 {
				r.addresses(v[4:n], 16)
			} else {
				r.Text(v[4:n])
			}
			v = v[n:]
		}
	case 79: // RFC 6939, section 4
		r.macs(v[min(2, len(v)):])
	default:
		clear(v)
	}
}
