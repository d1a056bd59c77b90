package capture

import (
	"spanaudit/flow"
)

// rewriter maps the addresses in frames in place, before anybody decodes them.
// It walks through a frame as the decoder does, since it is called by one: what
// the decoder reads an address of is mapped, whatever it lies in. Of what the
// decoder does not understand nothing is left but what tells that.
//
// Of payloads those messages are known that hold addresses and that somebody
// reads here; in all others addresses are found as text (flow.Anonymizer.Text).
// Not found are those in what is encrypted or compressed, those in binary in
// other protocols (SNMP, IKE, RADIUS, a token of QUIC …), and those that two
// segments part, but for an IPv4 address with two of its dots in one of them.
// Text in a fragment behind the first is mapped, but the checksum, which the
// first has, cannot be mended any more.
type rewriter struct {
	*flow.Anonymizer
	decoder decoder // calls back
	scratch Batch

	rest      []byte // of the frame, not understood so far
	tunnelled bool   // the payload at hand was taken for a tunnel and is none
	text      map[datagramKey]bool
	copied    []byte // a message as it was
}

func newRewriter(a *flow.Anonymizer) *rewriter {
	if a == nil {
		return nil
	}
	r := &rewriter{Anonymizer: a, text: map[datagramKey]bool{}}
	r.decoder.init()
	r.decoder.rewriter = r
	return r
}

// again forgets what the frames so far have told.
func (r *rewriter) again() {
	if r != nil {
		clear(r.text)
	}
}

// frame rewrites a frame. The nil rewriter leaves it.
func (r *rewriter) frame(f *frame) {
	if r == nil {
		return
	}
	r.rest, r.tunnelled = f.data, false
	d := &r.decoder
	d.layers, d.others = 0, d.others[:0]
	r.scratch.ARPs = r.scratch.ARPs[:0]
	var p flow.Packet
	switch got := d.guarded(f, &p, &r.scratch); {
	case got.why == whyPanic:
		clear(f.data)
	case got.why > consumed:
		r.wipe()
	}
}

// reach tells the rewriter, if there is one, how far a frame is understood: up
// to data and its first bytes, which say why it is not further.
func (d *decoder) reach(data []byte, keep int) {
	if d.rewriter != nil {
		d.rewriter.rest = data[min(keep, len(data)):]
	}
}

// wipe clears what was not understood.
func (r *rewriter) wipe() {
	clear(r.rest)
	r.rest = nil
}

// macs maps MACs that follow one another, of the last as far as it is there
// nothing is left.
func (r *rewriter) macs(b []byte) {
	for ; len(b) >= 6; b = b[6:] {
		r.Hardware(b[:6])
	}
	clear(b)
}

// address maps an address of four or sixteen bytes.
func (r *rewriter) address(b []byte) {
	switch len(b) {
	case 4:
		r.IPv4(b)
	case 16:
		r.IPv6(b)
	default:
		clear(b)
	}
}

// addresses maps addresses of size bytes that follow one another.
func (r *rewriter) addresses(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		r.address(b[:size])
	}
	clear(b)
}
