package main

import (
	"hash/maphash"
	"sort"
	"time"

	"spanaudit/capture"
	"spanaudit/flow"
)

// reel holds the frames that came last, as far as there is room, and which of them
// belong to one conversation. What it may take it takes when it is made; it
// allocates nothing for a frame.
type reel struct {
	data   []byte   // of the frames, from a start on again when it is full
	at     int      // where in data the next goes
	frames []reeled // by their place, from the first on again when it is full
	oldest uint64   // place
	next   uint64   // place

	seed  maphash.Seed     // of the sums of conversations
	talks map[uint64]*talk // by the sum: 64 bits that nobody can foresee tell them apart
	spare []*talk
	spent spent
}

// reeled is a frame and what selection wants to know of its packet.
type reeled struct {
	frame               flow.Frame
	of                  *talk  // nil of a frame without a packet
	then                uint64 // place of the next of the same talk; 0 where there is none
	start, size, length uint32
	link                uint16
	flags               uint8
}

// talk is a conversation of which frames are held.
type talk struct {
	of          conversation
	sum         uint64
	first, last uint64 // places; 0 where no frame is held
	frames      int    // that were taken, gone ones too
	bytes       int    // of these
}

// newReel returns one of so many bytes and frames.
func newReel(bytes, frames int) *reel {
	return &reel{
		data: make([]byte, bytes), frames: make([]reeled, frames), oldest: 1, next: 1,
		seed: maphash.MakeSeed(), talks: map[uint64]*talk{},
	}
}

// begin returns a new talk for the conversation with the sum, in the place of the
// one before.
func (r *reel) begin(c conversation, sum uint64) *talk {
	t := &talk{}
	if n := len(r.spare); n > 0 {
		t, r.spare = r.spare[n-1], r.spare[:n-1]
	}
	*t = talk{of: c, sum: sum}
	r.talks[sum] = t
	return t
}

// take takes a frame of a talk, up to limit bytes of it; those that came first make
// room. Frames are to be given in their order.
func (r *reel) take(t *talk, flags uint8, raw capture.RawFrame, limit int) {
	data := raw.Data[:min(len(raw.Data), limit)]
	r.room(len(data))
	if t != nil && t.frames > 0 && t.first == 0 {
		t = r.begin(t.of, t.sum) // what was held of it made room
	}
	copy(r.data[r.at:], data)
	*r.held(r.next) = reeled{
		frame: raw.Frame, of: t, start: uint32(r.at), size: uint32(len(data)), length: uint32(raw.Length), link: raw.Link, flags: flags,
	}
	if t != nil {
		if t.first == 0 {
			t.first = r.next
		} else {
			r.held(t.last).then = r.next
		}
		t.last = r.next
		t.frames++
		t.bytes += len(data)
	}
	r.at += len(data)
	r.next++
}

// room makes room for a frame of n bytes.
func (r *reel) room(n int) {
	if r.at+n > len(r.data) {
		for r.oldest < r.next && int(r.held(r.oldest).start) >= r.at {
			r.drop()
		}
		r.at = 0
	}
	for r.oldest < r.next && (r.next-r.oldest == uint64(len(r.frames)) || r.held(r.oldest).covers(r.at, n)) {
		r.drop()
	}
}

// where returns the place of a frame, if it is held.
func (r *reel) where(f flow.Frame) (place uint64, ok bool) {
	n := sort.Search(int(r.next-r.oldest), func(i int) bool { return r.held(r.oldest+uint64(i)).frame.Number >= f.Number })
	place = r.oldest + uint64(n)
	return place, place < r.next && r.held(place).frame == f
}

func (r *reel) held(place uint64) *reeled { return &r.frames[place%uint64(len(r.frames))] }

// covers reports whether some of n bytes from at on are the frame's.
func (f *reeled) covers(at, n int) bool {
	return int(f.start) < at+n && at < int(f.start+f.size)
}

// drop lets go of the frame that came first.
func (r *reel) drop() {
	f := r.held(r.oldest)
	if t := f.of; t != nil {
		if t.first = f.then; t.first == 0 {
			r.end(t, f.frame.Time)
		}
	}
	r.oldest++
}

// end forgets a talk of which nothing is held.
func (r *reel) end(t *talk, now flow.Time) {
	if r.talks[t.sum] == t {
		delete(r.talks, t.sum)
		if t.frames >= keptFrames {
			r.spent.add(t.sum, now)
		}
	}
	r.spare = append(r.spare, t)
}

// raw returns a frame; its data is that of the reel.
func (r *reel) raw(place uint64) capture.RawFrame {
	f := r.held(place)
	return capture.RawFrame{Frame: f.frame, Link: f.link, Data: r.data[f.start : f.start+f.size], Length: int(f.length)}
}

// spent remembers conversations that go on and of which nothing more is to be
// kept: at most so many, the last; one may be taken for another, which costs its
// packets.
type spent [1 << 15]mark

type mark struct {
	sum   uint32
	until uint32 // second since 1970
}

// quiet is how long a conversation is silent after which it is another.
const quiet = time.Minute

// of returns where the conversation with the sum is marked, and as what.
func (s *spent) of(sum uint64) (*mark, uint32) {
	return &s[sum%uint64(len(s))], uint32(sum >> 32)
}

func (s *spent) add(sum uint64, now flow.Time) {
	m, as := s.of(sum)
	*m = mark{as, second(now.Add(quiet))}
}

// has reports whether a conversation was added and went on since.
func (s *spent) has(sum uint64, now flow.Time) bool {
	m, as := s.of(sum)
	if m.sum != as || second(now) > m.until {
		return false
	}
	m.until = second(now.Add(quiet))
	return true
}

func second(t flow.Time) uint32 { return uint32(int64(t) / int64(time.Second)) }
