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
	rewriter  *rewriter // whose decoder this is; nil of one that delivers

	layers int           // headers around others in the frame at hand
	others []flow.Packet // its packets after the first; only an A-MSDU has any

	raw   bool         // packets are told with what they were put together from
	parts []flow.Frame // of the frame at hand, what was put together in it so far
}

// maxLayers bounds the headers of tunnels and taps that are taken off one
// packet. flow.Tunnel has room for no more.
const maxLayers = 8

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
	d.layers, d.others, d.parts = 0, d.others[:0], nil
	r := d.guarded(f, p, b)
	if r.why != delivered {
		b.Packets = b.Packets[:n]
	}
	if r.why > consumed {
		b.ARPs = b.ARPs[:arps]
	} else {
		b.Packets = append(b.Packets, d.others...)
	}
	if d.parts != nil && (len(b.Packets) > n || len(b.ARPs) > arps) {
		d.tellParts(f, b)
	}
	d.count(r)
}

// deeper counts a header around another; false if no network makes so many.
func (d *decoder) deeper() bool {
	d.layers++
	return d.layers <= maxLayers
}

// guarded decodes f; a failure of the decoder costs this frame alone.
func (d *decoder) guarded(f *frame, p *flow.Packet, b *Batch) (r reason) {
	defer func() {
		if recover() != nil {
			r = reason{why: whyPanic}
		}
	}()
	if f.link == linkEthernet { // nearly every frame
		return d.ethernet(f.data, f, p, b)
	}
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

// inside returns the frame that f ends with.
func (f *frame) inside(data []byte) frame {
	inner := *f
	inner.data, inner.length = data, onWire(data, f)
	return inner
}

// short is the reason for a header that is not all there: the capture's if it
// cut the frame, otherwise the sender's.
func (f *frame) short(otherwise reason) reason {
	if len(f.data) < f.length {
		return reason{why: whyCut}
	}
	return otherwise
}
