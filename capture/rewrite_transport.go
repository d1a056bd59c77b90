package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// transport rewrites what is behind the IP headers, and mends its checksum: one
// that was good is, and one that was not is not.
func (r *rewriter) transport(protocol uint8, s *segment, f *frame, p *flow.Packet, b *Batch) reason {
	at, optional := -1, false
	switch protocol {
	case flow.TCP:
		at = 16
	case flow.UDP:
		at, optional = 6, true
		if len(s.data) >= 8 {
			length := int(binary.BigEndian.Uint16(s.data[4:6]))
			if length >= 8 && length < len(s.data) {
				clear(s.data[length:])
				s.data = s.data[:length]
			}
			if s.data[6] == 0 && s.data[7] == 0 {
				at = -1
			}
		}
	case flow.ICMP:
		at, s.change = 2, change{}
	case flow.ICMPv6:
		at = 2
	case greInIP:
		s.change = change{}
		if len(s.data) > 0 && s.data[0]&(greChecksum>>8) != 0 {
			at = 4
		}
	}
	r.tunnelled = false
	r.decoder.reach(s.data, 8)
	data, before := s.data, sum(s.data)
	got := r.decoder.deliver(protocol, *s, f, p, b)
	if at >= 0 {
		settle(data, at, s.change.of(before, sum(data)), optional)
	}
	return got
}

// payload rewrites what is behind the header, of so many bytes, of a transport
// that carries no tunnel.
func (r *rewriter) payload(protocol uint8, s *segment, header int, p *flow.Packet) {
	payload := s.data[header:]
	switch protocol {
	case flow.TCP:
		r.optionsTCP(s.data[20:header])
		r.stream(payload, p.Src.Port(), p.Dst.Port())
	case flow.UDP:
		switch {
		case tunnelPort(s.data) == 0:
			r.datagram(payload, p.Src.Port(), p.Dst.Port(), s.missing > 0)
		case tunnelPort(s.data) == portTeredo:
			if !r.tunnelled { // its own messages are IPv6 packets too
				r.teredo(payload)
			}
		case !r.tunnelled && !r.datagram(payload, p.Src.Port(), p.Dst.Port(), s.missing > 0):
			clear(payload[min(8, len(payload)):])
		}
	case flow.ICMP:
		r.icmp(s.data)
	case flow.ICMPv6:
		r.icmpv6(s.data)
	case flow.SCTP:
		r.sctp(s)
	case encapsulated: // nobody reads it
	default:
		if !r.tunnelled {
			clear(payload[min(4, len(payload)):])
		}
	}
	r.tunnelled = false
}

// encapsulated is ESP, whose payload is encrypted (RFC 4303).
const encapsulated = 50
