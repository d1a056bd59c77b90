package main

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"testing"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/rules"
)

// What is kept while an interface is watched shows each violation of the site again
// without the capture, of what a flow shows.
func TestWhatIsKeptShowsViolations(t *testing.T) {
	policy, err := loadPolicy(world{stderr: &bytes.Buffer{}}, policyFor(violations))
	if err != nil {
		t.Fatal(err)
	}
	k := newKeep()
	src, err := capture.Open([]string{violations}, capture.Options{Raw: true})
	if err != nil {
		t.Fatal(err)
	}
	for b := (capture.Batch{}); ; {
		if err := src.Read(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		k.take(&b)
	}
	r := audited(t, policy, violations, nil)
	c := carver{policy: policy, blank: redact}
	for i := range r.Findings {
		f := &r.Findings[i]
		frames := k.packets(f)
		e, err := c.write(newSelection(f, scopeNamed), frames)
		if err != nil {
			t.Fatal(err)
		}
		if e.shown == nil && len(f.Evidence) > 0 {
			t.Errorf("%d packets do not show %s: %s", len(frames), f.Rule, f.Message)
		}
	}
}

// A card may hand on several segments in one frame, as those of a certificate: what a
// conversation begins with is kept whole, and little of what follows.
func TestTheBeginningOfAConversationIsKeptWhole(t *testing.T) {
	k := newKeep()
	f := rules.Finding{}
	for n := range uint64(20) {
		at := flow.Frame{Number: n + 1, Time: flow.Time(n)}
		f.Evidence = append(f.Evidence, rules.Evidence{Frame: at})
		k.take(&capture.Batch{
			Packets: []flow.Packet{{Frame: at, Protocol: flow.TCP, Src: netip.MustParseAddrPort("10.20.0.9:40000"), Dst: netip.MustParseAddrPort("10.20.0.1:443")}},
			Frames:  []capture.RawFrame{{Frame: at, Data: make([]byte, 9000), Length: 9000}},
		})
	}
	var kept []int
	for _, frame := range k.packets(&f) {
		kept = append(kept, len(frame.Data))
	}
	if len(kept) != 20 || kept[0] != 9000 || kept[2] != 9000 || kept[4] != keptFrame || kept[19] != keptFrame {
		t.Errorf("%d", kept)
	}
}

// However many conversations begin and however much they say, what is kept is
// bounded.
func TestWhatIsKeptIsBounded(t *testing.T) {
	k := newKeep()
	data := make([]byte, 100)
	var n uint64
	for i := range 400 {
		var b capture.Batch
		for j := range 1000 {
			n++
			at := flow.Frame{Number: n, Time: flow.Time(n)}
			p := flow.Packet{Frame: at, Protocol: flow.UDP, Src: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), byte(j >> 8)}), uint16(j)), Dst: netip.MustParseAddrPort("10.20.0.1:53")}
			if i%2 == 1 {
				p.Src = netip.MustParseAddrPort("10.20.0.9:5353") // one that goes on
			}
			b.Packets = append(b.Packets, p)
			b.Frames = append(b.Frames, capture.RawFrame{Frame: at, Data: data, Length: len(data)})
		}
		k.take(&b)
	}
	for _, r := range []*reel{k.heads, k.tells} {
		held := int(r.next - r.oldest)
		if held > len(r.frames) || len(r.talks) > held || len(r.talks)+len(r.spare) > len(r.frames)+1 {
			t.Errorf("%d frames of %d conversations, %d spare", held, len(r.talks), len(r.spare))
		}
		for place := r.oldest; place < r.next; place++ {
			if at, ok := r.where(r.held(place).frame); !ok || at != place {
				t.Fatalf("frame %d of %d is found at %d", place, held, at)
			}
		}
	}
	if _, ok := k.tells.where(flow.Frame{Number: n, Time: flow.Time(n)}); !ok {
		t.Error("what came last is gone")
	}
}
