package capture

import "spanaudit/flow"

// RawFrame is one frame as the capture stored it.
type RawFrame struct {
	Frame  flow.Frame
	Link   uint16 // LINKTYPE_ value (https://www.tcpdump.org/linktypes.html)
	Data   []byte // as captured; of a Batch borrowed as all in it is, and not to be written to
	Length int    // on the wire; at least len(Data)
}

// Reassembled names the other frames that went into a packet that came in IP
// fragments.
type Reassembled struct {
	Frame  flow.Frame   // the one that completed it, as in Packet.Frame
	Others []flow.Frame // those before it that added to it, as they came; at most 1024
}

// maxParts bounds Reassembled.Others: the largest packet in pieces of 64 bytes.
const maxParts = 1024

// keepRaw adds f as it is.
func (b *Batch) keepRaw(f *frame) {
	b.hold(f.slab)
	b.Frames = append(b.Frames, RawFrame{
		Frame: flow.Frame{Input: f.input, Number: f.number, Time: f.time},
		Link:  f.link, Data: f.data, Length: f.length,
	})
}

// part notes that the fragment in f goes into g: f itself, or what the fragment
// was put together from, f among them.
func (g *datagram) part(f *frame, others []flow.Frame) {
	if others == nil {
		others = []flow.Frame{{Input: f.input, Number: f.number, Time: f.time}}
	}
	g.parts = append(g.parts, others[:min(len(others), maxParts-len(g.parts))]...)
}

// tellParts adds what the packets of f were put together from.
func (d *decoder) tellParts(f *frame, b *Batch) {
	at := flow.Frame{Input: f.input, Number: f.number, Time: f.time}
	var others []flow.Frame
	for _, p := range d.parts {
		if p != at {
			others = append(others, p)
		}
	}
	b.Reassembled = append(b.Reassembled, Reassembled{at, others})
}
