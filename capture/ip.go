package capture

import (
	"encoding/binary"
	"net/netip"

	"spanaudit/flow"
)

// IP protocol numbers of IPv6 extension headers (RFC 8200, section 4).
const (
	hopByHop    = 0
	routing     = 43
	fragment    = 44
	auth        = 51
	destination = 60
	mobility    = 135
	hip         = 139
	shim6       = 140
)

// maxExtensions bounds the extension headers that are taken off one packet.
const maxExtensions = 32

// segment is what follows the IP headers, and what of them its checksum needs.
type segment struct {
	data      []byte // as far as captured
	missing   int    // bytes of its end that were not
	addresses []byte // source and destination, as in the IP header
	change    change // of their sum, by rewriting
	onward    bool   // the destination is not yet the last one (RFC 8200, section 4.4)
}

// ip reads the header of either version.
func (d *decoder) ip(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if len(data) == 0 {
		return f.short(reason{why: whyIPVersion})
	}
	switch version := data[0] >> 4; version {
	case 4:
		d.reach(data, 12)
		return d.ipv4(data, f, p, b)
	case 6:
		d.reach(data, 8)
		return d.ipv6(data, f, p, b)
	default:
		d.reach(data, 1)
		return reason{whyIPVersion, uint32(version)}
	}
}

// onWire is how long the IP packet that data begins can have been: what
// follows it in the frame, captured or not.
func onWire(data []byte, f *frame) int { return f.length - len(f.data) + len(data) }

// ipv4 reads RFC 791, section 3.1.
func (d *decoder) ipv4(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if len(data) < 20 {
		return f.short(reason{why: whyIPv4})
	}
	header := int(data[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(data[2:4]))
	if total == 0 { // segmentation offload: the packet was captured before it was cut to size
		total = onWire(data, f)
	}
	if header < 20 || total < header {
		return reason{why: whyIPv4}
	}
	if len(data) < header {
		return f.short(reason{why: whyIPv4})
	}
	var moved change
	if d.rewriter != nil {
		moved = d.rewriter.ip(data[:header], data[12:20], data[min(total, len(data)):])
		d.reach(data[header:min(total, len(data))], 8)
	}
	p.Length, p.TTL, p.IPID = total, data[8], binary.BigEndian.Uint16(data[4:6])
	p.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(data[12:16])), 0)
	p.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(data[16:20])), 0)
	p.Checksum = flow.Checksum{BadHeader: !flow.Sum(0).Add(data[:header]).Holds()}
	data, missing := data[:min(total, len(data))], max(total-len(data), 0)
	s := segment{data: data[header:], missing: missing, addresses: data[12:20], change: moved}

	word := binary.BigEndian.Uint16(data[6:8])
	if more, offset := word&0x2000 != 0, int(word&0x1fff)*8; more || offset > 0 {
		return d.fragment(piece{offset: offset, more: more, protocol: data[9], id: uint32(p.IPID)}, s, f, p, b)
	}
	return d.extensions(data[9], s, f, p, b)
}

// ipv6 reads RFC 8200, section 3.
func (d *decoder) ipv6(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if len(data) < 40 {
		return f.short(reason{why: whyIPv6})
	}
	total := 40 + int(binary.BigEndian.Uint16(data[4:6]))
	if total == 40 { // a jumbogram (RFC 2675), or segmentation offload
		total = onWire(data, f)
	}
	var moved change
	if d.rewriter != nil {
		moved = d.rewriter.ip(data[:40], data[8:40], data[min(total, len(data)):])
		d.reach(data[40:min(total, len(data))], 8)
	}
	p.Length, p.TTL, p.IPID, p.Checksum = total, data[7], 0, flow.Checksum{}
	p.Src = netip.AddrPortFrom(netip.AddrFrom16([16]byte(data[8:24])), 0)
	p.Dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(data[24:40])), 0)
	data, missing := data[:min(total, len(data))], max(total-len(data), 0)
	s := segment{data: data[40:], missing: missing, addresses: data[8:40], change: moved}
	return d.extensions(data[6], s, f, p, b)
}

// extensions takes the extension headers off, and of IPv4 the one it shares
// with IPv6, and hands the rest to the transport.
func (d *decoder) extensions(next uint8, s segment, f *frame, p *flow.Packet, b *Batch) reason {
	v6 := len(s.addresses) == 32
	for range maxExtensions {
		unit, least := 8, 8
		switch {
		case next == auth: // RFC 4302, section 2.2: in words of four bytes, minus two
			unit, least = 4, 12
		case !v6:
			return d.transport(next, s, f, p, b)
		case next == fragment:
			return d.fragmentHeader(s, f, p, b)
		case next == hopByHop, next == routing, next == destination, next == mobility, next == hip, next == shim6:
		default:
			return d.transport(next, s, f, p, b)
		}
		if len(s.data) < 8 {
			return s.short(f, reason{why: whyExtension})
		}
		length := (int(s.data[1]) + 8/unit) * unit
		if length < least || length > len(s.data) {
			return s.short(f, reason{why: whyExtension})
		}
		if d.rewriter != nil {
			d.rewriter.extension(next, s.data[:length])
		}
		s.onward = s.onward || next == routing && s.data[3] != 0
		next, s.data = s.data[0], s.data[length:]
		d.reach(s.data, 8)
	}
	return reason{why: whyExtension}
}

// fragmentHeader reads RFC 8200, section 4.5. A packet that is its own only
// fragment is processed alone (RFC 6946).
func (d *decoder) fragmentHeader(s segment, f *frame, p *flow.Packet, b *Batch) reason {
	if len(s.data) < 8 {
		return s.short(f, reason{why: whyExtension})
	}
	h := s.data[:8]
	s.data = s.data[8:]
	d.reach(s.data, 8)
	word := binary.BigEndian.Uint16(h[2:4])
	at := piece{offset: int(word &^ 7), more: word&1 != 0, protocol: h[0], id: binary.BigEndian.Uint32(h[4:8])}
	if at.offset == 0 && !at.more {
		return d.extensions(at.protocol, s, f, p, b)
	}
	return d.fragment(at, s, f, p, b)
}

// short is the reason for a header that is not all in the segment.
func (s *segment) short(f *frame, otherwise reason) reason {
	if s.missing > 0 {
		return f.short(otherwise)
	}
	return otherwise
}
