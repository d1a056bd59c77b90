package capture

import (
	"io"
)

// blockSize is how much of a file one read asks for. A quarter of a mebibyte
// stays in the processor's second-level cache between the copy out of the
// kernel and the decoding.
const blockSize = 256 << 10

// slab is memory that the bytes of a capture are read into. Who looks at it
// holds it; when nobody does any more it is filled anew. All of that happens
// in the goroutine that calls Source.Read.
type slab struct {
	bytes  []byte
	holds  int
	spares *spares
}

func (s *slab) hold() *slab {
	if s != nil {
		s.holds++
	}
	return s
}

func (s *slab) release() {
	if s == nil {
		return
	}
	if s.holds--; s.holds == 0 && s.spares != nil {
		s.spares.give(s)
	}
}

// spares keeps slabs that nobody holds. The nil spares keeps none.
type spares struct{ list []*slab }

// maxSpares is more slabs than a file that is read from front to back has
// under way.
const maxSpares = 64

// take returns an empty slab of n bytes or more, held once.
func (s *spares) take(n int) *slab {
	if s != nil && len(s.list) > 0 {
		b := s.list[len(s.list)-1]
		s.list = s.list[:len(s.list)-1]
		if cap(b.bytes) >= n {
			b.bytes = b.bytes[:0]
			return b.hold()
		}
	}
	return &slab{bytes: make([]byte, 0, n), holds: 1, spares: s}
}

func (s *spares) give(b *slab) {
	if len(s.list) < maxSpares {
		s.list = append(s.list, b)
	}
}

// blocks cuts a stream into the byte runs its callers ask for. What take
// returns is part of the current slab and stays as it is while that is held;
// without a hold it stays until the next take or peek.
type blocks struct {
	r      io.Reader
	read   func(n int) // told of every read, for progress; may be nil
	size   int         // of one slab
	spares *spares     // where slabs come from and go to; may be nil

	current *slab
	used    int   // of it, by take
	off     int64 // in the stream, of the byte at used
	err     error // that ended the stream; io.EOF at its end
}

func newBlocks(r io.Reader, size int, spares *spares, read func(int)) *blocks {
	return &blocks{r: r, size: max(size, 512), spares: spares, read: read, current: &slab{holds: 1}}
}

// take eats n bytes. At the end of the stream it returns io.EOF when nothing
// is left and io.ErrUnexpectedEOF, with nothing eaten, when fewer than n are.
func (b *blocks) take(n int) ([]byte, error) {
	if b.left() < n {
		if err := b.fill(n); err != nil {
			return nil, err
		}
	}
	p := b.current.bytes[b.used : b.used+n : b.used+n]
	b.used += n
	b.off += int64(n)
	return p, nil
}

// peek returns up to n bytes without eating them.
func (b *blocks) peek(n int) []byte {
	_ = b.fill(n)
	return b.current.bytes[b.used:min(b.used+n, len(b.current.bytes))]
}

// left is how many bytes were read and not yet eaten.
func (b *blocks) left() int { return len(b.current.bytes) - b.used }

// fill makes n bytes ready behind used: in the room that the slab still has,
// or in another to which the unread rest moves.
func (b *blocks) fill(n int) error {
	if cap(b.current.bytes)-b.used < n {
		b.move(n)
	}
	s := b.current
	for idle := 0; b.left() < n && b.err == nil; {
		m, err := b.r.Read(s.bytes[len(s.bytes):cap(s.bytes)])
		s.bytes = s.bytes[:len(s.bytes)+m]
		b.err = err
		if b.read != nil {
			b.read(m)
		}
		if idle++; m > 0 {
			idle = 0
		} else if idle > 100 && err == nil {
			b.err = io.ErrNoProgress
		}
	}
	switch have := b.left(); {
	case have >= n:
		return nil
	case b.err != io.EOF:
		return b.err
	case have == 0:
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// move goes on to a slab with room for n bytes: the same, if nobody else
// holds it.
func (b *blocks) move(n int) {
	rest := b.current.bytes[b.used:]
	if b.current.holds == 1 && cap(b.current.bytes) >= n {
		b.current.bytes = b.current.bytes[:copy(b.current.bytes[:len(rest)], rest)]
	} else {
		next := b.spares.take(max(b.size, n))
		next.bytes = append(next.bytes, rest...)
		b.current.release()
		b.current = next
	}
	b.used = 0
}
