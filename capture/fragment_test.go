package capture

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"spanaudit/flow"
)

// fragments4 cuts a segment into IPv4 fragments of size bytes.
func fragments4(segment []byte, size int) (list [][]byte) {
	for at := 0; at < len(segment); at += size {
		end, word := at+size, uint16(at/8)|0x2000
		if end >= len(segment) {
			end, word = len(segment), uint16(at/8)
		}
		list = append(list, ip4(flow.UDP, word, segment[at:end]))
	}
	return list
}

// fragments6 cuts a destination option and a segment into IPv6 fragments.
func fragments6(segment []byte, size int) (list [][]byte) {
	segment = join([]byte{flow.UDP, 0, 1, 4, 0, 0, 0, 0}, segment)
	for at := 0; at < len(segment); at += size {
		end, word := at+size, uint16(at)|1
		if end >= len(segment) {
			end, word = len(segment), uint16(at)
		}
		list = append(list, ip6(fragment, join([]byte{destination, 0}, be.AppendUint16(nil, word), []byte{0, 0, 0, 9}, segment[at:end])))
	}
	return list
}

type reassembler struct {
	decoder
	batch Batch
	n     uint64
}

func newReassembler() *reassembler {
	r := new(reassembler)
	r.init()
	return r
}

func (r *reassembler) at(t time.Duration, frames ...[]byte) {
	for _, f := range frames {
		r.n++
		r.decode(&frame{data: f, length: len(f), link: linkRaw, number: r.n, time: flow.Time(t)}, &r.batch)
	}
}

func TestFragmentsInAnyOrder(t *testing.T) {
	text := strings.Repeat("what was cut must come together ", 5)
	for name, list := range map[string][][]byte{
		"ipv4": fragments4(udp(client4, server4, text), 48),
		"ipv6": fragments6(udp(client6, server6, text), 48),
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			for round := range 100 {
				order := random.Perm(len(list))
				if round%2 == 1 { // each a second time
					order = append(order, order...)
				}
				r := newReassembler()
				for _, i := range order {
					r.at(0, list[i])
				}
				if len(r.batch.Packets) != 1 || r.stats.Reassembled != 1 || r.stats.Fragments != uint64(len(order)) || r.fragments.drain() != 0 {
					t.Fatalf("order %v: %d packets, %+v", order, len(r.batch.Packets), r.stats)
				}
				p := r.batch.Packets[0]
				if string(p.Payload) != text || p.Checksum.Bad() || p.Src.Port() != 4000 || p.Protocol != flow.UDP || p.Frame.Number != uint64(len(list)) {
					t.Fatalf("order %v: %+v", order, p)
				}
			}
		})
	}
}

func TestReassembledLength(t *testing.T) {
	segment := udp(client4, server4, strings.Repeat("x", 100))
	r := newReassembler()
	r.at(0, fragments4(segment, 40)...)
	if got := r.batch.Packets[0].Length; got != 20+len(segment) {
		t.Errorf("length %d, wanted %d", got, 20+len(segment))
	}
}

// TestOverlaps sends fragments that say different things of the same bytes:
// the first to arrive holds.
func TestOverlaps(t *testing.T) {
	segment := udp(client4, server4, strings.Repeat("a", 56)) // 64 bytes
	evil := []byte(strings.Repeat("b", 64))
	piece := func(from, to int, data []byte) []byte {
		word := uint16(from / 8)
		if to < 64 {
			word |= 0x2000
		}
		return ip4(flow.UDP, word, data[from:to])
	}
	mixed := append([]byte(nil), segment...)
	copy(mixed[16:24], evil)
	copy(mixed[40:48], evil)
	for _, list := range [][][]byte{
		{piece(0, 32, segment), piece(8, 24, evil), piece(32, 64, segment)},
		{piece(0, 32, segment), piece(48, 64, segment), piece(16, 64, append(evil[:32:32], segment[32:]...))},
		{piece(16, 24, segment), piece(40, 48, segment), piece(0, 56, mixed), piece(56, 64, segment)},
	} {
		r := newReassembler()
		r.at(0, list...)
		if len(r.batch.Packets) != 1 || r.batch.Packets[0].Checksum.Bad() {
			t.Errorf("%+v %+v", r.batch.Packets, r.stats)
		}
	}
}

func TestFragmentsAreGivenUp(t *testing.T) {
	list := fragments4(udp(client4, server4, strings.Repeat("x", 200)), 64)
	t.Run("too old", func(t *testing.T) {
		r := newReassembler()
		r.at(0, list[0], list[1])
		r.at(fragmentAge+1, list[2:]...)
		if len(r.batch.Packets) != 0 || r.stats.FragmentsLost != 2 {
			t.Errorf("%+v", r.stats)
		}
		r.end()
		if r.stats.FragmentsLost != 4 {
			t.Errorf("at the end: %+v", r.stats)
		}
	})
	t.Run("identification used again", func(t *testing.T) {
		r := newReassembler()
		for i := range 3 {
			r.at(time.Duration(i)*2*time.Second, list...)
		}
		if r.stats.Reassembled != 3 || r.stats.FragmentsLost != 0 {
			t.Errorf("%+v", r.stats)
		}
	})
	t.Run("beyond 65535 bytes", func(t *testing.T) {
		r := newReassembler()
		r.at(0, ip4(flow.UDP, 0x1fff, make([]byte, 64)))
		if r.undecoded()["malformed fragment"] != 1 {
			t.Errorf("%v", r.undecoded())
		}
	})
	t.Run("beyond its own end", func(t *testing.T) {
		r := newReassembler()
		r.at(0, ip4(flow.UDP, 8, make([]byte, 64)), ip4(flow.UDP, 0x2000|32, make([]byte, 64)))
		if r.stats.FragmentsLost != 2 || r.fragments.bytes != 0 {
			t.Errorf("%+v, %d bytes", r.stats, r.fragments.bytes)
		}
	})
	t.Run("many", func(t *testing.T) {
		r := newReassembler()
		for i := range 100_000 {
			f := ip4(flow.UDP, 0x2000|uint16(i%64), make([]byte, 1400))
			be.PutUint16(f[4:], uint16(i))
			f[15] = byte(i >> 16)
			r.at(time.Duration(i), f)
		}
		if n := len(r.fragments.open); n > maxDatagrams || r.fragments.bytes > maxDatagramBytes || len(r.fragments.queue) > maxDatagrams {
			t.Errorf("%d datagrams, %d bytes, %d queued", n, r.fragments.bytes, len(r.fragments.queue))
		}
		r.end()
		if r.stats.FragmentsLost != 100_000 {
			t.Errorf("%+v", r.stats)
		}
	})
	t.Run("crumbs", func(t *testing.T) {
		r := newReassembler()
		for i := range 4000 {
			r.at(0, ip4(flow.UDP, 0x2000|uint16(2*i), make([]byte, 8)))
		}
		for key, g := range r.fragments.open {
			if len(g.have) > maxDatagramSpans+1 {
				t.Errorf("%v: %d spans", key, len(g.have))
			}
		}
	})
}

func TestCutFragmentIsNotPutTogether(t *testing.T) {
	list := fragments4(udp(client4, server4, strings.Repeat("x", 100)), 64)
	b, st := decodeOne(linkRaw, list[0][:60], len(list[0]))
	if len(b.Packets) != 0 || st.Undecoded["cut by snaplen"] != 1 || st.FragmentsLost != 1 {
		t.Errorf("%s", fmt.Sprintf("%+v %+v", b, st))
	}
}
