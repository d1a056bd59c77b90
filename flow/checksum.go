package flow

import (
	"encoding/binary"
	"math/bits"
)

// Sum is an Internet checksum under way (RFC 1071). The ones' complement sum
// does not mind the width of the words it is made of nor, until the end, their
// byte order (section 2), so eight bytes are added at a time.
type Sum uint64

// Add adds b. Only the last b of a sum may have an odd length.
func (s Sum) Add(b []byte) Sum {
	acc, c := uint64(s), uint64(0)
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
	return Sum(acc + c)
}

// Holds reports whether a sum over data and its checksum comes out right.
func (s Sum) Holds() bool {
	acc := uint64(s)
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return acc == 0xffff
}

// Checksum is what verifying a packet's checksums takes. It is put off until
// somebody asks, because it reads every byte of the packet.
type Checksum struct {
	BadHeader bool   // the IPv4 header's does not hold
	Before    Sum    // of the pseudo header (RFC 9293, section 3.1; RFC 8200, section 8.1)
	Segment   []byte // borrowed as Packet.Payload is; nil where there is nothing to verify: none was sent, or the packet was cut
}

// Bad reports whether one of the checksums does not hold. Offload makes that
// common on the machine that captures.
func (c *Checksum) Bad() bool {
	return c.BadHeader || c.Segment != nil && !c.Before.Add(c.Segment).Holds()
}
