package flow

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	client = netip.MustParseAddrPort("10.0.0.1:40000")
	server = netip.MustParseAddrPort("192.0.2.9:443")
)

// recorder keeps what a table told it.
type recorder struct {
	ended     []*Flow
	reasons   []EndReason
	client    string
	server    string
	datagrams int
}

func (r *recorder) Segment(f *Flow, from *Half) {
	r.client, r.server = string(f.Client.Head()), string(f.Server.Head())
}
func (r *recorder) Datagram(*Flow, *Half, *Packet) { r.datagrams++ }
func (r *recorder) End(f *Flow) {
	if f.Protocol == TCP {
		r.client, r.server = string(f.Client.Head()), string(f.Server.Head())
	}
	ended := *f
	r.ended = append(r.ended, &ended)
	r.reasons = append(r.reasons, f.Reason)
}

// conversation writes packets with the sequence numbers of a real connection.
type conversation struct {
	packets []Packet
	now     Time
	seq     [2]uint32
}

func converse(clientISN, serverISN uint32) *conversation {
	return &conversation{now: Time(time.Hour), seq: [2]uint32{clientISN, serverISN}}
}

func (c *conversation) send(side int, flags uint8, payload string) *conversation {
	src, dst := client, server
	if side == 1 {
		src, dst = dst, src
	}
	c.now += Time(time.Millisecond * 2)
	p := Packet{
		Frame:    Frame{Number: uint64(len(c.packets) + 1), Time: c.now},
		Protocol: TCP, Src: src, Dst: dst, Flags: flags, Seq: c.seq[side],
		Length: 40 + len(payload), Payload: []byte(payload), IPID: uint16(len(c.packets)),
	}
	if flags&ACK != 0 {
		p.Ack = c.seq[1-side]
	}
	c.seq[side] += uint32(len(payload))
	if flags&(SYN|FIN) != 0 {
		c.seq[side]++
	}
	c.packets = append(c.packets, p)
	return c
}

func (c *conversation) open() *conversation {
	return c.send(0, SYN, "").send(1, SYN|ACK, "").send(0, ACK, "")
}

func (c *conversation) close() *conversation {
	return c.send(0, FIN|ACK, "").send(1, FIN|ACK, "").send(0, ACK, "")
}

func run(cfg Config, packets []Packet) (*recorder, *Table) {
	r := &recorder{}
	t := NewTable(cfg, r)
	for i := range packets {
		t.Add(&packets[i], uint64(i+1))
	}
	t.Flush()
	return r, t
}

func TestHandshakeSettlesRolesAndOrder(t *testing.T) {
	c := converse(1000, 9000).open().send(0, ACK|PSH, "hello").send(1, ACK|PSH, "world").close()
	r, _ := run(Config{}, c.packets)
	if len(r.ended) != 1 {
		t.Fatalf("%d flows, want 1", len(r.ended))
	}
	f := r.ended[0]
	if f.Client.Addr != client || f.Ground != Handshake || f.Midstream() || f.OneSided() {
		t.Errorf("client %v by %v, midstream %v, one-sided %v", f.Client.Addr, f.Ground, f.Midstream(), f.OneSided())
	}
	if f.Reason != EndOfFlow || !f.Established() {
		t.Errorf("reason %v, established %v", f.Reason, f.Established())
	}
	if r.client != "hello" || r.server != "world" {
		t.Errorf("heads %q %q", r.client, r.server)
	}
	if f.Client.Payload != 5 || f.Client.Unseen() != 0 || f.Server.Unseen() != 0 {
		t.Errorf("payload %d, unseen %d %d", f.Client.Payload, f.Client.Unseen(), f.Server.Unseen())
	}
}

func TestSYNACKAloneTellsWhoIsWho(t *testing.T) {
	c := converse(1000, 9000).open().send(1, ACK, "banner")
	r, _ := run(Config{}, c.packets[1:])
	if f := r.ended[0]; f.Client.Addr != client || f.Ground != Handshake || !f.Server.SYN {
		t.Errorf("client %v by %v", f.Client.Addr, f.Ground)
	}
	if r.server != "banner" {
		t.Errorf("server head %q", r.server)
	}
}

// Every order of the same segments gives the same heads, also where sequence
// numbers wrap.
func TestEveryOrderGivesTheSameHead(t *testing.T) {
	for _, isn := range []uint32{0, 77, 1<<32 - 1, 1<<32 - 7, 1 << 31} {
		c := converse(isn, isn+5).open()
		for _, part := range []string{"abc", "defgh", "i", "jklmnop"} {
			c.send(0, ACK, part)
		}
		for _, order := range permutations(4) {
			packets := append([]Packet{}, c.packets[:3]...)
			for _, i := range order {
				packets = append(packets, c.packets[3+i])
			}
			r, _ := run(Config{}, packets)
			if r.client != "abcdefghijklmnop" {
				t.Errorf("isn %d order %v: head %q", isn, order, r.client)
			}
			if f := r.ended[0]; f.Client.Unseen() != 0 || f.Client.Retransmitted != 0 {
				t.Errorf("isn %d order %v: unseen %d, retransmitted %d", isn, order, f.Client.Unseen(), f.Client.Retransmitted)
			}
		}
	}
}

func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{{}}
	}
	for _, p := range permutations(n - 1) {
		for at := 0; at <= len(p); at++ {
			q := append([]int{}, p[:at]...)
			all = append(all, append(append(q, n-1), p[at:]...))
		}
	}
	return all
}

func TestRetransmissionsAndOverlaps(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "abcdef").send(0, ACK, "ghij")
	again := c.packets[3]
	again.Frame.Time, again.IPID = c.now+Time(time.Second), 99
	longer := again
	longer.Payload, longer.IPID = []byte("ABCDEFGHIJkl"), 100
	r, _ := run(Config{}, append(c.packets, again, longer))
	if r.client != "abcdefghijkl" {
		t.Errorf("head %q; bytes seen first must stand", r.client)
	}
	if f := r.ended[0]; f.Client.Retransmitted != 1 {
		t.Errorf("retransmitted %d, want 1", f.Client.Retransmitted)
	}
}

func TestLossLeavesAGapAndIsCounted(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "abc").send(0, ACK, "LOST").send(0, ACK, "xyz").close()
	packets := append(append([]Packet{}, c.packets[:4]...), c.packets[5:]...)
	r, _ := run(Config{}, packets)
	f := r.ended[0]
	if r.client != "abcxyz" || !slices.Equal(f.Client.Gaps(), []int{3}) || f.Client.Unseen() != 4 {
		t.Errorf("head %q, gaps %d, unseen %d", r.client, f.Client.Gaps(), f.Client.Unseen())
	}
}

func TestSnaplenCutIsAGap(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "abcdef").send(0, ACK, "ghi")
	c.packets[3].Payload, c.packets[3].Missing = c.packets[3].Payload[:2], 4
	r, _ := run(Config{}, c.packets)
	f := r.ended[0]
	if r.client != "abghi" || !slices.Equal(f.Client.Gaps(), []int{2}) || f.Client.Cut != 1 || f.Client.Unseen() != 0 {
		t.Errorf("head %q, gaps %d, cut %d, unseen %d", r.client, f.Client.Gaps(), f.Client.Cut, f.Client.Unseen())
	}
}

func TestGapsAreBounded(t *testing.T) {
	c := converse(1, 1).open()
	for range 2 * maxGaps {
		c.send(0, ACK, "ab")
	}
	for i := range c.packets[3:] {
		c.packets[3+i].Payload, c.packets[3+i].Missing = c.packets[3+i].Payload[:1], 1
	}
	r, _ := run(Config{}, c.packets)
	gaps := r.ended[0].Client.Gaps()
	if len(gaps) != maxGaps || gaps[0] != 1 || gaps[maxGaps-1] != maxGaps || len(r.client) != maxGaps {
		t.Errorf("gaps %d in a head of %d bytes", gaps, len(r.client))
	}
}

func TestMidstreamAndOneSided(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "abc").send(1, ACK, "def")
	r, _ := run(Config{}, c.packets[3:])
	if f := r.ended[0]; !f.Midstream() || f.OneSided() || !f.Client.Joined() {
		t.Errorf("midstream %v, one-sided %v, joined %v", f.Midstream(), f.OneSided(), f.Client.Joined())
	}
	r, _ = run(Config{}, c.packets[3:4])
	if f := r.ended[0]; !f.OneSided() {
		t.Error("a lone data segment is one side of two")
	}
	r, _ = run(Config{}, c.packets[:1])
	if f := r.ended[0]; f.OneSided() || f.Established() || f.Answered() {
		t.Error("a lone SYN is an attempt, not a one-sided flow")
	}
}

func TestDepthBoundsTheHead(t *testing.T) {
	c := converse(1, 1).open()
	for range 10 {
		c.send(0, ACK, strings.Repeat("x", 1000))
	}
	r, _ := run(Config{Depth: 4500}, c.packets)
	if len(r.client) != 4500 {
		t.Errorf("head of %d bytes, want 4500", len(r.client))
	}
	if f := r.ended[0]; f.Client.Payload != 10000 || f.Client.Unseen() != 0 {
		t.Errorf("payload %d, unseen %d", f.Client.Payload, f.Client.Unseen())
	}
}

// dropper drops the bytes from one offset up to another as soon as they are there.
type dropper struct {
	recorder
	from, to int
	dropped  bool
	frames   []uint64 // of each byte of the client's head
}

func (d *dropper) Segment(f *Flow, from *Half) {
	if !d.dropped && len(f.Client.Head()) >= d.to {
		d.dropped = f.Client.Drop(d.from, d.to)
	}
	d.recorder.Segment(f, from)
	d.frames = d.frames[:0]
	for i := range f.Client.Head() {
		d.frames = append(d.frames, f.Client.FrameAt(i).Number)
	}
}

func TestDroppedBytesAreGoneAndCountTowardsTheDepth(t *testing.T) {
	const text = "abcdefghijklmnopqrstuvwxyz"
	c := converse(1, 1).open()
	for i := range text {
		c.send(0, ACK, text[i:i+1])
	}
	for from := range len(text) {
		for to := from + 1; to <= len(text); to++ {
			for _, depth := range []int{20, 100} {
				d := &dropper{from: from, to: to}
				table := NewTable(Config{Depth: depth}, d)
				for i := range c.packets {
					table.Add(&c.packets[i], uint64(i))
				}
				kept := text[:min(len(text), depth)]
				if dropped := to <= len(kept); d.dropped != dropped {
					t.Fatalf("%d to %d: dropped %v", from, to, d.dropped)
				} else if dropped {
					kept = kept[:from] + kept[to:]
				}
				for i := range kept {
					if want := uint64(4 + strings.Index(text, kept[i:i+1])); i < len(d.frames) && d.frames[i] != want {
						t.Fatalf("%d to %d, depth %d: byte %d of frame %d, not %d", from, to, depth, i, d.frames[i], want)
					}
				}
				if d.client != kept {
					t.Fatalf("%d to %d, depth %d: %q is left, not %q", from, to, depth, d.client, kept)
				}
			}
		}
	}
}

func TestDropMovesTheGapsBehindItAndNone(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "abcd").send(0, ACK, "lost").send(0, ACK, strings.Repeat("x", maxPending)).send(0, ACK, "y")
	packets := slices.Delete(slices.Clone(c.packets), 4, 5)
	for _, drop := range []struct {
		from, to int
		gaps     []int
	}{{1, 3, []int{2}}, {1, 4, []int{1}}, {3, 5, nil}, {4, 6, nil}, {5, 7, []int{4}}} {
		d := &dropper{from: drop.from, to: drop.to}
		table := NewTable(Config{Depth: 1 << 20}, d)
		for i := range packets {
			table.Add(&packets[i], uint64(i))
		}
		table.Flush()
		f := d.ended[0]
		if gaps := f.Client.Gaps(); d.dropped != (drop.gaps != nil) || d.dropped && !slices.Equal(gaps, drop.gaps) {
			t.Errorf("%d to %d: %v, gaps %d", drop.from, drop.to, d.dropped, gaps)
		}
	}
}

func TestHeldBytesAreBounded(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "lost")
	for range 500 {
		c.send(0, ACK, strings.Repeat("x", 1400))
	}
	packets := append(append([]Packet{}, c.packets[:3]...), c.packets[4:]...)
	r := &recorder{}
	table := NewTable(Config{}, r)
	for i := range packets {
		table.Add(&packets[i], uint64(i))
		if table.held > 4*(64<<10) {
			t.Fatalf("%d bytes held after %d packets", table.held, i)
		}
	}
	if len(r.client) == 0 {
		t.Error("the hole was never given up")
	}
	table.Flush()
	if table.held != 0 {
		t.Errorf("%d bytes still held", table.held)
	}
}

func TestBudgetStarvesAFlowAndSaysSo(t *testing.T) {
	c := converse(1, 1).open()
	for range 20 {
		c.send(0, ACK, strings.Repeat("x", 1000))
	}
	r, table := run(Config{MaxBytes: 5000}, c.packets)
	if !r.ended[0].Starved || table.Stats().Starved != 1 {
		t.Errorf("starved %v, counted %d", r.ended[0].Starved, table.Stats().Starved)
	}
}

// releaser is a handler that wants no more than a flow's first bytes.
type releaser struct{ recorder }

func (r *releaser) Segment(f *Flow, _ *Half) { f.Release() }

func TestReleasedBytesAreFreeForOtherFlows(t *testing.T) {
	r := &releaser{}
	table := NewTable(Config{MaxBytes: 5000}, r)
	for i := range 100 {
		c := converse(uint32(i), uint32(i)).open().send(0, ACK, strings.Repeat("x", 1000)).send(1, ACK, strings.Repeat("y", 1000))
		for j := range c.packets {
			p := c.packets[j]
			port := netip.AddrPortFrom(client.Addr(), uint16(1000+i))
			if p.Src == client {
				p.Src = port
			} else {
				p.Dst = port
			}
			table.Add(&p, uint64(10*i+j))
		}
	}
	if table.held != 0 || table.Stats().Starved != 0 {
		t.Errorf("%d bytes held, %d flows starved", table.held, table.Stats().Starved)
	}
}

func TestPortReuseBeginsANewFlow(t *testing.T) {
	first := converse(1000, 2000).open().send(0, ACK, "one").close()
	second := converse(500000, 600000)
	second.now = first.now
	second.open().send(0, ACK, "two").close()
	r, _ := run(Config{}, append(first.packets, second.packets...))
	if len(r.ended) != 2 {
		t.Fatalf("%d flows, want 2", len(r.ended))
	}
	if r.client != "two" {
		t.Errorf("second head %q", r.client)
	}
}

func TestOfSeveralSYNACKsTheAcknowledgedOneCounts(t *testing.T) {
	c := converse(1, 5000).send(0, SYN, "").send(1, SYN|ACK, "")
	other := c.packets[1]
	other.Seq, other.IPID = 777000, 55
	c.seq[1] = 5001
	c.send(0, ACK, "hi").send(1, ACK, "yes")
	packets := []Packet{c.packets[0], other, c.packets[1], c.packets[2], c.packets[3]}
	r, _ := run(Config{}, packets)
	if len(r.ended) != 1 || r.server != "yes" {
		t.Errorf("%d flows, server head %q", len(r.ended), r.server)
	}
}

func TestTimeoutsFollowThePacketsClock(t *testing.T) {
	r := &recorder{}
	table := NewTable(Config{ShortIdle: time.Minute}, r)
	p := Packet{Protocol: UDP, Src: client, Dst: server, Frame: Frame{Time: Time(time.Hour)}}
	table.Add(&p, 1)
	table.Advance(p.Frame.Time.Add(59 * time.Second))
	if len(r.ended) != 0 {
		t.Fatal("ended too early")
	}
	table.Advance(p.Frame.Time.Add(61 * time.Second))
	if len(r.ended) != 1 || r.ended[0].Reason != IdleTimeout {
		t.Fatal("not ended by its idle timeout")
	}
}

// settling is a recorder whose flows are settled by their second datagram.
type settling struct{ recorder }

func (s *settling) Datagram(f *Flow, from *Half, p *Packet) {
	if f.Client.Packets+f.Server.Packets == 2 {
		f.Settle()
	}
}

// A flow that is settled ends as soon as a closed connection does, unless another
// datagram comes.
func TestASettledFlowEndsSoon(t *testing.T) {
	for _, c := range []struct {
		datagrams int
		ended     bool
	}{{1, false}, {2, true}, {3, false}} {
		s := &settling{}
		table := NewTable(Config{}, s)
		var at Time
		for i := range c.datagrams {
			at = Time(time.Hour).Add(time.Duration(i) * time.Second)
			p := Packet{Protocol: UDP, IPID: uint16(i), Src: client, Dst: server, Frame: Frame{Time: at}}
			if i == 1 {
				p.Src, p.Dst = server, client
			}
			table.Add(&p, uint64(i))
		}
		table.Advance(at.Add(14 * time.Second))
		if len(s.ended) != 0 {
			t.Errorf("after %d datagrams it does not wait for stragglers", c.datagrams)
		}
		table.Advance(at.Add(16 * time.Second))
		if ended := len(s.ended) == 1; ended != c.ended || ended && s.reasons[0] != IdleTimeout {
			t.Errorf("after %d datagrams: ended %v %v", c.datagrams, ended, s.reasons)
		}
	}
}

// A capture that loses packets loses FINs, too: what one side has closed and nobody
// uses any more is not kept for as long as what nobody has closed.
func TestAConnectionThatOneSideClosedEndsSoon(t *testing.T) {
	for name, c := range map[string]struct {
		packets *conversation
		reasons []EndReason
	}{
		"open":               {converse(1, 5000).open().send(0, ACK, "hello").send(1, ACK, "world"), nil},
		"closed by a client": {converse(1, 5000).open().send(0, FIN|ACK, "hello").send(1, ACK, "world"), []EndReason{IdleTimeout}},
		"closed by a server": {converse(1, 5000).open().send(1, FIN|ACK, "hello").send(0, ACK, "world"), []EndReason{IdleTimeout}},
	} {
		r := &recorder{}
		table := NewTable(Config{}, r)
		for i := range c.packets.packets {
			table.Add(&c.packets.packets[i], uint64(i+1))
		}
		table.Advance(c.packets.now.Add(ShortIdle - time.Second))
		if len(r.reasons) != 0 {
			t.Errorf("%s: it ended at once: %v", name, r.reasons)
		}
		table.Advance(c.packets.now.Add(ShortIdle + time.Second))
		if !slices.Equal(r.reasons, c.reasons) {
			t.Errorf("%s: ended %v, want %v", name, r.reasons, c.reasons)
		}
	}
}

// sated is a recorder that has all it wants of a flow when a client has said much.
type sated struct{ recorder }

func (s *sated) Segment(f *Flow, from *Half) {
	s.recorder.Segment(f, from)
	if len(s.client) > 8000 {
		f.Release()
	}
}

// A connection that is at rest, or closed, needs the memory of what it said and not
// that of what another did before, and goes on where it was.
func TestAConnectionAtRestHoldsWhatItSaid(t *testing.T) {
	for _, closed := range []bool{false, true} {
		s := &sated{}
		table := NewTable(Config{}, s)
		order := uint64(0)
		add := func(c *conversation) {
			for i := range c.packets {
				order++
				table.Add(&c.packets[i], order)
			}
			c.packets = nil
		}
		add(converse(1, 5000).open().send(0, ACK, strings.Repeat("x", 9000)).send(0, RST, ""))
		c := converse(70000, 90000).open().send(0, ACK, "hello")
		add(c)
		if table.held < 9000 {
			t.Fatalf("%d bytes held: the head of the first connection does not serve the second", table.held)
		}
		if closed {
			add(c.send(1, FIN|ACK, "").send(0, ACK|FIN, ""))
		} else {
			table.Advance(c.now.Add(ShortIdle + time.Second))
		}
		if table.held > roomForMore {
			t.Errorf("closed %v: %d bytes are held for five", closed, table.held)
		}
		if !closed {
			c.now = c.now.Add(2 * ShortIdle)
			add(c.send(0, ACK, ", world"))
			if s.client != "hello, world" || len(s.ended) > 1 {
				t.Errorf("it went on with %q, %d flows ended", s.client, len(s.ended))
			}
		}
		table.Flush()
		if table.held != 0 {
			t.Errorf("closed %v: %d bytes are held at the end", closed, table.held)
		}
	}
}

func TestActiveTimeoutReportsAndGoesOn(t *testing.T) {
	r := &recorder{}
	table := NewTable(Config{Active: time.Minute}, r)
	for i := range 10 {
		p := Packet{Protocol: UDP, IPID: uint16(i), Length: 100, Src: client, Dst: server, Frame: Frame{Time: Time(time.Hour).Add(time.Duration(i) * 20 * time.Second)}}
		table.Add(&p, uint64(i))
	}
	table.Flush()
	var packets uint64
	for _, f := range r.ended {
		packets += f.Client.Packets
	}
	if len(r.ended) != 3 || r.reasons[0] != ActiveTimeout || packets != 10 {
		t.Errorf("%d records %v with %d packets", len(r.ended), r.reasons, packets)
	}
}

func TestTooManyFlowsEvictTheUnansweredFirst(t *testing.T) {
	r := &recorder{}
	table := NewTable(Config{MaxFlows: 100}, r)
	c := converse(1, 1).open().send(0, ACK, "kept")
	for i := range c.packets {
		table.Add(&c.packets[i], uint64(i))
	}
	for i := range 10000 {
		p := Packet{Protocol: TCP, Flags: SYN, Seq: uint32(i), Dst: server, Frame: Frame{Time: c.now},
			Src: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}), 1)}
		table.Add(&p, uint64(10+i))
	}
	for _, f := range r.ended {
		if f.Client.Addr == client {
			t.Fatal("the established flow was evicted by a SYN flood")
		}
	}
	if n := table.Stats().Evicted; n != 10000-99 {
		t.Errorf("%d evicted", n)
	}
}

func TestDuplicatesOfASpanPortAreDropped(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "hello").close()
	var doubled []Packet
	for _, p := range c.packets {
		second := p
		second.Frame.Time += Time(900 * time.Microsecond)
		second.TTL, second.VLAN, second.SrcMAC = 63, 12, MAC{1}
		doubled = append(doubled, p, second)
	}
	r, table := run(Config{}, doubled)
	if s := table.Stats(); s.Duplicates != uint64(len(c.packets)) {
		t.Errorf("%d duplicates of %d packets", s.Duplicates, len(c.packets))
	}
	if f := r.ended[0]; f.Client.Payload != 5 || f.Client.Retransmitted != 0 {
		t.Errorf("payload %d, retransmitted %d", f.Client.Payload, f.Client.Retransmitted)
	}
}

func TestBothDirectionsMeetAtOneWorker(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 1000 {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(rnd.Int()), byte(rnd.Int()), 1, 2}), uint16(rnd.Int()))
		b := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(rnd.Int()), byte(rnd.Int()), 3, 4}), uint16(rnd.Int()))
		p, q := Packet{Protocol: UDP, Src: a, Dst: b}, Packet{Protocol: UDP, Src: b, Dst: a}
		if p.Worker(256) != q.Worker(256) {
			t.Fatalf("%v and %v differ by direction", a, b)
		}
	}
	request := Packet{Protocol: ICMP, Src: netip.MustParseAddrPort("10.0.0.1:8"), Dst: netip.MustParseAddrPort("10.0.0.2:0")}
	reply := Packet{Protocol: ICMP, Src: netip.MustParseAddrPort("10.0.0.2:0"), Dst: netip.MustParseAddrPort("10.0.0.1:0")}
	if request.Worker(256) != reply.Worker(256) {
		t.Error("an echo request and its reply do not meet")
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x01\x05\x10\x00\x00\x03\x07"))
	f.Fuzz(func(t *testing.T, script []byte) {
		r := &recorder{}
		table := NewTable(Config{Depth: 100, MaxFlows: 3, MaxBytes: 400}, r)
		now := Time(time.Hour)
		for i := 0; i+5 <= len(script); i += 5 {
			b := script[i : i+5]
			src, dst := client, server
			if b[0]&1 != 0 {
				src, dst = dst, src
			}
			now += Time(b[1]) * Time(time.Second)
			p := Packet{Protocol: []uint8{TCP, UDP, ICMP, 47}[b[0]>>1&3], Src: src, Dst: dst, Flags: b[2],
				Seq: uint32(int8(b[3])), Ack: uint32(b[1]), Payload: []byte(fmt.Sprint(i))[:min(int(b[4]&3), len(fmt.Sprint(i)))],
				Missing: int(b[4] >> 6), Frame: Frame{Number: uint64(i), Time: now}}
			table.Add(&p, uint64(i))
			if b[4]&4 != 0 {
				table.Advance(now)
			}
		}
		table.Flush()
		if table.flows.used != 0 || table.held != 0 {
			t.Fatalf("%d flows and %d bytes left behind", table.flows.used, table.held)
		}
	})
}

// A packet that is seen before and after a router tells the router, whichever
// copy comes first, whether the copies are close or far apart.
func TestForwardedCopiesTellTheRouter(t *testing.T) {
	host, router := MAC{2, 1}, MAC{2, 2}
	for name, gap := range map[string]Time{"close": Time(time.Microsecond), "far": Time(10 * time.Millisecond)} {
		for _, reversed := range []bool{false, true} {
			h := &recorder{}
			table := NewTable(Config{}, h)
			macs, ttls := []MAC{host, router}, []uint8{64, 63}
			if reversed {
				macs, ttls = []MAC{router, host}, []uint8{63, 64}
			}
			for i := range 2 {
				p := &Packet{
					Frame: Frame{Number: uint64(i + 1), Time: Time(time.Second) + Time(i)*gap}, SrcMAC: macs[i], TTL: ttls[i], Protocol: UDP, IPID: 7,
					Src: netip.MustParseAddrPort("10.0.0.1:1000"), Dst: netip.MustParseAddrPort("192.0.2.1:2000"), Length: 29, Payload: []byte("x"),
				}
				table.Add(p, uint64(i))
			}
			table.Flush()
			c := &h.ended[0].Client
			if c.MAC != host || c.Relay == nil || c.Relay.MAC != router || c.Relay.First.Number != map[bool]uint64{false: 2, true: 1}[reversed] {
				t.Errorf("%s, reversed %v: %v forwarded by %+v", name, reversed, c.MAC, c.Relay)
			}
		}
	}
}

// gapRecorder keeps where the client's head has holes, too.
type gapRecorder struct {
	recorder
	gaps []int
}

func (r *gapRecorder) End(f *Flow) {
	r.gaps = slices.Clone(f.Client.Gaps())
	r.recorder.End(f)
}

// FuzzOrder holds that the head of a half is what was sent, from its beginning and
// in its order, but for the holes that it tells, whatever the order of its segments,
// and whichever are lost, repeated or overlap. A script has two bytes for each:
// where it begins and how long it is.
func FuzzOrder(f *testing.F) {
	f.Add([]byte{0, 5, 5, 5, 10, 5})
	f.Add([]byte{10, 5, 0, 7, 3, 9, 0, 20})
	f.Add([]byte{1, 1, 3, 1, 5, 1, 0, 1, 2, 1, 4, 1})
	var sent string
	for i := range 80 {
		sent += fmt.Sprintf("%d ", i*i) // no two places of it are alike
	}
	sent = sent[:250]
	f.Fuzz(func(t *testing.T, script []byte) {
		packets := converse(1<<32-20, 9000).open().packets // the numbers wrap within it
		first := uint32(1<<32 - 19)
		for i := 0; i+2 <= len(script); i += 2 {
			from := int(script[i]) % len(sent)
			to := min(from+int(script[i+1])%32, len(sent))
			packets = append(packets, Packet{
				Frame:    Frame{Number: uint64(i), Time: Time(time.Hour) + Time(i)*Time(3*time.Millisecond)},
				Protocol: TCP, Src: client, Dst: server, Flags: ACK, Seq: first + uint32(from), Ack: 9001,
				Length: 40 + to - from, Payload: []byte(sent[from:to]), IPID: uint16(i),
			})
		}
		r := &gapRecorder{}
		table := NewTable(Config{Depth: 200}, r)
		for i := range packets {
			table.Add(&packets[i], uint64(i))
		}
		table.Flush()
		if len(r.client) > 200 {
			t.Fatalf("%d bytes of a head", len(r.client))
		}
		from, rest := 0, sent
		for i, to := range append(r.gaps, len(r.client)) {
			at := strings.Index(rest, r.client[from:to])
			if at < 0 || i == 0 && at > 0 {
				t.Fatalf("the head is %q with holes at %d; its bytes from %d to %d are not what was sent", r.client, r.gaps, from, to)
			}
			rest = rest[at+to-from:]
			from = to
		}
		if table.held != 0 {
			t.Fatalf("%d bytes left behind", table.held)
		}
	})
}

// reuser gives each flow that ended back.
type reuser struct {
	recorder
	table  *Table
	reused map[*Flow]int
}

func (r *reuser) End(f *Flow) {
	r.recorder.End(f)
	r.reused[f]++
	r.table.Reuse(f)
}

func TestAFlowThatIsGivenBackServesTheNext(t *testing.T) {
	r := &reuser{reused: map[*Flow]int{}}
	r.table = NewTable(Config{}, r)
	var order uint64
	for i := range 50 {
		c := converse(uint32(i), 1).open().send(0, ACK, fmt.Sprint("flow ", i)).close()
		for j := range c.packets {
			p := c.packets[j]
			p.Frame.Time += Time(i) * Time(time.Minute)
			order++
			r.table.Add(&p, order)
		}
		r.table.Advance(c.now + Time(i+1)*Time(time.Minute) - 1)
	}
	r.table.Flush()
	if len(r.ended) != 50 || len(r.reused) > 2 {
		t.Errorf("%d flows ended, in the memory of %d", len(r.ended), len(r.reused))
	}
	for i, f := range r.ended {
		if f.Client.Payload != uint64(len(fmt.Sprint("flow ", i))) || f.Client.Packets != 5 || f.Reason != EndOfFlow {
			t.Fatalf("flow %d: %+v", i, f.Client)
		}
	}
}

func TestTouchedAreThoseThatHadAPacketSince(t *testing.T) {
	table := NewTable(Config{}, &recorder{})
	for i := range 10 {
		p := Packet{
			Frame: Frame{Number: uint64(i + 1), Time: Time(time.Hour) + Time(i)*Time(time.Second)}, Protocol: UDP, IPID: uint16(i), Length: 29, Payload: []byte("x"),
			Src: netip.AddrPortFrom(client.Addr(), uint16(1000+i)), Dst: server,
		}
		if i%2 == 1 { // an answer
			p.Src, p.Dst = server, netip.AddrPortFrom(client.Addr(), uint16(1000+i-1))
		}
		table.Add(&p, uint64(i))
	}
	for since, want := range map[int]int{0: 5, 1: 5, 2: 4, 7: 2, 9: 1, 10: 0} {
		var got int
		table.Touched(Time(time.Hour)+Time(since)*Time(time.Second), func(*Flow) { got++ })
		if got != want {
			t.Errorf("since second %d: %d flows, not %d", since, got, want)
		}
	}
	if open := table.Stats().Open; open != 5 {
		t.Errorf("%d flows are open afterwards", open)
	}
}

// prober looks at flows while they go on.
type prober struct {
	recorder
	deepen    int
	snapshots []Flow
	exhausted []bool
}

func (p *prober) Segment(f *Flow, from *Half) {
	if p.deepen > 0 {
		f.Client.Deepen(p.deepen)
	}
	p.recorder.Segment(f, from)
	p.snapshots = append(p.snapshots, f.Snapshot())
	p.exhausted = append(p.exhausted, f.Exhausted())
}

func TestASnapshotDoesNotChange(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "one").send(0, ACK, "two").send(1, ACK, "three").close()
	p := &prober{}
	table := NewTable(Config{}, p)
	for i := range c.packets {
		table.Add(&c.packets[i], uint64(i+7))
	}
	table.Flush()
	s := &p.snapshots[0]
	if s.Client.Payload != 3 || len(s.Client.Head()) != 0 || s.Client.Gaps() != nil || s.Client.FrameAt(0) != (Frame{}) || s.Order() != 7 || s.First().Number != 1 {
		t.Errorf("%+v", s)
	}
	if end := p.ended[0]; end.Client.Payload != 6 || end.Server.Payload != 5 || end.First().Number != 1 || !end.First().Time.UTC().Equal(time.Unix(3600, 2e6)) {
		t.Errorf("%+v", end)
	}
}

func TestAHeadThatIsDeepenedTakesMore(t *testing.T) {
	c := converse(1, 1).open().send(1, ACK, strings.Repeat("s", 200))
	for range 4 {
		c.send(0, ACK, strings.Repeat("c", 100))
	}
	for _, deepen := range []int{0, 250, 1000} {
		p := &prober{deepen: deepen}
		table := NewTable(Config{Depth: 150}, p)
		for i := range c.packets {
			table.Add(&c.packets[i], uint64(i))
		}
		want := min(max(150, deepen), 400)
		if last := p.exhausted[len(p.exhausted)-1]; len(p.client) != want || len(p.server) != 150 || last != (want < 400) {
			t.Errorf("deepened to %d: %d and %d bytes, exhausted %v", deepen, len(p.client), len(p.server), last)
		}
	}
}

// A flow is opened by whose packet came first, whoever that is.
func TestFirstIsTheEarlierSidesFirst(t *testing.T) {
	c := converse(1, 1).open()
	r, _ := run(Config{}, c.packets[1:])
	if f := r.ended[0]; f.Client.Addr != client || f.First().Number != 2 || f.First() != f.Server.First {
		t.Errorf("%+v", f.First())
	}
	if f := (&Flow{}); f.First() != (Frame{}) {
		t.Errorf("of no packet: %+v", f.First())
	}
}

// A SYN within a connection whose beginning was not seen is a new one where its
// number is far from what was sent.
func TestASYNWithinAConnectionJoinedLate(t *testing.T) {
	for name, c := range map[string]struct {
		seq   uint32
		flows int
	}{"near": {5000, 1}, "far": {5000 + 1<<30, 2}} {
		list := converse(5000, 1).send(0, ACK, "abc").send(1, ACK, "def")
		list.seq[0] = c.seq
		list.send(0, SYN, "")
		r, _ := run(Config{}, list.packets)
		if len(r.ended) != c.flows {
			t.Errorf("%s: %d flows, not %d", name, len(r.ended), c.flows)
		}
	}
}

// What the other side acknowledges passed, whether it was seen or not.
func TestAnAcknowledgementShowsWhatWasNotSeen(t *testing.T) {
	c := converse(1, 1).open().send(0, ACK, "seen").send(0, ACK, "lost").send(1, ACK, "x")
	r, _ := run(Config{}, slices.Delete(slices.Clone(c.packets), 4, 5))
	if f := r.ended[0]; f.Client.Unseen() != 4 {
		t.Errorf("%d bytes unseen, not 4", f.Client.Unseen())
	}
}

func TestReasonsAndGroundsHaveNames(t *testing.T) {
	for reason, want := range map[EndReason]string{
		IdleTimeout: "idle timeout", ActiveTimeout: "active timeout", EndOfFlow: "end", ForcedEnd: "forced", LackOfResources: "lack of resources", 0: "",
	} {
		if got := reason.String(); got != want {
			t.Errorf("%d: %q", reason, got)
		}
	}
	for ground, want := range map[Ground]string{FirstPacket: "first packet", Message: "message", Handshake: "handshake"} {
		if got := ground.String(); got != want {
			t.Errorf("%d: %q", ground, got)
		}
	}
}

func TestAClockThatIsSetBackEndsWhatIsOfATimeToCome(t *testing.T) {
	r := &recorder{}
	table := NewTable(Config{}, r)
	add := func(port uint16, at time.Duration) {
		p := Packet{
			Frame: Frame{Number: uint64(port), Time: Time(at)}, Protocol: UDP, IPID: port, Length: 29, Payload: []byte("x"),
			Src: netip.AddrPortFrom(client.Addr(), port), Dst: server,
		}
		table.Add(&p, uint64(port))
	}
	add(1, 24*time.Hour)
	add(2, time.Hour)
	table.Advance(Time(time.Hour + time.Second))
	if len(r.ended) != 1 || r.ended[0].Client.Addr.Port() != 1 {
		t.Fatalf("%d flows ended", len(r.ended))
	}
	add(3, time.Hour+2*time.Second)
	table.Advance(Time(time.Hour + 3*time.Minute))
	if len(r.ended) != 3 || table.Stats().Open != 0 {
		t.Errorf("%d flows ended, %d are open", len(r.ended), table.Stats().Open)
	}
}
