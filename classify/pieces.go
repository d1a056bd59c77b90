package classify

import (
	"bytes"
	"cmp"
	"slices"
)

// Bounds of what is kept of bytes that come in pieces.
const (
	maxPieceBytes = 1 << 16
	maxPieces     = 256 // behind a hole
)

// pieces puts bytes together that come in pieces: in any order, overlapping and
// more than once. Where pieces contradict one another, which of them stands is
// not defined.
type pieces struct {
	front []byte  // from the beginning to the first hole
	apart []piece // what lies behind it, by offset
	size  int     // bytes kept in both
}

type piece struct {
	offset int
	bytes  []byte
}

// add copies b, which belongs at offset. It is false, and b is dropped, when
// that would pass a bound.
func (p *pieces) add(offset uint64, b []byte) bool {
	if offset > maxPieceBytes || offset+uint64(len(b)) > maxPieceBytes {
		return false
	}
	if int(offset) > len(p.front) {
		return p.keep(int(offset), b)
	}
	p.extend(int(offset), b)
	for len(p.apart) > 0 && p.apart[0].offset <= len(p.front) {
		p.size -= len(p.apart[0].bytes)
		p.extend(p.apart[0].offset, p.apart[0].bytes)
		p.apart = p.apart[1:]
	}
	return true
}

// extend appends what b, which begins no later than the front ends, has beyond
// that end.
func (p *pieces) extend(offset int, b []byte) {
	if known := len(p.front) - offset; known < len(b) {
		p.front = append(p.front, b[known:]...)
		p.size += len(b) - known
	}
}

func (p *pieces) keep(offset int, b []byte) bool {
	i, found := slices.BinarySearchFunc(p.apart, offset, func(x piece, offset int) int { return cmp.Compare(x.offset, offset) })
	if found && len(p.apart[i].bytes) >= len(b) || len(b) == 0 {
		return true
	}
	if len(p.apart) == maxPieces || p.size+len(b) > maxPieceBytes {
		return false
	}
	p.size += len(b)
	if found {
		p.size -= len(p.apart[i].bytes)
		p.apart[i].bytes = bytes.Clone(b)
		return true
	}
	p.apart = slices.Insert(p.apart, i, piece{offset, bytes.Clone(b)})
	return true
}
