package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// nflog reads what Linux's netfilter logged (linux/netfilter/nfnetlink_log.h):
// attributes in the byte order of the host, one of them the packet.
func (d *decoder) nflog(f *frame, p *flow.Packet, b *Batch) reason {
	const payload, typeMask = 9, 0x7fff
	data := f.data
	d.reach(data, 8)
	if len(data) < 8 {
		return f.short(reason{why: whyLinkHeader})
	}
	if family := data[0]; family != 2 && family != 10 { // AF_INET, AF_INET6
		return reason{whyNFLOG, uint32(family)}
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if data = data[4:]; data[0] == 0 { // the first attribute is always one of eight bytes
		order = binary.BigEndian
	}
	for len(data) >= 4 {
		length, kind := int(order.Uint16(data)), order.Uint16(data[2:])&typeMask
		d.reach(data, 4)
		if length < 4 {
			break
		}
		if kind == payload {
			return d.ip(data[4:], f, p, b)
		}
		if d.rewriter != nil {
			clear(data[4:min(length, len(data))])
		}
		data = data[min((length+3)&^3, len(data)):]
	}
	return f.short(reason{why: whyLinkHeader})
}
