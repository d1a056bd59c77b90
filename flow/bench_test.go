package flow

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// content is a handler that has all the facts it wants of a TCP flow once both
// sides have spoken.
type content struct{}

func (content) Segment(f *Flow, _ *Half) {
	if len(f.Client.Head()) > 0 && len(f.Server.Head()) > 0 {
		f.Release()
	}
}
func (content) Datagram(*Flow, *Half, *Packet) {}
func (content) End(*Flow)                      {}

// The steady state of a flow costs no memory: neither media nor what a
// connection carries after its handshake.
func TestFurtherPacketsAllocateNothing(t *testing.T) {
	c := converse(1000, 9000).open().send(0, ACK, "hello").send(1, ACK, "world")
	for name, protocol := range map[string]uint8{"TCP": TCP, "UDP": UDP} {
		table := NewTable(Config{}, content{})
		for i := range c.packets {
			c.packets[i].Protocol = protocol
			table.Add(&c.packets[i], uint64(i))
		}
		p, order := c.packets[len(c.packets)-1], uint64(len(c.packets))
		p.Payload = make([]byte, 1400)
		allocations := testing.AllocsPerRun(1000, func() {
			p.Frame.Time += Time(time.Millisecond) * 2
			p.Seq += uint32(len(p.Payload))
			p.IPID++
			order++
			table.Add(&p, order)
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations a packet", name, allocations)
		}
	}
}

// storm is short connections of many hosts, interleaved: every packet belongs to
// another flow than the one before.
func storm(flows int) (packets []Packet) {
	c := converse(1000, 9000).open()
	c.send(0, ACK|PSH, strings.Repeat("c", 300)).send(1, ACK, strings.Repeat("s", 1448)).send(1, ACK|PSH, strings.Repeat("s", 600))
	c.send(0, ACK|PSH, strings.Repeat("c", 80)).send(1, ACK|PSH, strings.Repeat("s", 200)).close()
	for i := range flows {
		host := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 40000)
		for _, p := range c.packets {
			p.Frame.Time += Time(i) * Time(time.Second/1400)
			if p.Src == client {
				p.Src = host
			} else {
				p.Dst = host
			}
			packets = append(packets, p)
		}
	}
	slices.SortStableFunc(packets, func(a, b Packet) int { return int(a.Frame.Time - b.Frame.Time) })
	return packets
}

func BenchmarkAdd(b *testing.B) {
	packets := storm(20_000)
	b.ReportAllocs()
	for b.Loop() {
		table := NewTable(Config{}, content{})
		for i := range packets {
			table.Add(&packets[i], uint64(i))
		}
		table.Flush()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(packets)), "ns/packet")
}
