package main

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"sync"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/rules"
)

// Bounds of what a keep holds. The frames of both are some 100 bytes each beside
// their data.
const (
	headBytes  = 12 << 20 // of the beginnings of conversations
	headFrames = 48 << 10
	tellBytes  = 4 << 20 // of frames that tell names, addresses and the time
	tellFrames = 16 << 10

	keptFrames = 64       // of the beginning of one conversation
	keptWhole  = 32 << 10 // bytes of one whose frames are kept whole, as a card may hand on many segments in one
	keptFrame  = 2048     // bytes of one frame after these
)

// keep holds the beginnings of conversations while an interface is watched, and
// what told names and addresses lately, so that a violation can be shown by its
// packets when it is found. It may be used by several goroutines.
type keep struct {
	mu    sync.Mutex
	heads *reel
	tells *reel
}

func newKeep() *keep {
	return &keep{heads: newReel(headBytes, headFrames), tells: newReel(tellBytes, tellFrames)}
}

// take looks at a batch of an interface.
func (k *keep) take(b *capture.Batch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	frames, claims := inOrder(b.Frames), 0
	for i := range b.Packets {
		p := &b.Packets[i]
		for ; claims < len(b.ARPsAt) && b.ARPsAt[claims] <= i; claims++ {
			k.claim(frames, b.ARPs[claims])
		}
		raw, ok := frames(p.Frame)
		switch {
		case !ok:
		case tells(p):
			k.tells.take(k.tells.talk(p), p.Flags, raw, keptFrame)
		default:
			if t := k.heads.talk(p); t != nil && t.frames < keptFrames {
				k.heads.take(t, p.Flags, raw, max(keptWhole-t.bytes, keptFrame))
			}
		}
	}
	for _, claim := range b.ARPs[claims:] {
		k.claim(frames, claim)
	}
}

// claim takes the frame of an ARP claim.
func (k *keep) claim(frames func(flow.Frame) (capture.RawFrame, bool), claim flow.ARP) {
	if raw, ok := frames(claim.Frame); ok {
		k.tells.take(nil, 0, raw, keptFrame)
	}
}

// inOrder returns what finds frames that are asked for in their order.
func inOrder(frames []capture.RawFrame) func(flow.Frame) (capture.RawFrame, bool) {
	return func(f flow.Frame) (capture.RawFrame, bool) {
		for i := range frames {
			if frames[i].Frame == f {
				raw := frames[i]
				frames = frames[i:] // the next may be in the same
				return raw, true
			}
		}
		return capture.RawFrame{}, false
	}
}

// talk returns the talk that a packet belongs to; nil of one whose beginning is
// over.
func (r *reel) talk(p *flow.Packet) *talk {
	c := conversationOf(p)
	sum := maphash.Comparable(r.seed, c)
	t, opens := r.talks[sum], p.Protocol == flow.TCP && p.Flags&(flow.SYN|flow.ACK) == flow.SYN
	switch {
	case t != nil && !(opens && t.frames >= keptFrames):
		return t
	case !opens && r.spent.has(sum, p.Frame.Time):
		return nil
	}
	return r.begin(c, sum)
}

// tells reports whether a packet may tell names, addresses or the time, however
// long its conversation lasts.
func tells(p *flow.Packet) bool {
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

// packets returns the frames that show a finding, as far as they were kept, in the
// order in which they came.
func (k *keep) packets(f *rules.Finding) []capture.RawFrame {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := newSelection(f, scopeNamed)
	var all []reeledPacket
	for _, r := range []*reel{k.heads, k.tells} {
		all = append(all, r.around(s)...)
	}
	slices.SortFunc(all, func(x, y reeledPacket) int { return cmp.Compare(x.raw.Frame.Number, y.raw.Frame.Number) })
	for i := range all {
		if _, ok := s.wanted[all[i].raw.Frame]; ok && all[i].packet.Protocol != 0 {
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
		if s.picked[x.raw.Frame] {
			x.raw.Data = bytes.Clone(x.raw.Data)
			frames = append(frames, x.raw)
		}
	}
	return frames
}

// reeledPacket is a frame of a reel and what is known of its packet; of one that
// gave none nothing.
type reeledPacket struct {
	packet flow.Packet
	raw    capture.RawFrame
}

// around returns the frames that a selection wants, with those of the same
// conversations, or of long ones without.
func (r *reel) around(s *selection) (list []reeledPacket) {
	taken := map[uint64]bool{}
	add := func(place uint64) {
		if taken[place] {
			return
		}
		taken[place] = true
		f := r.held(place)
		x := reeledPacket{raw: r.raw(place)}
		if f.of != nil {
			x.packet = flow.Packet{Frame: f.frame, Protocol: f.of.of.protocol, Src: f.of.of.a, Dst: f.of.of.b, Flags: f.flags}
		}
		list = append(list, x)
	}
	for f := range s.wanted {
		place, ok := r.where(f)
		if !ok {
			continue
		}
		add(place)
		if t := r.held(place).of; t != nil && t.frames <= keptFrames {
			for at := t.first; at != 0; at = r.held(at).then {
				add(at)
			}
		}
	}
	return list
}
