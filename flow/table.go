package flow

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"time"
)

// Handler is told what happens to flows. All calls come from the goroutine that
// calls the table.
type Handler interface {
	// Segment: new bytes of f are in order, or no more will come, as when f is
	// Starved; from tells whose. Not called after f.Release.
	Segment(f *Flow, from *Half)
	// Datagram: p, of a UDP flow, arrived; from tells whose. Its payload is
	// borrowed.
	Datagram(f *Flow, from *Half, p *Packet)
	// End: f is over and f.Reason says why. Heads are still there until the
	// handler calls f.Release. The flow is the handler's from now on, save
	// when the reason is ActiveTimeout: then it goes on with its counters set
	// back, and the handler copies what it keeps.
	End(f *Flow)
}

// Config bounds a table. A zero field means its default.
type Config struct {
	Depth    int // bytes of each TCP half that are put in order; 64 KiB
	MaxFlows int // flows held at once; 500,000
	MaxBytes int // bytes held for ordering, all flows together; 128 MiB

	Idle       time.Duration // silence after which an established TCP flow ends that neither side has closed; 30 min
	ShortIdle  time.Duration // the same for anything else; 2 min
	Active     time.Duration // age at which a flow is reported and goes on as a new record; 30 min
	AfterClose time.Duration // how long a closed connection, or a settled flow, waits for stragglers; 15 s
}

// Defaults of Config.Idle and Config.ShortIdle.
const (
	Idle      = 30 * time.Minute
	ShortIdle = 2 * time.Minute
)

func (c Config) withDefaults() Config {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	last := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.Depth, 64<<10)
	set(&c.MaxFlows, 500_000)
	set(&c.MaxBytes, 128<<20)
	last(&c.Idle, Idle)
	last(&c.ShortIdle, ShortIdle)
	last(&c.Active, 30*time.Minute)
	last(&c.AfterClose, 15*time.Second)
	return c
}

// Stats counts what a table saw and gave up.
type Stats struct {
	Packets    uint64 // taken, duplicates aside
	Duplicates uint64 // dropped as second copies
	Flows      uint64 // opened
	Open       int    // of those, under way
	Evicted    uint64 // flows ended for lack of resources
	Starved    uint64 // flows whose ordering was cut short by MaxBytes
}

// Table holds the flows under way. It is not safe for concurrent use: give
// each worker its own and deal packets out by Packet.Worker.
type Table struct {
	cfg     Config
	handler Handler
	seed    seed
	flows   index
	dup     *duplicates
	stats   Stats
	heads   heads
	spare   []*Flow
	held    int     // bytes held for ordering
	left    []*Flow // to be flushed, by their order

	// The queues, each in order of last activity, in the order in which they are
	// robbed when the table is full: flows that are closed or settled first, those
	// that nobody answered next, then those of datagrams, with the connections that
	// one side has closed, and established ones last, the more so when not at rest.
	closed, unanswered, brief, resting, connections queue
}

// NewTable returns an empty table that reports to h.
func NewTable(cfg Config, h Handler) *Table {
	s := newSeed()
	t := &Table{cfg: cfg.withDefaults(), handler: h, seed: s, flows: newIndex(), dup: newDuplicates(s)}
	t.heads.depth = t.cfg.Depth
	for _, q := range t.queues() {
		q.heads = &t.heads
	}
	t.closed.timeout = t.cfg.AfterClose
	t.unanswered.timeout = t.cfg.ShortIdle
	t.brief.timeout = t.cfg.ShortIdle
	t.resting.timeout = t.cfg.Idle
	t.connections.timeout = t.cfg.Idle
	return t
}

// Stats returns the counts so far.
func (t *Table) Stats() Stats {
	s := t.stats
	s.Open = t.flows.used
	return s
}

// Add takes one packet. order is its position in the whole input: it must grow
// from call to call and names the flow that the packet may open.
func (t *Table) Add(p *Packet, order uint64) {
	src, dst := p.tuple()
	from, to := t.seed.end(src), t.seed.end(dst)
	if t.dup.seen(p, from, to) {
		t.stats.Duplicates++
		t.flows.find(t.seed.tuple(p.Protocol, from, to), p.Protocol, src, dst).copied(p, src)
		return
	}
	t.stats.Packets++
	hash := t.seed.tuple(p.Protocol, from, to)
	f := t.flows.find(hash, p.Protocol, src, dst)
	if f != nil && t.over(f, p, src) {
		f = nil
	}
	if f == nil {
		f = t.open(hash, p, src, dst, order)
	} else if p.Frame.Time.Sub(f.Start) > t.cfg.Active {
		t.renew(f, p, order)
	}
	f.assign(p, src)
	half, other := &f.Client, &f.Server
	if src != half.Addr {
		half, other = other, half
	}
	f.End = max(f.End, p.Frame.Time)
	half.count(p)
	switch p.Protocol {
	case TCP:
		t.segment(f, half, other, p)
	case UDP:
		f.settled = false
		t.handler.Datagram(f, half, p)
	}
	t.requeue(f)
}

// copied takes the copy of a packet of the flow, which may be nil: it may have
// been forwarded.
func (f *Flow) copied(p *Packet, src netip.AddrPort) {
	switch {
	case f == nil:
	case src == f.Client.Addr && f.Client.MAC != p.SrcMAC:
		f.Client.moved(p)
	case src == f.Server.Addr && f.Server.MAC != p.SrcMAC:
		f.Server.moved(p)
	}
}

// segment puts a TCP segment in order and tells the handler what it brought.
func (t *Table) segment(f *Flow, from, to *Half, p *Packet) {
	before := f.held()
	if grew := from.segment(to, p, &t.heads); grew || p.Flags&(FIN|RST) != 0 && before > 0 {
		t.handler.Segment(f, from)
	}
	t.held += f.held() - before // the handler may have released what it held
	if held := f.held(); t.held > t.cfg.MaxBytes && held > 0 {
		f.Starved = true
		t.stats.Starved++
		t.handler.Segment(f, from) // for the last time
		f.Release()
		t.held -= held
	}
}

// renew reports a flow that has reached the active timeout and lets its
// conversation go on as a record that begins with p.
func (t *Table) renew(f *Flow, p *Packet, order uint64) {
	f.Reason = ActiveTimeout
	before := f.held()
	t.handler.End(f)
	t.held += f.held() - before
	f.Reason, f.Start, f.order = 0, p.Frame.Time, order
	f.Client.renew()
	f.Server.renew()
}

// over ends f and reports true when p, on the same 5-tuple, cannot belong to it
// any more: it comes after a timeout that no tick has noticed, or it opens a
// new connection.
func (t *Table) over(f *Flow, p *Packet, src netip.AddrPort) bool {
	switch {
	case p.Frame.Time.Sub(f.End) > f.queue.timeout:
		t.end(f, IdleTimeout)
	case p.Protocol == TCP && f.renewedBy(p, src):
		t.end(f, EndOfFlow)
	default:
		return false
	}
	return true
}

func (t *Table) open(hash uint32, p *Packet, src, dst netip.AddrPort, order uint64) *Flow {
	if t.flows.used >= t.cfg.MaxFlows {
		t.evict()
	}
	f := t.fresh()
	*f = Flow{
		Protocol: p.Protocol, VLAN: p.VLAN, InnerVLAN: p.InnerVLAN, Tunnel: p.Tunnel,
		Start: p.Frame.Time, End: p.Frame.Time,
		Client: Half{Addr: src}, Server: Half{Addr: dst},
		hash: hash, order: order,
	}
	t.flows.add(f)
	t.stats.Flows++
	t.unanswered.push(f)
	return f
}

func (t *Table) fresh() *Flow {
	n := len(t.spare)
	if n == 0 {
		return &Flow{}
	}
	f := t.spare[n-1]
	t.spare = t.spare[:n-1]
	return f
}

// Reuse takes back a flow that Handler.End was given and nobody looks at any
// more.
func (t *Table) Reuse(f *Flow) {
	*f = Flow{} // at once, so that whoever looks at it all the same is found out
	if len(t.spare) < maxSpareFlows {
		t.spare = append(t.spare, f)
	}
}

// maxSpareFlows bounds the flows kept for new ones.
const maxSpareFlows = 4096

// requeue puts f at the end of the queue that its state asks for.
func (t *Table) requeue(f *Flow) {
	q := &t.brief
	switch {
	case f.Protocol == TCP && f.closing() || f.settled:
		q = &t.closed
	case !f.Answered():
		q = &t.unanswered
	case f.Protocol == TCP && !f.Client.FIN && !f.Server.FIN:
		q = &t.connections
	}
	if f.queue == q && q.newest == f {
		return
	}
	if q == &t.closed && f.queue != q {
		t.fit(f)
	}
	f.queue.remove(f)
	q.push(f)
}

// rest puts a connection that has been silent for a while where it waits for more.
func (t *Table) rest(f *Flow) {
	f.queue.remove(f)
	t.resting.push(f)
	t.fit(f)
}

// fit has f hold no more memory than it needs while it waits.
func (t *Table) fit(f *Flow) {
	t.held -= f.held()
	f.Client.tcp.fit(&t.heads)
	f.Server.tcp.fit(&t.heads)
	t.held += f.held()
}

// queues lists the table's queues in the order in which they are robbed.
func (t *Table) queues() [5]*queue {
	return [5]*queue{&t.closed, &t.unanswered, &t.brief, &t.resting, &t.connections}
}

// evict ends the flow that is missed least.
func (t *Table) evict() {
	for _, q := range t.queues() {
		if q.oldest != nil {
			t.stats.Evicted++
			t.end(q.oldest, LackOfResources)
			return
		}
	}
}

// Advance ends every flow that has been silent for its timeout at now. Call it
// at regular times of the packets' clock, in every worker at the same times:
// then it does not matter how packets are dealt out. Where that clock was set back,
// flows of a time to come are ended too: they would not be silent for long enough
// until it had come.
func (t *Table) Advance(now Time) {
	for _, q := range t.queues() {
		for q.oldest != nil && (now.Sub(q.oldest.End) > q.timeout || q.oldest.End.Sub(now) > ahead) {
			t.end(q.oldest, IdleTimeout)
		}
	}
	for f := t.connections.oldest; f != nil && now.Sub(f.End) > t.cfg.ShortIdle; f = t.connections.oldest {
		t.rest(f)
	}
}

// ahead is how far packets can be ahead of the time at which their table is told
// that it is.
const ahead = time.Second

// Touched calls do with every flow that had a packet at the time or later, and
// goes on. It takes no longer than there are such flows.
func (t *Table) Touched(since Time, do func(*Flow)) {
	for _, q := range t.queues() {
		for f := q.newest; f != nil && f.End >= since; {
			older := f.older
			do(f)
			f = older
		}
	}
}

// Flush ends every flow: the input is over.
func (t *Table) Flush() {
	t.FlushBelow(math.MaxUint64)
	t.left = nil
}

// FlushBelow ends, in their order, the flows whose Order is below the one given:
// the input is over, and no Add may follow. Calls with growing orders end a
// great many flows a part at a time.
func (t *Table) FlushBelow(order uint64) {
	if t.left == nil {
		t.left = make([]*Flow, 0, t.flows.used)
		for _, q := range t.queues() {
			for f := q.oldest; f != nil; f = f.newer {
				t.left = append(t.left, f)
			}
		}
		slices.SortFunc(t.left, func(a, b *Flow) int { return cmp.Compare(a.order, b.order) })
	}
	for len(t.left) > 0 && t.left[0].order < order {
		f := t.left[0]
		t.left[0], t.left = nil, t.left[1:]
		reason := ForcedEnd
		if f.Protocol == TCP && f.closing() {
			reason = EndOfFlow
		}
		t.end(f, reason)
	}
}

func (t *Table) end(f *Flow, reason EndReason) {
	f.queue.remove(f)
	t.flows.remove(f)
	t.held -= f.held()
	f.Reason = reason
	if f.Protocol == TCP && f.queue == &t.closed && reason == IdleTimeout {
		f.Reason = EndOfFlow
	}
	f.Client.tcp.skipAll()
	f.Server.tcp.skipAll()
	t.handler.End(f)
}
