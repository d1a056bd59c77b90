package capture

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"spanaudit/flow"
)

// transport reads the header of the innermost protocol, after taking off
// tunnels: of ICMP the eight bytes
// that all its messages share (RFC 792), of ICMPv6 the four (RFC 4443, section
// 2.1). What it does not know is delivered with everything behind the IP
// headers as payload.
func (d *decoder) transport(protocol uint8, s segment, f *frame, p *flow.Packet, b *Batch) reason {
	if d.rewriter != nil {
		return d.rewriter.transport(protocol, &s, f, p, b)
	}
	return d.deliver(protocol, s, f, p, b)
}

func (d *decoder) deliver(protocol uint8, s segment, f *frame, p *flow.Packet, b *Batch) reason {
	p.Protocol = protocol
	header, zero := 0, false // zero: no checksum was sent
	switch protocol {
	case flow.TCP:
		header = tcp(s.data, p)
	case flow.UDP:
		header = 8
		if len(s.data) >= 8 {
			zero = binary.BigEndian.Uint16(s.data[6:8]) == 0
		}
	case flow.SCTP:
		header = 12
	case flow.ICMP:
		header = 8
	case flow.ICMPv6:
		header = 4
	default:
		if r, ok := d.tunnel(protocol, &s, f, p, b); ok {
			return r
		}
		if d.rewriter != nil {
			d.rewriter.payload(protocol, &s, 0, p)
		}
		p.Payload, p.Missing = s.data, s.missing
		return reason{}
	}
	malformed := reason{whyTransport, uint32(protocol)}
	if header < 0 {
		return malformed
	}
	if header > len(s.data) {
		return s.short(f, malformed)
	}
	if protocol == flow.UDP {
		if !udpLength(&s) {
			return malformed
		}
		if tunnelPort(s.data) != 0 {
			if r, ok := d.tunnel(protocol, &s, f, p, b); ok {
				return r
			}
		}
	}
	ports(protocol, s.data, p)
	if d.rewriter != nil {
		d.rewriter.payload(protocol, &s, header, p)
	}
	if s.missing == 0 && !zero && !s.onward && protocol != flow.SCTP {
		p.Checksum.Before, p.Checksum.Segment = s.pseudo(protocol), s.data
	}
	if protocol == flow.ICMPv6 {
		neighbour(s.data, p, b)
	}
	p.Payload, p.Missing = s.data[header:], s.missing
	return reason{}
}

// tcp reads RFC 9293, section 3.1, and returns the header's length: more than
// there is if it is not all there, negative if it cannot be.
func tcp(h []byte, p *flow.Packet) int {
	if len(h) < 20 {
		return 20
	}
	p.Seq, p.Ack = binary.BigEndian.Uint32(h[4:8]), binary.BigEndian.Uint32(h[8:12])
	p.Flags = h[13] & 0x3f
	if header := int(h[12]>>4) * 4; header >= 20 {
		return header
	}
	return -1
}

// udpLength cuts the segment to the length of RFC 768. 0 is a jumbogram (RFC
// 2675, section 4) or segmentation offload; more than IP carries is no length.
func udpLength(s *segment) bool {
	length, all := int(binary.BigEndian.Uint16(s.data[4:6])), len(s.data)+s.missing
	if length == 0 || length >= all {
		return true
	}
	if length < 8 {
		return false
	}
	s.missing = max(length-len(s.data), 0)
	s.data = s.data[:min(length, len(s.data))]
	return true
}

// ports fills the ports, or of ICMP the type and the code.
func ports(protocol uint8, h []byte, p *flow.Packet) {
	src, dst := uint16(h[0]), uint16(h[1])
	if protocol != flow.ICMP && protocol != flow.ICMPv6 {
		src, dst = binary.BigEndian.Uint16(h[0:2]), binary.BigEndian.Uint16(h[2:4])
	}
	p.Src = netip.AddrPortFrom(p.Src.Addr(), src)
	p.Dst = netip.AddrPortFrom(p.Dst.Addr(), dst)
}

// pseudo is the sum of the pseudo header (RFC 9293, section 3.1; RFC 8200,
// section 8.1): both addresses, the length and the protocol. ICMP has none.
func (s *segment) pseudo(protocol uint8) flow.Sum {
	if protocol == flow.ICMP {
		return 0
	}
	n := uint64(bits.ReverseBytes32(uint32(len(s.data))))
	return flow.Sum(n + uint64(protocol)<<8).Add(s.addresses)
}
