package record

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"path/filepath"
	"reflect"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

const (
	second = flow.Time(1e9)
	all    = flow.Time(math.MinInt64)
	ever   = flow.Time(math.MaxInt64)
)

// begun is when the clock of these tests begins.
const begun = 1_795_000_000 * second

// snapshots is a flow.Handler that keeps what flows come to.
type snapshots struct{ flows []flow.Flow }

func (s *snapshots) Segment(*flow.Flow, *flow.Half)                {}
func (s *snapshots) Datagram(*flow.Flow, *flow.Half, *flow.Packet) {}
func (s *snapshots) End(f *flow.Flow)                              { s.flows = append(s.flows, f.Snapshot()) }

// flowAt returns the record of a flow of two packets, the last at the time; n is
// its order and tells it from others.
func flowAt(n int, at flow.Time) *classify.Record {
	s := &snapshots{}
	t := flow.NewTable(flow.Config{}, s)
	client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), uint16(40000+n>>16))
	server := netip.MustParseAddrPort("192.0.2.7:443")
	for i, p := range []flow.Packet{
		{Src: client, Dst: server, SrcMAC: flow.MAC{2, 0, 0, 0, byte(n >> 8), byte(n)}, Frame: flow.Frame{Time: at - second/10}},
		{Src: server, Dst: client, SrcMAC: flow.MAC{2, 1, 1, 1, 1, 1}, Frame: flow.Frame{Time: at}},
	} {
		p.Protocol, p.TTL, p.Length, p.Payload = flow.UDP, 64, 128, make([]byte, 100)
		p.Frame.Number = uint64(2*n + i + 1)
		t.Add(&p, uint64(n))
	}
	t.Flush()
	return &classify.Record{Flow: &s.flows[0], Facts: classify.Facts{Protocol: classify.ProtoTLS, TLS: &classify.TLS{
		ClientHello: true, ServerName: fmt.Sprintf("host-%d.example.com", n%50), OfferedSuites: []classify.CipherSuite{0x1301, 0x1302, 0xc02f},
	}}, Evidence: []classify.Evidence{{What: "ClientHello", Frame: flow.Frame{Number: uint64(2*n + 1), Time: at - second/10}}}}
}

// heard is a rules.Witness that keeps what it is told.
type heard struct{ events []any }

func (h *heard) Learned(client netip.Addr, at flow.Frame, l classify.Learned) {
	h.events = append(h.events, event{kind: learned, client: client, at: at, learned: l})
}
func (h *heard) ARP(claim flow.ARP) { h.events = append(h.events, claim) }
func (h *heard) Known(r *classify.Record, at flow.Frame) {
	h.events = append(h.events, event{kind: known, record: r, at: at})
}
func (h *heard) Session(t *classify.TLS, start flow.Time, at flow.Frame) {
	h.events = append(h.events, event{kind: session, tls: t, start: start, at: at})
}
func (h *heard) Ended(r *classify.Record) { h.events = append(h.events, r) }

// orders returns the orders of the flows that were heard of.
func (h *heard) orders() (list []uint64) {
	for _, e := range h.events {
		if r, ok := e.(*classify.Record); ok {
			list = append(list, r.Order())
		}
	}
	return list
}

func open(t testing.TB, path string, opt Options) *Store {
	t.Helper()
	s, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func begin(t testing.TB, s *Store, at flow.Time) *Writer {
	t.Helper()
	w, err := s.Begin(context.Background(), Run{Inputs: []string{"eth0"}, Started: at})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func replayed(t *testing.T, s *Store, from, to flow.Time) (*heard, Span) {
	t.Helper()
	h := &heard{}
	sp, err := s.Replay(context.Background(), from, to, h)
	must(t, err)
	return h, sp
}

func newRecord(t testing.TB) string { return filepath.Join(t.TempDir(), "record.db") }

func answer(n int, at flow.Time) (netip.Addr, flow.Frame, classify.Learned) {
	address := netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})
	return netip.MustParseAddr("10.0.0.1"), flow.Frame{Number: uint64(n), Time: at}, classify.Learned{
		Names:  []classify.Name{{Query: fmt.Sprintf("name-%d.example.com", n), Canonical: "x.example.net", Address: address, TTL: 60}},
		Leases: []classify.Lease{{MessageType: 5, ClientMAC: flow.MAC{2}, YourIP: address}},
	}
}

// What is told is what was written, in its order, byte for byte.
func TestReplayTellsWhatWasWritten(t *testing.T) {
	path := newRecord(t)
	s := open(t, path, Options{})
	w := begin(t, s, begun)
	want := &heard{}
	for _, to := range []rules.Witness{w, want} {
		to.Learned(answer(1, begun))
		to.ARP(flow.ARP{Frame: flow.Frame{Number: 3, Time: begun + 1}, IP: netip.MustParseAddr("10.0.0.9"), MAC: flow.MAC{2, 9}, VLAN: 7})
		to.Known(flowAt(4, begun+second), flow.Frame{Number: 4, Time: begun + 2})
		to.Session(&classify.TLS{SessionKeys: [][32]byte{{1}}, Resumed: classify.No}, begun, flow.Frame{Number: 5, Time: begun + 3})
		to.Ended(flowAt(6, begun+2*second))
	}
	must(t, w.Commit(context.Background(), begun+2*second))
	for _, to := range []rules.Witness{w, want} {
		to.Ended(flowAt(7, begun+3*second))
	}
	must(t, w.Close(context.Background(), begun+4*second))
	must(t, s.Close())

	s, err := OpenReadOnly(path)
	must(t, err)
	defer s.Close()
	got, sp := replayed(t, s, all, ever)
	if !reflect.DeepEqual(got.events, want.events) {
		t.Errorf("told\n%+v\nwritten\n%+v", got.events, want.events)
	}
	if sp.Events != 6 || sp.Flows != 2 || len(sp.Blind) > 0 || sp.Running || sp.From != begun || sp.To != begun+4*second {
		t.Errorf("%+v", sp)
	}
	if len(sp.Inputs) != 1 || sp.Inputs[0].Name != "eth0" {
		t.Errorf("inputs %+v", sp.Inputs)
	}
}

// Of times that follow each other each has its own flows, and all have every one.
func TestFlowsBelongToTheTimeOfTheirLastPacket(t *testing.T) {
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	w.Learned(answer(1, begun))
	for i := range 100 {
		w.Ended(flowAt(i, begun+flow.Time(99-i)*second)) // those of a batch are in no order of time
		if i%7 == 6 {
			must(t, w.Commit(context.Background(), begun+100*second))
		}
	}
	must(t, w.Close(context.Background(), begun+100*second))
	times := []flow.Time{all, begun + 20*second, begun + 21*second, begun + 70*second, ever}
	count := map[uint64]int{}
	for i := range times[1:] {
		h, sp := replayed(t, s, times[i], times[i+1])
		for _, order := range h.orders() {
			count[order]++
			if end := begun + flow.Time(99-order)*second; end < times[i] || end >= times[i+1] {
				t.Errorf("flow %d, whose end is at second %d, is told of time %d", order, (end-begun)/second, i)
			}
		}
		if sp.Flows != uint64(len(h.orders())) {
			t.Errorf("%d flows are counted, %d were told", sp.Flows, len(h.orders()))
		}
	}
	for i := range uint64(100) {
		if count[i] != 1 {
			t.Errorf("flow %d is told %d times", i, count[i])
		}
	}
}

// A name that was told before the time is known in it; a lease is not judged
// twice.
func TestNamesOfTheDayBeforeAreTold(t *testing.T) {
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	w.Learned(answer(1, begun-25*3600*second))
	w.Learned(answer(2, begun))
	must(t, w.Commit(context.Background(), begun))
	w.Learned(answer(3, begun+3600*second))
	must(t, w.Close(context.Background(), begun+3600*second))
	h, sp := replayed(t, s, begun+second, ever)
	if len(h.events) != 2 || sp.Events != 1 {
		t.Fatalf("%d events are told and %d counted; 2 and 1 are wanted", len(h.events), sp.Events)
	}
	before, within := h.events[0].(event).learned, h.events[1].(event).learned
	if before.Names[0].Query != "name-2.example.com" || len(before.Leases) != 0 || len(within.Leases) != 1 {
		t.Errorf("%+v, then %+v", before, within)
	}
}

// Inputs of each run are their own, and so are the frames of its flows.
func TestFramesOfRunsAreToldApart(t *testing.T) {
	s := open(t, newRecord(t), Options{})
	for i := range 3 {
		at := begun + flow.Time(i)*100*second
		w := begin(t, s, at)
		w.Ended(flowAt(1, at+second))
		w.Count(at+second, Counters{Frames: []uint64{uint64(10 + i)}})
		must(t, w.Close(context.Background(), at+2*second))
	}
	h, sp := replayed(t, s, all, ever)
	for i, e := range h.events {
		if r := e.(*classify.Record); r.Client.First.Input != i || r.Evidence[0].Frame.Input != i || r.Client.Relay != nil {
			t.Errorf("flow %d: %+v", i, r.Client)
		}
	}
	if len(sp.Inputs) != 3 || sp.Inputs[2].Frames != 12 || sp.Inputs[2].Started != begun+200*second {
		t.Errorf("%+v", sp.Inputs)
	}
}
