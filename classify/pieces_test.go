package classify

import (
	"bytes"
	"testing"
)

func TestPiecesInEveryOrder(t *testing.T) {
	whole := []byte("abcdefghijklmnopqrstuvwxyz")
	permute([][2]int{{0, 5}, {5, 6}, {3, 9}, {9, 26}, {20, 26}, {9, 15}}, func(cuts [][2]int) {
		var p pieces
		for _, c := range cuts {
			for range 2 { // the second time brings nothing
				if !p.add(uint64(c[0]), whole[c[0]:c[1]]) {
					t.Fatalf("%v: refused", c)
				}
			}
		}
		if !bytes.Equal(p.front, whole) || len(p.apart) > 0 || p.size != len(whole) {
			t.Fatalf("%v: %q, %d apart, size %d", cuts, p.front, len(p.apart), p.size)
		}
	})
}

func TestPiecesKeepTheirBounds(t *testing.T) {
	var p pieces
	for i := range 3 * maxPieces {
		p.add(uint64(1+2*i), []byte{1})
	}
	if len(p.apart) != maxPieces || p.size != maxPieces {
		t.Errorf("%d pieces of %d bytes", len(p.apart), p.size)
	}
	p = pieces{}
	for i := range 100 {
		p.add(uint64(10+i), make([]byte, 2000))
	}
	if p.size > maxPieceBytes {
		t.Errorf("%d bytes are kept", p.size)
	}
	for _, offset := range []uint64{maxPieceBytes, 1 << 62, 1<<64 - 1} {
		if p.add(offset, []byte{1}) {
			t.Errorf("offset %d is kept", offset)
		}
	}
	if !p.add(0, make([]byte, maxPieceBytes)) || p.size != maxPieceBytes || len(p.apart) > 0 {
		t.Errorf("all bytes at once: %d, %d apart", p.size, len(p.apart))
	}
}
