package flow

import "net/netip"

// index finds flows by their 5-tuple without direction. VLAN tags are no part
// of it: a mirror port often tags the two directions differently. It keeps
// hashes beside pointers, so that looking for a flow touches one cache line of
// it and the flow itself, and costs 16 bytes a slot.
type index struct {
	slots []slot // a power of two of them, open addressing
	used  int
}

type slot struct {
	hash uint32
	flow *Flow // nil of a free slot
}

func newIndex() index { return index{slots: make([]slot, 1<<10)} }

// find returns the flow between two ends, whose hash is h, or nil.
func (x *index) find(h uint32, protocol uint8, a, b netip.AddrPort) *Flow {
	mask := uint32(len(x.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := &x.slots[i]
		if s.flow == nil || s.hash == h && s.flow.between(protocol, a, b) {
			return s.flow
		}
	}
}

// add enters a flow that find did not.
func (x *index) add(f *Flow) {
	if 4*x.used >= 3*len(x.slots) {
		x.resize(2 * len(x.slots))
	}
	x.put(slot{f.hash, f})
	x.used++
}

func (x *index) put(s slot) {
	mask := uint32(len(x.slots) - 1)
	i := s.hash & mask
	for x.slots[i].flow != nil {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}

// remove takes a flow out and moves those behind it up that were pushed away
// from their place.
func (x *index) remove(f *Flow) {
	mask := uint32(len(x.slots) - 1)
	i := f.hash & mask
	for x.slots[i].flow != f {
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; x.slots[j].flow != nil; j = (j + 1) & mask {
		if home := x.slots[j].hash & mask; (j-home)&mask >= (j-i)&mask {
			x.slots[i] = x.slots[j]
			i = j
		}
	}
	x.slots[i] = slot{}
	x.used--
}

func (x *index) resize(n int) {
	old := x.slots
	x.slots = make([]slot, n)
	for _, s := range old {
		if s.flow != nil {
			x.put(s)
		}
	}
}

// between reports whether the flow's ends are these, in either order.
func (f *Flow) between(protocol uint8, a, b netip.AddrPort) bool {
	return f.Protocol == protocol &&
		(f.Client.Addr == a && f.Server.Addr == b || f.Client.Addr == b && f.Server.Addr == a)
}
