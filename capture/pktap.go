package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// pktap reads what macOS puts before a frame (struct pktap_header of
// bsd/net/pktap.h): the header's length, whether a frame follows, and its link
// type.
func (d *decoder) pktap(f *frame, p *flow.Packet, b *Batch) reason {
	const least, frameFollows = 12, 1
	data := f.data
	d.reach(data, least)
	if len(data) < least {
		return f.short(reason{why: whyLinkHeader})
	}
	length, next, link := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:])
	switch {
	case length < least || next != frameFollows:
		return reason{whyLink, uint32(f.link)}
	case int64(length) > int64(len(data)):
		return f.short(reason{why: whyLinkHeader})
	}
	if d.rewriter != nil {
		clear(data[least:length])
	}
	return d.relink(link, data[length:], f, p, b)
}
