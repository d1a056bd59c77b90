package main

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/rules"
)

// Bounds of what a keep holds.
const (
	keptFrames = 64       // of the beginning of one conversation
	keptBytes  = 64 << 20 // of all conversations; beyond it the oldest go
	lateBytes  = 16 << 20 // of frames that tell names and addresses, whenever they come
	keptWhole  = 32 << 10 // of one conversation whose frames are kept whole, as a card may hand on many segments in one
	keptFrame  = 2048     // of one frame after these; what is longer is kept up to there

	keptOverhead = 256 // bytes that a frame costs beside its data, and a conversation again
)

// keep holds the beginnings of conversations while an interface is watched, and
// what told names and addresses lately, so that a violation can be shown by its
// packets when it is found. It may be used by several goroutines.
type keep struct {
	mu    sync.Mutex
	talks map[conversation]*kept
	where map[uint64]*kept // by the numbers of their frames
	order []*kept          // as they began
	bytes int
	lone  []keptFrameOf // in the order in which they came
	late  int           // bytes in lone

	raw map[flow.Frame]capture.RawFrame // of a batch; reused
}

// kept is the beginning of a conversation.
type kept struct {
	of     conversation
	frames []keptFrameOf
	bytes  int
}

// keptFrameOf is a frame and what selection wants to know of its packet; of one
// that gave none the packet has only the frame.
type keptFrameOf struct {
	packet flow.Packet
	raw    capture.RawFrame
}

func newKeep() *keep {
	return &keep{talks: map[conversation]*kept{}, where: map[uint64]*kept{}, raw: map[flow.Frame]capture.RawFrame{}}
}

// take looks at a batch of an interface.
func (k *keep) take(b *capture.Batch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.raw)
	for _, f := range b.Frames {
		k.raw[f.Frame] = f
	}
	for i := range b.Packets {
		p := &b.Packets[i]
		raw, ok := k.raw[p.Frame]
		if !ok {
			continue
		}
		c := conversationOf(p)
		on := k.talks[c]
		if on == nil || p.Protocol == flow.TCP && p.Flags&(flow.SYN|flow.ACK) == flow.SYN && len(on.frames) == keptFrames {
			on = &kept{of: c, bytes: keptOverhead}
			k.bytes += keptOverhead
			k.talks[c] = on
			k.order = append(k.order, on)
		}
		switch {
		case len(on.frames) < keptFrames:
			k.bytes += on.add(p, raw)
			k.where[p.Frame.Number] = on
		case tellsLate(p):
			k.lonely(p, raw)
		}
	}
	for _, claim := range b.ARPs {
		if raw, ok := k.raw[claim.Frame]; ok {
			k.lonely(&flow.Packet{Frame: claim.Frame}, raw)
		}
	}
	k.shrink()
}

// tellsLate reports whether a packet may tell names, addresses or the time however
// long its conversation lasts.
func tellsLate(p *flow.Packet) bool {
	if p.Protocol != flow.UDP {
		return false
	}
	for _, port := range []uint16{p.Src.Port(), p.Dst.Port()} {
		switch port {
		case 53, 67, 68, 123, 546, 547, 5353, 5355:
			return true
		}
	}
	return false
}

func (on *kept) add(p *flow.Packet, raw capture.RawFrame) int {
	f := keptOf(p, raw, max(keptWhole-on.bytes, keptFrame))
	on.frames = append(on.frames, f)
	on.bytes += keptOverhead + len(f.raw.Data)
	return keptOverhead + len(f.raw.Data)
}

func keptOf(p *flow.Packet, raw capture.RawFrame, limit int) keptFrameOf {
	raw.Data = bytes.Clone(raw.Data[:min(len(raw.Data), limit)])
	return keptFrameOf{flow.Packet{Frame: p.Frame, Protocol: p.Protocol, Src: p.Src, Dst: p.Dst, Flags: p.Flags, SrcMAC: p.SrcMAC, DstMAC: p.DstMAC}, raw}
}

func (k *keep) lonely(p *flow.Packet, raw capture.RawFrame) {
	f := keptOf(p, raw, keptFrame)
	k.lone = append(k.lone, f)
	k.late += keptOverhead + len(f.raw.Data)
}

// shrink lets go of the oldest.
func (k *keep) shrink() {
	n := 0
	for ; k.bytes > keptBytes && n < len(k.order); n++ {
		on := k.order[n]
		k.bytes -= on.bytes
		if k.talks[on.of] == on {
			delete(k.talks, on.of)
		}
		for i := range on.frames {
			delete(k.where, on.frames[i].packet.Frame.Number)
		}
	}
	k.order = slices.Delete(k.order, 0, n)
	n = 0
	for ; k.late > lateBytes && n < len(k.lone); n++ {
		k.late -= keptOverhead + len(k.lone[n].raw.Data)
	}
	k.lone = slices.Delete(k.lone, 0, n)
}

// packets returns the frames that show a finding, as far as they were kept, in the
// order in which they came.
func (k *keep) packets(f *rules.Finding) []capture.RawFrame {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := newSelection(f, scopeNamed)
	var all []keptFrameOf
	var taken []*kept
	for f := range s.wanted {
		if on := k.where[f.Number]; on != nil && !slices.Contains(taken, on) {
			taken = append(taken, on)
			all = append(all, on.frames...)
		}
	}
	for _, x := range k.lone {
		if _, ok := s.wanted[x.packet.Frame]; ok {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(x, y keptFrameOf) int { return cmp.Compare(x.packet.Frame.Number, y.packet.Frame.Number) })
	for i := range all {
		if _, ok := s.wanted[all[i].packet.Frame]; ok && all[i].packet.Protocol != 0 {
			s.locate(&all[i].packet)
		}
	}
	for i := range all {
		p := &all[i].packet
		if h := s.heads[conversationOf(p)]; h != nil && p.Protocol != 0 {
			s.follow(p, h)
		}
	}
	s.finish()
	var frames []capture.RawFrame
	for _, x := range all {
		if s.picked[x.packet.Frame] {
			frames = append(frames, x.raw)
		}
	}
	return frames
}
