package flow

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
)

// seed makes hashes that a sender cannot foresee, so that nobody can have all
// his flows meet in one place.
type seed [4]uint64

func newSeed() seed {
	return seed{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}
}

// tuple returns the same number for both directions of a conversation, of the
// hashes of its ends.
func (s *seed) tuple(protocol uint8, a, b uint64) uint32 {
	return uint32(mix(a+b+uint64(protocol)^s[2], s[3]) >> 32)
}

func (s *seed) end(a netip.AddrPort) uint64 {
	b := a.Addr().As16()
	h := mix(binary.LittleEndian.Uint64(b[:8])^s[0], binary.LittleEndian.Uint64(b[8:])^s[1])
	return mix(h^s[1], uint64(a.Port())^s[2])
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// dealt is the seed by which packets are dealt out. It is the same in every
// process, so that what a full table gives up is the same too.
var dealt = seed{0x9e3779b97f4a7c15, 0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53, 0xbf58476d1ce4e5b9}

// Worker returns which of n workers, 1 to 256, the packet is for: all packets
// of a flow, in either direction, the same, in every process.
func (p *Packet) Worker(n int) uint8 {
	if n == 1 {
		return 0
	}
	src, dst := p.tuple()
	return uint8(uint64(dealt.tuple(p.Protocol, dealt.end(src), dealt.end(dst))) * uint64(n) >> 32)
}

// tuple returns the packet's end points. Those of an ICMP message that has a
// counterpart get the pair's ports, so that request and reply are one flow.
func (p *Packet) tuple() (src, dst netip.AddrPort) {
	if p.Protocol == ICMP || p.Protocol == ICMPv6 {
		src, dst, _ = icmpPorts(p.Protocol, p.Src, p.Dst)
		return src, dst
	}
	return p.Src, p.Dst
}
