package capture

import (
	"slices"

	"spanaudit/flow"
)

// decoder turns frames into packets.
type decoder struct {
	stats     Stats
	reasons   map[reason]uint64
	fragments fragments
}

func (d *decoder) init() {
	d.reasons = map[reason]uint64{}
	d.fragments.init()
}

// decode appends to b what f holds and counts it.
func (d *decoder) decode(f *frame, b *Batch) {
	n, arps := len(b.Packets), len(b.ARPs)
	b.Packets = slices.Grow(b.Packets, 1)[:n+1]
	p := &b.Packets[n]
	*p = flow.Packet{Frame: flow.Frame{Input: f.input, Number: f.number, Time: f.time}}
	r := d.guarded(f, p, b)
	if r.why != delivered {
		b.Packets = b.Packets[:n]
	} else if p.BadChecksum {
		d.stats.BadChecksums++
	}
	if r.why > consumed {
		b.ARPs = b.ARPs[:arps]
	}
	d.count(r)
}

// guarded decodes f; a failure of the decoder costs this frame alone.
func (d *decoder) guarded(f *frame, p *flow.Packet, b *Batch) (r reason) {
	defer func() {
		if recover() != nil {
			r = reason{why: whyPanic}
		}
	}()
	return d.link(f, p, b)
}

func (d *decoder) count(r reason) {
	if r.why <= consumed {
		d.stats.Decoded++
		return
	}
	if _, known := d.reasons[r]; !known && len(d.reasons) >= maxReasons-1 {
		r = reason{why: whyOther}
	}
	d.reasons[r]++
}

// undecoded spells the reasons out.
func (d *decoder) undecoded() map[string]uint64 {
	m := make(map[string]uint64, len(d.reasons))
	for r, n := range d.reasons {
		m[r.String()] += n
	}
	return m
}

// end gives up the fragments that wait for others.
func (d *decoder) end() { d.stats.FragmentsLost += d.fragments.drain() }

// short is the reason for a header that is not all there: the capture's if it
// cut the frame, otherwise the sender's.
func (f *frame) short(otherwise reason) reason {
	if len(f.data) < f.length {
		return reason{why: whyCut}
	}
	return otherwise
}
