package main

import (
	"cmp"
	"net/netip"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// rawFlows are the TCP connections and UDP flows of some frames, told apart
// as flow.Table does, but for what follows long after one side has closed a
// connection: here it belongs to that.
type rawFlows struct {
	all    []*rawFlow
	latest map[conversation]*rawFlow
}

// rawFlow is one of them: of TCP what each end sent, of UDP the datagrams.
type rawFlow struct {
	low, high rawHalf
	datagrams []classify.Datagram
	client    netip.AddrPort // the first sender, unless a handshake says otherwise
	handshake bool           // it did
	last      flow.Time
}

// rawHalf is one end of a TCP connection, and the place of its segments.
type rawHalf struct {
	addr     netip.AddrPort
	synced   bool // first is known
	joined   bool // the beginning of the connection is not there
	syn      bool
	synacks  int
	first    uint32 // sequence number at offset 0
	reach    int64  // offset of the segment seen last, from which that of the next is told
	segments []rawSegment
}

// rawSegment is a run of bytes of a half: of one packet, or of several put together.
type rawSegment struct {
	offset  int64
	missing int // bytes behind data that were not captured
	data    []byte
}

func (t *rawFlows) add(p *flow.Packet) {
	key := conversationOf(p)
	idle := flow.ShortIdle
	if p.Protocol == flow.TCP {
		idle = flow.Idle
	}
	c := t.latest[key]
	if c == nil || p.Frame.Time.Sub(c.last) > idle || c.renewedBy(p) {
		c = &rawFlow{low: rawHalf{addr: key.a}, high: rawHalf{addr: key.b}, client: p.Src}
		t.latest[key] = c
		t.all = append(t.all, c)
	}
	c.last = max(c.last, p.Frame.Time)
	if p.Protocol == flow.UDP {
		c.datagrams = append(c.datagrams, classify.Datagram{Time: p.Frame.Time, Src: p.Src, Dst: p.Dst, Payload: p.Payload, Missing: p.Missing})
		return
	}
	c.segment(p)
}

// ends returns the halves of a packet's sender and receiver.
func (c *rawFlow) ends(p *flow.Packet) (from, to *rawHalf) {
	if p.Src == c.low.addr {
		return &c.low, &c.high
	}
	return &c.high, &c.low
}

// renewedBy reports whether p opens a new connection on the same ports.
func (c *rawFlow) renewedBy(p *flow.Packet) bool {
	from, _ := c.ends(p)
	if p.Protocol != flow.TCP || p.Flags&(flow.SYN|flow.ACK) != flow.SYN || !from.synced || p.Seq+1 == from.first {
		return false
	}
	const near = 1 << 24
	d := int32(p.Seq + 1 - from.first)
	return from.syn || d > near || d < -near
}

func (c *rawFlow) segment(p *flow.Packet) {
	from, to := c.ends(p)
	seq := p.Seq
	if p.Flags&flow.SYN != 0 {
		seq++
		from.syn, c.handshake = true, true
		c.client = from.addr
		if p.Flags&flow.ACK != 0 {
			c.client = to.addr
			from.synacks++
		}
		if len(from.segments) == 0 {
			from.first = seq
		}
		from.joined = from.joined && from.first != seq
	}
	if !from.synced {
		from.synced, from.first, from.joined = true, seq, p.Flags&flow.SYN == 0
	}
	switch {
	case p.Flags&flow.ACK == 0:
	case !to.synced:
		to.synced, to.first, to.joined = true, p.Ack, true
	case to.synacks > 1 && p.Flags&flow.SYN == 0 && len(to.segments) == 0:
		to.first, to.synacks = p.Ack, 1 // which of several the client took
	}
	if len(p.Payload)+p.Missing > 0 {
		from.reach += int64(int32(seq - (from.first + uint32(from.reach))))
		from.segments = append(from.segments, rawSegment{from.reach, p.Missing, p.Payload})
	}
}

// redact overwrites what the conversation carried.
func (c *rawFlow) redact() {
	if c.datagrams != nil {
		classify.RedactDatagrams(c.datagrams)
		return
	}
	client, server := &c.low, &c.high
	if c.client == c.high.addr {
		client, server = server, client
	}
	asked, answered := client.ordered(), server.ordered()
	classify.Connection{
		Client:     client.parts(asked),
		Server:     server.parts(answered),
		RolesKnown: c.handshake,
	}.Redact()
	client.write(asked)
	server.write(answered)
}

// ordered puts the bytes of the segments in order, into runs between which some
// are missing. Where segments disagree, as flow does it, the one with the lower
// sequence number stands, and of two with the same the first. What is before the
// half's beginning is left out.
func (h *rawHalf) ordered() (runs []rawSegment) {
	list := slices.Clone(h.segments)
	slices.SortStableFunc(list, func(a, b rawSegment) int { return cmp.Compare(a.offset, b.offset) })
	next, broken := int64(0), true
	for _, s := range list {
		end := s.offset + int64(len(s.data)+s.missing)
		if end <= next {
			continue
		}
		if s.offset > next {
			next, broken = s.offset, true
		}
		if fresh := s.data[min(int(next-s.offset), len(s.data)):]; len(fresh) > 0 {
			if broken {
				runs = append(runs, rawSegment{offset: next})
			}
			last := &runs[len(runs)-1]
			last.data = append(last.data, fresh...)
			broken = false
		}
		broken = broken || s.missing > 0
		next = end
	}
	return runs
}

// write copies the runs back into every segment that they come from, copies and
// contradictions too. What is in no run is overwritten.
func (h *rawHalf) write(runs []rawSegment) {
	for _, s := range h.segments {
		clear(s.data)
		i, _ := slices.BinarySearchFunc(runs, s.offset, func(r rawSegment, at int64) int { return cmp.Compare(r.offset+int64(len(r.data)), at) })
		for ; i < len(runs) && runs[i].offset < s.offset+int64(len(s.data)); i++ {
			r := runs[i]
			copy(s.data[max(r.offset-s.offset, 0):], r.data[min(max(s.offset-r.offset, 0), int64(len(r.data))):])
		}
	}
}

// parts returns the bytes of runs for classify.
func (h *rawHalf) parts(runs []rawSegment) (p classify.Half) {
	p.Joined = h.joined || len(runs) > 0 && runs[0].offset > 0
	for _, r := range runs {
		p.Parts = append(p.Parts, r.data)
	}
	return p
}
