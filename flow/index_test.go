package flow

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// The index finds what a map would find, whatever was added and removed before,
// and in either direction.
func TestIndexIsAMap(t *testing.T) {
	type ends struct{ a, b netip.AddrPort }
	random := rand.New(rand.NewPCG(1, 2))
	end := func() netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(random.IntN(8))}), uint16(random.IntN(64)))
	}
	s, x, want := newSeed(), newIndex(), map[ends]*Flow{}
	x.slots = x.slots[:4]
	for range 100_000 {
		a, b := end(), end()
		if a == b {
			continue
		}
		h := s.tuple(UDP, s.end(a), s.end(b))
		f := x.find(h, UDP, a, b)
		known, ok := want[ends{a, b}]
		if !ok {
			known = want[ends{b, a}]
		}
		if f != known || x.used != len(want) {
			t.Fatalf("%v and %v: found %p of %d, wanted %p of %d", a, b, f, x.used, known, len(want))
		}
		switch {
		case f == nil && len(want) < 3000:
			f = &Flow{Protocol: UDP, Client: Half{Addr: a}, Server: Half{Addr: b}, hash: h}
			want[ends{a, b}] = f
			x.add(f)
		case f != nil && random.IntN(3) == 0:
			delete(want, ends{f.Client.Addr, f.Server.Addr})
			x.remove(f)
		}
	}
	for e, f := range want {
		if h := s.tuple(UDP, s.end(e.a), s.end(e.b)); x.find(h, TCP, e.a, e.b) != nil || x.find(h, UDP, e.a, e.b) != f {
			t.Fatal("a flow of another protocol was found")
		}
	}
}
