package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// ppi reads a Per-Packet Information header, which names the link type of what
// follows it (CACE Technologies, "PPI Packet Header Format", section 3).
func (d *decoder) ppi(f *frame, p *flow.Packet, b *Batch) reason {
	d.reach(f.data, 8)
	data, ok := headed(f.data, 8)
	if !ok {
		return f.short(reason{why: whyLinkHeader})
	}
	if d.rewriter != nil {
		clear(f.data[8 : len(f.data)-len(data)]) // where it was, perhaps
	}
	return d.relink(binary.LittleEndian.Uint32(f.data[4:8]), data, f, p, b)
}
