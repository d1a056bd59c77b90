package capture

import (
	"io"
)

// blockSize is how much of a file one read asks for. A quarter of a mebibyte
// stays in the processor's second-level cache between the copy out of the
// kernel and the decoding.
const blockSize = 256 << 10

// blocks cuts a stream into the byte runs its callers ask for. What take
// returns is never written again and left to the garbage collector, so a
// packet may alias it for as long as it likes; only where reuse is set does
// the next take overwrite it.
type blocks struct {
	r     io.Reader
	read  func(n int) // told of every read, for progress; may be nil
	size  int         // of one block
	reuse bool

	block []byte // read so far into the current block
	used  int    // of block, by take
	off   int64  // in the stream, of block[used]
	err   error  // that ended the stream; io.EOF at its end
}

func newBlocks(r io.Reader, size int, read func(int)) *blocks {
	return &blocks{r: r, size: max(size, 512), read: read}
}

// take eats n bytes. At the end of the stream it returns io.EOF when nothing
// is left and io.ErrUnexpectedEOF, with nothing eaten, when fewer than n are.
func (b *blocks) take(n int) ([]byte, error) {
	if len(b.block)-b.used < n {
		if err := b.fill(n); err != nil {
			return nil, err
		}
	}
	p := b.block[b.used : b.used+n : b.used+n]
	b.used += n
	b.off += int64(n)
	return p, nil
}

// peek returns up to n bytes without eating them.
func (b *blocks) peek(n int) []byte {
	_ = b.fill(n)
	return b.block[b.used:min(b.used+n, len(b.block))]
}

// left is how many bytes were read and not yet eaten.
func (b *blocks) left() int { return len(b.block) - b.used }

// fill makes n bytes ready behind used: in the room that the block still has,
// or in a new one to which the unread rest moves.
func (b *blocks) fill(n int) error {
	if cap(b.block)-b.used < n {
		b.grow(n)
	}
	for idle := 0; len(b.block)-b.used < n && b.err == nil; {
		m, err := b.r.Read(b.block[len(b.block):cap(b.block)])
		b.block = b.block[:len(b.block)+m]
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
	switch have := len(b.block) - b.used; {
	case have >= n:
		return nil
	case b.err != io.EOF:
		return b.err
	case have == 0:
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

func (b *blocks) grow(n int) {
	rest := b.block[b.used:]
	if b.reuse && cap(b.block) >= n && b.used > 0 {
		b.block = b.block[:copy(b.block[:len(rest)], rest)]
	} else {
		b.block = append(make([]byte, 0, max(b.size, n)), rest...)
	}
	b.used = 0
}
