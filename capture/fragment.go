package capture

import (
	"net/netip"
	"slices"
	"time"

	"spanaudit/flow"
)

// Bounds of reassembly. The age is on the packets' clock; RFC 8200, section
// 4.5 gives a packet 60 s to arrive, Linux 30 s.
const (
	maxDatagrams      = 4096
	maxDatagramBytes  = 16 << 20
	maxDatagramSpans  = 256 // runs of bytes of one datagram that do not touch
	maxDatagramLength = 65535
	fragmentAge       = 30 * time.Second
	doneAge           = time.Second // for which duplicates of a datagram's fragments are known
)

// piece is what a fragment says of itself.
type piece struct {
	offset   int
	more     bool
	protocol uint8
	id       uint32
}

// datagramKey is what the fragments of one packet have in common (RFC 791,
// section 3.2; RFC 8200, section 4.5).
type datagramKey struct {
	src, dst netip.Addr
	id       uint32
	tunnel   flow.Tunnel // the same identification means another packet in another layer
	protocol uint8       // of IPv4; IPv6 takes the first fragment's
}

// datagram is a packet that is being put together.
type datagram struct {
	key      datagramKey
	born     flow.Time
	data     []byte
	have     []span       // sorted, not touching one another
	total    int          // its length; 0 until the last fragment came
	protocol uint8        // of the fragment at offset 0
	count    uint64       // fragments in it
	done     bool         // it was delivered or given up
	parts    []flow.Frame // that it is made of, where that is to be told
}

// span is a run of bytes of a datagram, from start to before end.
type span struct{ start, end int }

// fragments holds the datagrams being put together. What exceeds a bound
// pushes the oldest out, which is counted.
type fragments struct {
	open  map[datagramKey]*datagram
	queue []*datagram // oldest first; of one key only the last is open
	bytes int
}

func (fs *fragments) init() { fs.open = map[datagramKey]*datagram{} }

// fragment takes in a fragment and, if it completes its datagram, goes on with
// that.
func (d *decoder) fragment(at piece, s segment, f *frame, p *flow.Packet, b *Batch) reason {
	key := datagramKey{src: p.Src.Addr(), dst: p.Dst.Addr(), id: at.id, tunnel: p.Tunnel}
	if len(s.addresses) == 8 {
		key.protocol = at.protocol
	}
	if d.rewriter != nil {
		return d.rewriter.fragment(key, at, s, f, p)
	}
	if at.more { // as Linux takes it: only the last may have an odd length
		s.data = s.data[:len(s.data)&^7]
	}
	end := at.offset + len(s.data)
	if s.missing > 0 {
		d.stats.Fragments++
		d.stats.FragmentsLost++
		return f.short(reason{why: whyFragment})
	}
	if len(s.data) == 0 || end > maxDatagramLength {
		return reason{why: whyFragment}
	}
	d.stats.Fragments++
	g := d.datagram(key, f.time)
	if g.done {
		return reason{why: consumed}
	}
	before, count := len(g.data), g.count
	fits := g.insert(at, s.data)
	d.fragments.bytes += len(g.data) - before
	if d.raw && g.count > count {
		g.part(f, d.parts)
	}
	if !fits {
		d.stats.FragmentsLost += g.count
		d.fragments.finish(g)
		return reason{why: consumed}
	}
	if g.total == 0 || len(g.have) != 1 || g.have[0] != (span{0, g.total}) {
		return reason{why: consumed}
	}
	d.stats.Reassembled++
	d.parts = g.parts
	p.Length += g.total - len(s.data)
	s.data = g.data
	d.fragments.finish(g)
	return d.extensions(g.protocol, s, f, p, b)
}

// datagram returns the one of key, a new one if need be, after giving up what
// is too old or too much.
func (d *decoder) datagram(key datagramKey, now flow.Time) *datagram {
	fs := &d.fragments
	for len(fs.queue) > 0 && (fs.stale(fs.queue[0], now) || len(fs.queue) == maxDatagrams || fs.bytes > maxDatagramBytes-maxDatagramLength) {
		d.drop(fs.queue[0])
		fs.queue[0] = nil
		fs.queue = fs.queue[1:]
	}
	g := fs.open[key]
	if g != nil && fs.stale(g, now) {
		d.drop(g)
		g = nil
	}
	if g == nil {
		g = &datagram{key: key, born: now}
		fs.open[key] = g
		fs.queue = append(fs.queue, g)
	}
	return g
}

// stale reports whether nothing more is to be expected of g.
func (fs *fragments) stale(g *datagram, now flow.Time) bool {
	age := now.Sub(g.born)
	return age > fragmentAge || g.done && age > doneAge || fs.open[g.key] != g
}

// finish forgets what g holds, but not g itself: fragments that follow it are
// duplicates.
func (fs *fragments) finish(g *datagram) {
	fs.bytes -= len(g.data)
	g.done, g.data, g.have, g.parts, g.count = true, nil, nil, nil, 0
}

// drop gives up a datagram.
func (d *decoder) drop(g *datagram) {
	if d.fragments.open[g.key] != g {
		return
	}
	delete(d.fragments.open, g.key)
	d.fragments.bytes -= len(g.data)
	d.stats.FragmentsLost += g.count
}

// drain forgets all datagrams and returns how many fragments that gives up.
func (fs *fragments) drain() (lost uint64) {
	for _, g := range fs.open {
		lost += g.count
	}
	fs.init()
	fs.queue, fs.bytes = nil, 0
	return lost
}

// insert puts a fragment in its place. Bytes that were there stay: of two
// fragments that overlap the first holds. It reports false when the datagram
// cannot be, or is in too many pieces.
func (g *datagram) insert(at piece, data []byte) bool {
	start, end := at.offset, at.offset+len(data)
	if slices.ContainsFunc(g.have, func(h span) bool { return h.start <= start && end <= h.end }) && (at.more || g.total == end) {
		return true // a copy
	}
	g.count++
	if !at.more {
		if g.total != 0 && g.total != end || len(g.data) > end {
			return false
		}
		g.total = end
	}
	if g.total != 0 && end > g.total {
		return false
	}
	if start == 0 && !slices.ContainsFunc(g.have, func(h span) bool { return h.start == 0 }) {
		g.protocol = at.protocol
	}
	if end > len(g.data) {
		g.data = append(g.data, make([]byte, end-len(g.data))...)
	}
	first := 0
	for first < len(g.have) && g.have[first].end < start {
		first++
	}
	last, merged, from := first, span{start, end}, start
	for ; last < len(g.have) && g.have[last].start <= end; last++ {
		h := g.have[last]
		if from < h.start {
			copy(g.data[from:h.start], data[from-start:])
		}
		from = max(from, h.end)
		merged = span{min(merged.start, h.start), max(merged.end, h.end)}
	}
	if from < end {
		copy(g.data[from:end], data[from-start:])
	}
	g.have = slices.Replace(g.have, first, last, merged)
	return len(g.have) <= maxDatagramSpans
}
