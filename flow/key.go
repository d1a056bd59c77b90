package flow

import (
	"encoding/binary"
	"net/netip"
)

// key is a 5-tuple without direction, small and free of pointers so that a map
// of a million of them costs the garbage collector nothing. VLAN tags are no
// part of it: a mirror port often tags the two directions differently.
type key struct {
	lo, hi         [16]byte
	loPort, hiPort uint16
	protocol       uint8
	v6             bool
}

func keyOf(protocol uint8, a, b netip.AddrPort) key {
	k := key{a.Addr().As16(), b.Addr().As16(), a.Port(), b.Port(), protocol, a.Addr().Is6()}
	if c := a.Addr().Compare(b.Addr()); c > 0 || c == 0 && k.loPort > k.hiPort {
		k.lo, k.hi = k.hi, k.lo
		k.loPort, k.hiPort = k.hiPort, k.loPort
	}
	return k
}

// Hash returns the same number for both directions of a conversation, in every
// process: packets may be dealt out to workers by it, and all packets of a flow
// meet at the same one.
func (p *Packet) Hash() uint32 {
	src, dst := p.tuple()
	return endpointHash(src) + endpointHash(dst) + uint32(p.Protocol)
}

func endpointHash(a netip.AddrPort) uint32 {
	b := a.Addr().As16()
	h := binary.LittleEndian.Uint64(b[:8])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(b[8:])
	h = (h ^ uint64(a.Port())<<32) * 0xff51afd7ed558ccd
	return uint32(h >> 32)
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
