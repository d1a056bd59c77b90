package capture

import (
	"encoding/binary"
	"math/bits"
)

// The Internet checksum (RFC 1071): the ones' complement sum does not mind the
// width of the words it is made of nor, until the end, their byte order
// (section 2), so eight bytes are added at a time.

// sum adds b to a sum. Only the last b of a sum may have an odd length.
func sum(acc uint64, b []byte) uint64 {
	var c uint64
	for len(b) >= 32 {
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b), 0)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[8:16]), c)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[16:24]), c)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[24:32]), c)
		acc += c
		b = b[32:]
	}
	for len(b) >= 4 {
		acc, c = bits.Add64(acc, uint64(binary.LittleEndian.Uint32(b)), 0)
		acc += c
		b = b[4:]
	}
	var tail [4]byte
	copy(tail[:], b)
	acc, c = bits.Add64(acc, uint64(binary.LittleEndian.Uint32(tail[:])), 0)
	return acc + c
}

// holds reports whether a sum over data and its checksum comes out right.
func holds(acc uint64) bool {
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return acc == 0xffff
}

// pseudo is the sum of the pseudo header (RFC 9293, section 3.1; RFC 8200,
// section 8.1): both addresses, the length and the protocol.
func pseudo(addresses []byte, protocol uint8, length int) uint64 {
	n := uint64(bits.ReverseBytes32(uint32(length)))
	return sum(n+uint64(protocol)<<8, addresses)
}
