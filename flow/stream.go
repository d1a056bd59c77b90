package flow

import "slices"

const (
	// maxPending bounds the bytes, and maxSegments the segments, that one half
	// holds back while a segment before them is missing. When either is full,
	// the missing bytes are given up and the hole becomes Half.Gap.
	maxPending  = 64 << 10
	maxSegments = 128

	// maxOrigins bounds the list that leads from an offset to its frame.
	maxOrigins = 512
)

// stream puts the first bytes of one TCP half in order (RFC 9293, section 3.4):
// sequence numbers wrap, segments come twice, late, overlapping or not at all.
// Where segments disagree about a byte, the first one seen stands.
type stream struct {
	synced bool // next is known
	joined bool // head does not begin at the connection's first byte
	closed bool // nothing more is wanted
	gapped bool
	acked  bool // this half acknowledged something, so another half exists

	synacks uint8
	depth   int32

	first uint32 // sequence number of the first byte of head
	next  uint32 // the next one expected in head
	edge  uint32 // one past the highest sequence number seen or acknowledged
	holes uint64 // bytes below edge that were not seen

	gap     int
	head    []byte
	pending []segment // sorted by distance from next
	held    int       // bytes in pending
	origins []origin
}

type segment struct {
	seq     uint32
	missing int
	frame   Frame
	payload []byte
}

// origin says which frame brought the bytes from offset on.
type origin struct {
	offset int
	frame  Frame
}

// sync sets where the half begins.
func (s *stream) sync(seq uint32, joined bool) {
	s.synced, s.joined = true, joined
	s.first, s.next, s.edge = seq, seq, seq
}

// resync moves the beginning of a half that has brought no byte yet.
func (s *stream) resync(seq uint32) {
	if len(s.head) == 0 && len(s.pending) == 0 && !s.closed {
		s.first, s.next, s.edge = seq, seq, seq
	}
}

// near reports whether seq lies close enough to what the half has sent to
// belong to the same connection.
func (s *stream) near(seq uint32) bool {
	const window = 1 << 24
	d := int32(seq - s.edge)
	return d > -window && d < window
}

// track keeps count of the bytes that were seen, repeated or never seen. It
// works on lengths alone and goes on after head is complete.
func (s *stream) track(seq uint32, n int) (repeated bool) {
	if n == 0 {
		return false
	}
	end := seq + uint32(n)
	if ahead := int32(seq - s.edge); ahead >= 0 {
		s.holes += uint64(ahead)
		s.edge = end
		return false
	}
	below := uint64(n)
	if beyond := int32(end - s.edge); beyond > 0 {
		below -= uint64(beyond)
		s.edge = end
	}
	filled := min(below, s.holes)
	s.holes -= filled
	return filled == 0 && below == uint64(n)
}

// ack notes that the other half acknowledged all below seq, seen or not.
func (s *stream) ack(seq uint32) {
	if ahead := int32(seq - s.edge); s.synced && ahead > 0 && s.near(seq) {
		s.holes += uint64(ahead)
		s.edge = seq
	}
}

// add takes one segment and reports whether head grew.
func (s *stream) add(seq uint32, payload []byte, missing int, f Frame) bool {
	if s.closed || len(payload)+missing == 0 {
		return false
	}
	if ahead := int32(seq - s.next); ahead > 0 {
		s.hold(segment{seq, missing, f, payload})
		if s.held <= maxPending && len(s.pending) <= maxSegments {
			return false
		}
		return s.skip()
	}
	grew := s.take(segment{seq, missing, f, payload})
	return s.drain() || grew
}

// hold copies a segment that came early and keeps it in its place.
func (s *stream) hold(g segment) {
	if int32(g.seq-s.first) > s.depth {
		return
	}
	at, _ := slices.BinarySearchFunc(s.pending, g, func(a, b segment) int {
		return int(int32(a.seq - b.seq))
	})
	if at < len(s.pending) && s.pending[at].seq == g.seq && len(s.pending[at].payload) >= len(g.payload) {
		return
	}
	g.payload = slices.Clone(g.payload)
	s.pending = slices.Insert(s.pending, at, g)
	s.held += len(g.payload)
}

// take appends what g brings beyond next; g must not begin after next.
func (s *stream) take(g segment) bool {
	known := s.next - g.seq
	whole := uint32(len(g.payload) + g.missing)
	if known >= whole {
		return false
	}
	grew := false
	if known < uint32(len(g.payload)) {
		fresh := g.payload[known:]
		if room := int(s.depth) - len(s.head); len(fresh) > room {
			fresh = fresh[:max(room, 0)]
		}
		if len(s.origins) < maxOrigins && len(fresh) > 0 {
			s.origins = append(s.origins, origin{len(s.head), g.frame})
		}
		s.head = append(s.head, fresh...)
		grew = len(fresh) > 0
	}
	if g.missing > 0 {
		s.mark()
	}
	s.next = g.seq + whole
	return grew
}

// drain takes every held segment whose turn has come.
func (s *stream) drain() (grew bool) {
	for len(s.pending) > 0 && int32(s.pending[0].seq-s.next) <= 0 {
		g := s.pending[0]
		s.pending = s.pending[1:]
		s.held -= len(g.payload)
		grew = s.take(g) || grew
	}
	return grew
}

// skip gives up the bytes before the first held segment.
func (s *stream) skip() bool {
	if s.closed || len(s.pending) == 0 {
		return false
	}
	s.mark()
	s.next = s.pending[0].seq
	return s.drain()
}

// skipAll gives up every hole: nothing more will come.
func (s *stream) skipAll() {
	for s.skip() {
	}
}

// mark notes a hole at the present end of head; the first hole is the one that
// Gap tells.
func (s *stream) mark() {
	if !s.gapped {
		s.gapped, s.gap = true, len(s.head)
	}
}

// full reports that no more bytes will be ordered.
func (s *stream) full() bool { return s.closed || len(s.head) >= int(s.depth) }

func (s *stream) close() {
	s.closed = true
	s.head, s.pending, s.origins, s.held = nil, nil, nil, 0
}

// size is what the stream holds in memory, in bytes.
func (s *stream) size() int { return cap(s.head) + s.held }

func (s *stream) frameAt(offset int) Frame {
	var f Frame
	for _, o := range s.origins {
		if o.offset > offset {
			break
		}
		f = o.frame
	}
	return f
}
