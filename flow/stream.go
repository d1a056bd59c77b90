package flow

// stream is the sequence space of one TCP half (RFC 9293, section 3.4) for as
// long as the flow lives, and its ordered head for as long as that is wanted.
type stream struct {
	synced bool // first and edge are known
	joined bool // the half was joined after its first byte
	closed bool // no head is wanted any more
	acked  bool // this half acknowledged something, so another half exists

	synacks uint8

	first uint32 // sequence number of the first byte
	edge  uint32 // one past the highest sequence number seen or acknowledged
	holes uint64 // bytes below edge that were not seen

	head *head // nil until the first byte, and once closed
}

// sync sets where the half begins.
func (s *stream) sync(seq uint32, joined bool) {
	s.synced, s.joined = true, joined
	s.first, s.edge = seq, seq
}

// resync moves the beginning of a half that has brought no byte yet.
func (s *stream) resync(seq uint32) {
	if s.head == nil && !s.closed {
		s.first, s.edge = seq, seq
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
// works on lengths alone and goes on after the head is closed.
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

// add takes one segment and reports whether the head grew.
func (s *stream) add(g segment, spare *heads) bool {
	if s.full() || len(g.payload)+g.missing == 0 {
		return false
	}
	if s.head == nil {
		s.head = spare.take(s.first)
	}
	return s.head.add(g)
}

// skipAll gives up every hole: nothing more will come.
func (s *stream) skipAll() {
	for s.head != nil && s.head.skip() {
	}
}

// full reports that no more bytes will be ordered.
func (s *stream) full() bool { return s.closed || s.head != nil && s.head.full() }

// fit has the head hold no more memory than its bytes need.
func (s *stream) fit(spare *heads) {
	if s.head != nil {
		s.head = s.head.fit(spare)
	}
}

// close gives the head back to those that are spare.
func (s *stream) close(spare *heads) {
	if s.head != nil {
		spare.give(s.head)
	}
	s.head, s.closed = nil, true
}

// size is what the head holds in memory, in bytes.
func (s *stream) size() int {
	if s.head == nil {
		return 0
	}
	return s.head.size()
}
