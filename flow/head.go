package flow

import "slices"

const (
	// maxPending bounds the bytes, and maxSegments the segments, that one half
	// holds back while a segment before them is missing. When either is full,
	// the missing bytes are given up and the hole becomes one of Half.Gaps.
	maxPending  = 64 << 10
	maxSegments = 128

	// maxOrigins bounds the list that leads from an offset to its frame.
	maxOrigins = 512

	// maxGaps bounds the list of holes. Behind the last no more bytes are kept.
	maxGaps = 64
)

// head puts the first bytes of one TCP half in order: sequence numbers wrap,
// segments come twice, late, overlapping or not at all. Where segments disagree
// about a byte, the first one seen stands.
type head struct {
	first uint32 // sequence number of the first byte
	next  uint32 // the next one expected
	depth int

	bytes   []byte
	dropped int   // bytes taken out of them
	gaps    []int // offsets of the holes
	pending []segment
	held    int // bytes in pending
	origins []origin
}

// segment is a TCP segment's payload and where it belongs.
type segment struct {
	seq     uint32
	missing int // bytes of the payload's end that the capture did not keep
	frame   Frame
	payload []byte
}

// origin says which frame brought the bytes from offset on.
type origin struct {
	offset int
	frame  Frame
}

// add takes one segment and reports whether bytes grew.
func (h *head) add(g segment) bool {
	if ahead := int32(g.seq - h.next); ahead > 0 {
		h.hold(g)
		if h.held <= maxPending && len(h.pending) <= maxSegments {
			return false
		}
		return h.skip()
	}
	grew := h.take(g)
	return h.drain() || grew
}

// hold copies a segment that came early and keeps it in its place.
func (h *head) hold(g segment) {
	if int(int32(g.seq-h.first)) > h.depth {
		return
	}
	at, _ := slices.BinarySearchFunc(h.pending, g, func(a, b segment) int {
		return int(int32(a.seq - b.seq))
	})
	if at < len(h.pending) && h.pending[at].seq == g.seq && len(h.pending[at].payload) >= len(g.payload) {
		return
	}
	g.payload = slices.Clone(g.payload)
	h.pending = slices.Insert(h.pending, at, g)
	h.held += len(g.payload)
}

// take appends what g brings beyond next; g must not begin after next.
func (h *head) take(g segment) bool {
	known := h.next - g.seq
	whole := uint32(len(g.payload) + g.missing)
	if known >= whole {
		return false
	}
	grew := false
	if known < uint32(len(g.payload)) {
		fresh := g.payload[known:]
		if room := h.room(); len(fresh) > room {
			fresh = fresh[:room]
		}
		if len(h.origins) < maxOrigins && len(fresh) > 0 {
			h.origins = append(h.origins, origin{len(h.bytes), g.frame})
		}
		h.bytes = append(h.bytes, fresh...)
		grew = len(fresh) > 0
	}
	h.next = g.seq + whole
	if g.missing > 0 {
		h.mark()
	}
	return grew
}

// drain takes every held segment whose turn has come.
func (h *head) drain() (grew bool) {
	for len(h.pending) > 0 && int32(h.pending[0].seq-h.next) <= 0 {
		g := h.pending[0]
		h.pending = slices.Delete(h.pending, 0, 1)
		h.held -= len(g.payload)
		grew = h.take(g) || grew
	}
	return grew
}

// skip gives up the bytes before the first held segment.
func (h *head) skip() bool {
	if len(h.pending) == 0 {
		return false
	}
	h.mark()
	h.next = h.pending[0].seq
	return h.drain()
}

// mark notes a hole at the present end of bytes. Two with nothing between them
// are one.
func (h *head) mark() {
	if n := len(h.gaps); n == 0 || h.gaps[n-1] < len(h.bytes) {
		h.gaps = append(h.gaps, len(h.bytes))
	}
}

// drop takes bytes out, and gives their memory back when it is most of the head's.
func (h *head) drop(from, to int) bool {
	if slices.ContainsFunc(h.gaps, func(gap int) bool { return from <= gap && gap <= to }) {
		return false
	}
	n := to - from
	h.dropped += n
	h.bytes = slices.Delete(h.bytes, from, to)
	if cap(h.bytes) > 2*len(h.bytes) {
		h.bytes = slices.Clone(h.bytes)
	}
	for i, gap := range h.gaps {
		if gap > to {
			h.gaps[i] -= n
		}
	}
	kept := h.origins[:0]
	for _, o := range h.origins {
		o.offset -= min(max(o.offset-from, 0), n)
		if last := len(kept) - 1; last >= 0 && kept[last].offset == o.offset {
			kept[last] = o
		} else {
			kept = append(kept, o)
		}
	}
	h.origins = kept
	return true
}

// room returns how many more bytes are kept.
func (h *head) room() int {
	if len(h.gaps) == maxGaps {
		return 0
	}
	return max(h.depth-h.dropped-len(h.bytes), 0)
}

func (h *head) full() bool { return h.room() == 0 }

func (h *head) size() int { return cap(h.bytes) + h.held }

func (h *head) frameAt(offset int) Frame {
	var f Frame
	for _, o := range h.origins {
		if o.offset > offset {
			break
		}
		f = o.frame
	}
	return f
}

// fit returns a head with the same bytes and with no memory for more of them; h is
// given to those that are spare where it had room for many.
func (h *head) fit(spare *heads) *head {
	if cap(h.bytes) < len(h.bytes)+roomForMore {
		return h
	}
	fits := *h
	fits.bytes = append(make([]byte, 0, len(h.bytes)), h.bytes...) // a clone may have room
	fits.gaps, fits.pending, fits.origins = slices.Clone(h.gaps), slices.Clone(h.pending), slices.Clone(h.origins)
	spare.give(h)
	return &fits
}

// roomForMore is what a head may have room for that waits for more.
const roomForMore = 512

// heads keeps heads that are done with for the next flows, since most flows
// need one for a moment only.
type heads struct {
	depth int
	spare []*head
}

const (
	maxSpare      = 128      // heads kept
	maxSpareBytes = 16 << 10 // of memory that one of them keeps: a handshake's
)

// take returns an empty head of a half whose first byte has the sequence number.
func (s *heads) take(first uint32) *head {
	n := len(s.spare)
	if n == 0 {
		return &head{first: first, next: first, depth: s.depth}
	}
	h := s.spare[n-1]
	s.spare = s.spare[:n-1]
	*h = head{first: first, next: first, depth: s.depth, bytes: h.bytes[:0], gaps: h.gaps[:0], pending: h.pending[:0], origins: h.origins[:0]}
	return h
}

// give takes back a head that nobody looks at any more.
func (s *heads) give(h *head) {
	if len(s.spare) < maxSpare && cap(h.bytes) <= maxSpareBytes {
		clear(h.pending)
		s.spare = append(s.spare, h)
	}
}
