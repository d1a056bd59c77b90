package capture

import (
	"encoding/binary"
)

// change is what rewriting did to a sum of 16-bit words, modulo 65535 (RFC
// 1624).
type change struct{ by uint32 }

func (c change) of(before, after uint32) change {
	return change{(c.by + after + 0xffff - before) % 0xffff}
}

// settle takes a change back from the sum of b, in the checksum at an offset,
// as far as that is there. One that may be left out is not made to say so.
func settle(b []byte, at int, c change, optional bool) {
	if c.by == 0 || len(b) < at+2 {
		return
	}
	field := b[at : at+2]
	v := (uint32(binary.BigEndian.Uint16(field)) + 0xffff - c.by) % 0xffff
	if v == 0 && optional {
		v = 0xffff
	}
	binary.BigEndian.PutUint16(field, uint16(v))
}

// sum adds 16-bit words in network order, modulo 65535.
func sum(b []byte) uint32 {
	var acc uint64
	for ; len(b) >= 4; b = b[4:] {
		acc += uint64(binary.BigEndian.Uint32(b))
	}
	var tail [4]byte
	copy(tail[:], b)
	acc += uint64(binary.BigEndian.Uint32(tail[:]))
	return uint32(acc % 0xffff)
}
