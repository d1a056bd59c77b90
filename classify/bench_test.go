package classify

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"spanaudit/flow"
)

// media is a UDP flow of RTP, a packet every two milliseconds.
func media(packets int) (list []flow.Packet) {
	for n := range packets {
		payload := rtpPacket(uint16(n), 96, 7, 1400)
		list = append(list, flow.Packet{
			Frame:    flow.Frame{Number: uint64(n + 1), Time: flow.Time(time.Hour).Add(time.Duration(n) * 2 * time.Millisecond)},
			Protocol: flow.UDP, Src: ends[0], Dst: ends[1], IPID: uint16(n), Length: 28 + len(payload), Payload: payload,
		})
	}
	return list
}

// Once a flow is known, what it carries costs no memory.
func TestFurtherPacketsAllocateNothing(t *testing.T) {
	w := connect(tlsTurns(t, "tls13.0")...)
	for range 3000 {
		w.send(0, flow.ACK, make([]byte, 1400))
	}
	for name, packets := range map[string][]flow.Packet{"TLS": w.packets, "RTP": media(3000)} {
		l := &log{}
		table := flow.NewTable(flow.Config{}, NewAnalyzer(l))
		next := 0
		add := func() {
			table.Add(&packets[next], uint64(next))
			next++
		}
		for next < 100 {
			add()
		}
		if n := testing.AllocsPerRun(1000, add); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}

// forgetful is a Sink that keeps nothing.
type forgetful struct{}

func (forgetful) Learned(*flow.Flow, flow.Frame, Learned) {}
func (forgetful) Known(*Record, flow.Frame)               {}
func (forgetful) Early(*Record)                           {}
func (forgetful) Session(*flow.Flow, flow.Frame, *TLS)    {}
func (forgetful) Ended(*Record)                           {}

// A connection that is open and whose facts are complete costs no more than 1
// KiB, the table's index included: a million of them fit into a gigabyte.
func TestOpenFlowsAreSmall(t *testing.T) {
	const flows, most = 50_000, 1024
	for _, name := range []string{"tls13.0", "tls12-ecdhe.0"} {
		packets := connect(tlsTurns(t, name)...).packets
		table := flow.NewTable(flow.Config{}, NewAnalyzer(forgetful{}))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range flows {
			host := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(1000+i>>16))
			for _, p := range packets {
				table.Add(with(host, p), uint64(i))
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if n := (after.HeapAlloc - before.HeapAlloc) / flows; n > most || table.Stats().Flows != flows {
			t.Errorf("%s: %d bytes each of %d flows, no more than %d are wanted", name, n, table.Stats().Flows, most)
		}
	}
}

// BenchmarkAnalyzer is what a whole flow costs, from its first packet to its
// record.
func BenchmarkAnalyzer(b *testing.B) {
	for name, packets := range map[string][]flow.Packet{
		"tls12": connect(tlsTurns(b, "tls12-ecdhe.0")...).packets,
		"tls13": connect(tlsTurns(b, "tls13.0")...).packets,
		"rtp":   media(1000),
	} {
		b.Run(name, func(b *testing.B) {
			l := &log{}
			table := flow.NewTable(flow.Config{}, NewAnalyzer(l))
			b.ReportAllocs()
			for b.Loop() {
				for i := range packets {
					packets[i].Frame.Time += flow.Time(time.Minute) // else the packets of the next flow are duplicates
					table.Add(&packets[i], uint64(i))
				}
				table.Flush()
				*l = log{}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(packets)), "ns/packet")
		})
	}
}
