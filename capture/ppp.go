package capture

import (
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// pppoe reads the header of a PPPoE session (RFC 2516, section 4).
func (d *decoder) pppoe(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if !d.deeper() {
		return reason{why: whyLayers}
	}
	d.reach(data, 6)
	if len(data) < 8 {
		return f.short(reason{why: whyLinkHeader})
	}
	p.Tunnel = p.Tunnel.Push(flow.TunnelPPPoE)
	return d.ppp(data[6:], f, p, b)
}

// ppp reads the protocol field of RFC 1661, section 2, one byte long if that
// was agreed on (section 6.5), and before it the address and control fields of
// RFC 1662, section 3.1, if they are there.
func (d *decoder) ppp(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	s := cryptobyte.String(data)
	if len(s) >= 2 && s[0] == 0xff && s[1] == 0x03 {
		s.Skip(2)
	}
	var high, low uint8
	if !s.ReadUint8(&low) || low&1 == 0 && (!s.ReadUint8(&high) || len(s) == 0) {
		return f.short(reason{why: whyLinkHeader})
	}
	protocol := uint32(low)
	if low&1 == 0 {
		protocol = uint32(low)<<8 | uint32(high)
	}
	d.reach(s, 0)
	switch protocol {
	case 0x0021, 0x0057: // IPv4 (RFC 1332), IPv6 (RFC 5072)
		return d.ip(s, f, p, b)
	case 0x0281, 0x0283: // MPLS (RFC 3032, section 4.3)
		return d.mpls(s, f, p, b)
	}
	return reason{whyPPP, protocol}
}

// hdlc reads what a serial line carries: PPP, or Cisco's framing, which has an
// address of its own and an EtherType (RFC 1547, section 4.3.1).
func (d *decoder) hdlc(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	d.reach(data, 4)
	if len(data) < 4 {
		return f.short(reason{why: whyLinkHeader})
	}
	if data[0] == 0x0f || data[0] == 0x8f {
		return d.etherType(binary.BigEndian.Uint16(data[2:4]), data[4:], f, p, b)
	}
	return d.ppp(data, f, p, b)
}
