package main

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/rules"
)

// Bounds of what is cut out of one conversation.
const (
	maxHeadFrames  = 600 // up to the last frame that is wanted of a TCP connection
	maxAfter       = 16  // that follow it
	maxFirstFrames = 40  // of a conversation by datagrams, from the first that is wanted
)

// selection is what of a capture a finding needs to be shown again.
type selection struct {
	finding *rules.Finding
	wanted  map[flow.Frame]string // the frames that the finding names, and what they are
	heads   map[conversation]*head
	picked  map[flow.Frame]bool
	scope   scope
	beside  map[conversation]map[flow.Frame]bool // frames picked for the scope's sake
	taken   int                                  // of them

	begin, end flow.Frame // of the capture
}

// scope is how much beside what the finding names is picked.
type scope uint8

const (
	scopeNamed   scope = iota // the conversations of the frames that it names
	scopeParties              // all that the finding's device and peer did
	scopeAll
)

// maxScopeFrames bounds what a scope picks.
const maxScopeFrames = 20_000

// conversation is what the packets of both directions have in common.
type conversation struct {
	protocol uint8
	a, b     netip.AddrPort // the lower first
}

func conversationOf(p *flow.Packet) conversation {
	c := conversation{p.Protocol, p.Src, p.Dst}
	if c.b.Compare(c.a) < 0 {
		c.a, c.b = c.b, c.a
	}
	return c
}

// head is the part of a conversation that leads to what is wanted of it.
type head struct {
	own         bool      // the finding is about it; else it only explains it
	first, last flow.Time // of the frames that are wanted
	frames      []flow.Frame
	after       int // of frames, those behind last
}

func newSelection(f *rules.Finding, s scope) *selection {
	sel := &selection{finding: f, wanted: map[flow.Frame]string{}, heads: map[conversation]*head{}, picked: map[flow.Frame]bool{}, scope: s, beside: map[conversation]map[flow.Frame]bool{}}
	for _, e := range slices.Concat(f.Context, f.Evidence) {
		sel.wanted[e.Frame] = e.What
		sel.picked[e.Frame] = true
	}
	return sel
}

// locate notes in which conversation a frame is that the finding names.
func (s *selection) locate(p *flow.Packet) {
	c := conversationOf(p)
	h := s.heads[c]
	if h == nil {
		h = &head{first: p.Frame.Time}
		s.heads[c] = h
	}
	h.last = p.Frame.Time
	h.own = h.own || slices.ContainsFunc(s.finding.Evidence, func(e rules.Evidence) bool { return e.Frame == p.Frame })
}

// follow takes the packets of the conversations in their order, each when it
// comes.
func (s *selection) follow(p *flow.Packet, h *head) {
	at := p.Frame.Time
	switch {
	case p.Protocol == flow.TCP && p.Flags&(flow.SYN|flow.ACK) == flow.SYN && at <= h.first:
		h.frames = h.frames[:0] // another connection before it
	case p.Protocol == flow.TCP && at > h.last:
		if h.after++; h.after > maxAfter {
			return
		}
	case p.Protocol == flow.TCP && len(h.frames) == maxHeadFrames:
		h.frames = h.frames[1:]
	case p.Protocol != flow.TCP && (!h.own || at < h.first || len(h.frames) == maxFirstFrames):
		return
	}
	h.frames = append(h.frames, p.Frame)
}

// involves reports whether a packet is in the scope.
func (s *selection) involves(p *flow.Packet) bool {
	f := s.finding
	return s.scope == scopeAll || s.scope == scopeParties &&
		(s.isParty(p.Src.Addr()) || s.isParty(p.Dst.Addr()) || f.Device.MAC != "" && (p.SrcMAC.String() == f.Device.MAC || p.DstMAC.String() == f.Device.MAC))
}

func (s *selection) isParty(a netip.Addr) bool {
	return a == s.finding.Device.IP || a == s.finding.Peer.IP
}

// pick takes a frame for the scope's sake.
func (s *selection) pick(f flow.Frame, of conversation) {
	if s.taken == maxScopeFrames || s.picked[f] {
		return
	}
	if s.beside[of] == nil {
		s.beside[of] = map[flow.Frame]bool{}
	}
	s.taken++
	s.picked[f], s.beside[of][f] = true, true
}

// besides returns the frames of each of the conversations picked for the scope's
// sake, the largest first.
func (s *selection) besides() []map[flow.Frame]bool {
	list := slices.SortedFunc(maps.Keys(s.beside), func(x, y conversation) int {
		return cmp.Or(cmp.Compare(len(s.beside[y]), len(s.beside[x])), cmp.Compare(x.protocol, y.protocol), x.a.Compare(y.a), x.b.Compare(y.b))
	})
	var sets []map[flow.Frame]bool
	for _, c := range list {
		sets = append(sets, s.beside[c])
	}
	return sets
}

// take goes through a batch.
func (s *selection) take(b *capture.Batch) {
	if n := len(b.Packets); n > 0 {
		if s.begin.Number == 0 {
			s.begin = b.Packets[0].Frame
		}
		s.end = b.Packets[n-1].Frame
	}
	if s.scope == scopeNamed || s.taken == maxScopeFrames {
		return
	}
	for i := range b.Packets {
		if s.involves(&b.Packets[i]) {
			s.pick(b.Packets[i].Frame, conversationOf(&b.Packets[i]))
		}
	}
	for i := range b.ARPs {
		if s.scope == scopeAll || s.isParty(b.ARPs[i].IP) || b.ARPs[i].MAC.String() == s.finding.Device.MAC {
			s.pick(b.ARPs[i].Frame, conversation{})
		}
	}
	if s.scope == scopeAll {
		for i := range b.Frames {
			s.pick(b.Frames[i].Frame, conversation{})
		}
	}
}

// mayPick reports whether a frame is picked already or may be in the end.
func (s *selection) mayPick(f flow.Frame) bool {
	if s.picked[f] {
		return true
	}
	for _, h := range s.heads {
		if n := len(h.frames); n > 0 && f.Time <= h.frames[n-1].Time && slices.Contains(h.frames, f) {
			return true
		}
	}
	return false
}

// finish picks what the heads came to and, for a finding about the capture as a
// whole, where that begins and ends.
func (s *selection) finish() {
	if len(s.wanted) == 0 && s.begin.Number > 0 {
		s.picked[s.begin], s.picked[s.end] = true, true
	}
	for _, h := range s.heads {
		for _, f := range h.frames {
			s.picked[f] = true
		}
	}
}
