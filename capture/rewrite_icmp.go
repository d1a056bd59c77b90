package capture

import "encoding/binary"

// icmp maps the addresses in ICMP's messages (RFC 792, RFC 1256) and in the
// packets that its errors quote.
func (r *rewriter) icmp(b []byte) {
	const echoReply, unreachable, quench, redirect, echo, advertisement, exceeded, parameter = 0, 3, 4, 5, 8, 9, 11, 12
	switch b[0] {
	case echoReply, echo:
		r.Text(b[8:])
	case redirect:
		r.IPv4(b[4:8])
		r.quote(b[8:], etherIPv4)
	case unreachable, quench, exceeded, parameter:
		r.quote(r.quoted(b[8:], 4*int(b[5])), etherIPv4)
	case advertisement:
		for b = b[8:]; len(b) >= 8; b = b[8:] {
			r.IPv4(b[:4])
		}
		clear(b)
	case 13, 14, 15, 16, 17, 18: // timestamps, masks
	default:
		clear(b[8:])
	}
}

// quoted returns the packet in an error, without what RFC 4884 puts behind it,
// which may name interfaces and their addresses, and is cleared.
func (r *rewriter) quoted(b []byte, length int) []byte {
	if length == 0 || length >= len(b) {
		return b
	}
	clear(b[length:])
	return b[:length]
}

// icmpv6 maps the addresses in ICMPv6's messages: RFC 4443, RFC 4861 and, of
// multicast listeners, RFC 3810.
func (r *rewriter) icmpv6(b []byte) {
	const echo, echoReply, query, report, done, solicitation, advertisement, redirect, report2 = 128, 129, 130, 131, 132, 133, 134, 137, 143
	if len(b) < 8 {
		clear(b[4:])
		return
	}
	switch rest := b[8:]; {
	case b[0] >= 1 && b[0] <= 4:
		r.quote(r.quoted(rest, 8*int(b[4])), etherIPv6)
	case b[0] == echo || b[0] == echoReply:
		r.Text(rest)
	case b[0] == query || b[0] == report || b[0] == done:
		n := min(16, len(rest))
		r.addresses(rest[:n], 16)
		if rest = rest[n:]; b[0] == query && len(rest) >= 4 {
			r.addresses(rest[4:], 16)
		}
	case b[0] == report2:
		r.records(rest)
	case b[0] == solicitation:
		r.neighbourOptions(rest)
	case b[0] == advertisement:
		r.neighbourOptions(rest[min(8, len(rest)):])
	case b[0] == neighbourSolicitation || b[0] == neighbourAdvertisement:
		n := min(16, len(rest))
		r.addresses(rest[:n], 16)
		r.neighbourOptions(rest[n:])
	case b[0] == redirect:
		n := min(32, len(rest))
		r.addresses(rest[:n], 16)
		r.neighbourOptions(rest[n:])
	default:
		clear(rest)
	}
}

// records maps the groups and sources of a report (RFC 3810, section 5.2).
func (r *rewriter) records(b []byte) {
	for len(b) >= 20 {
		n := min(20+16*int(binary.BigEndian.Uint16(b[2:4])), len(b))
		auxiliary := 4 * int(b[1])
		r.IPv6(b[4:20])
		r.addresses(b[20:n], 16)
		b = b[n:]
		clear(b[:min(auxiliary, len(b))])
		b = b[min(auxiliary, len(b)):]
	}
	clear(b)
}

// neighbourOptions maps the addresses in the options of Neighbour Discovery:
// RFC 4861, section 4.6, RFC 4191, section 2.3, and RFC 8106, section 5.
func (r *rewriter) neighbourOptions(b []byte) {
	const prefix, redirected, mtu, route, servers, search = 3, 4, 5, 24, 25, 31
	for len(b) >= 8 && b[1] > 0 {
		n := min(8*int(b[1]), len(b))
		o := b[:n]
		b = b[n:]
		switch {
		case (o[0] == sourceLinkAddress || o[0] == targetLinkAddress) && n == 8:
			r.macs(o[2:8])
		case o[0] == prefix && n == 32:
			r.IPv6(o[16:32])
		case o[0] == redirected:
			r.quote(o[8:], etherIPv6)
		case o[0] == route:
			var ip [16]byte
			copy(ip[:], o[8:])
			r.IPv6(ip[:])
			copy(o[8:], ip[:])
		case o[0] == servers:
			r.addresses(o[8:], 16)
		case o[0] == search:
			r.Text(o[8:])
		case o[0] == mtu:
		default:
			clear(o[2:])
		}
	}
	clear(b)
}
