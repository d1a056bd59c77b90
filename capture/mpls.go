package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// mpls reads a label stack (RFC 3032, section 2.1).
func (d *decoder) mpls(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if !d.deeper() {
		return reason{why: whyLayers}
	}
	p.Tunnel = p.Tunnel.Push(flow.TunnelMPLS)
	for range maxTags {
		d.reach(data, 4)
		if len(data) < 5 {
			return f.short(reason{why: whyLinkHeader})
		}
		bottom := data[2]&1 != 0
		if data = data[4:]; bottom {
			return d.labelled(data, f, p, b)
		}
	}
	return reason{whyEtherType, etherMPLS}
}

// labelled goes on below the labels. Nothing there says what follows: IP shows
// by its version, a pseudowire's control word by a zero in the same place (RFC
// 4385, section 2), and an Ethernet frame by its EtherType, for its address may
// begin with any of these (RFC 4928, section 3). Where frames begin at both
// places, a control word is one whose flags and length are zero (RFC 4448,
// section 4.6), since of such addresses only a few were given out.
func (d *decoder) labelled(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	d.reach(data, 0)
	switch version := data[0] >> 4; {
	case (version == 4 || version == 6) && (!framed(data) || fits(data, onWire(data, f))):
		return d.ip(data, f, p, b)
	case version == 0 && len(data) >= 4 && framed(data[4:]) && (!framed(data) || data[0]|data[1] == 0):
		return d.ethernet(data[4:], f, p, b)
	case framed(data):
		return d.ethernet(data, f, p, b)
	case len(data) < 4+14:
		return f.short(reason{whyEtherType, etherMPLS})
	}
	return reason{whyEtherType, etherMPLS}
}

// fits reports whether the lengths in an IP header agree with the room there is.
func fits(data []byte, room int) bool {
	if len(data) < 20 {
		return false
	}
	if data[0]>>4 == 6 {
		return 40+int(binary.BigEndian.Uint16(data[4:6])) <= room
	}
	header, total := int(data[0]&0x0f)*4, int(binary.BigEndian.Uint16(data[2:4]))
	return header >= 20 && (total == 0 || header <= total && total <= room)
}
