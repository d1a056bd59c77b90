package main

import (
	"bytes"

	"spanaudit/capture"
	"spanaudit/classify"
	"spanaudit/flow"
)

// redaction counts what redact overwrote.
type redaction struct {
	Frames int // that were altered
	Bytes  int // that were, in them
}

// redact returns copies of frames, which must be in the order of time, in which
// secrets and private content are overwritten: no length changes, and an audit
// of them finds what it finds in the originals. What is not understood, and what
// belongs to no packet, is overwritten. Checksums stay as they are, and show
// what was altered.
func redact(frames []capture.RawFrame) ([]capture.RawFrame, redaction) {
	out := make([]capture.RawFrame, len(frames))
	for i, f := range frames {
		f.Data = bytes.Clone(f.Data)
		out[i] = f
	}
	u := capture.Unpack(out)
	talks := rawFlows{latest: map[conversation]*rawFlow{}}
	for i := range u.Packets {
		switch p := &u.Packets[i]; p.Protocol {
		case flow.TCP, flow.UDP:
			talks.add(p)
		default:
			classify.RedactOther(p.Protocol, p.Src.Port(), p.Payload)
		}
	}
	for _, c := range talks.all {
		c.redact()
	}
	for _, b := range u.Loose {
		clear(b)
	}
	u.Repack()
	return out, countRedaction(frames, out)
}

func countRedaction(before, after []capture.RawFrame) (r redaction) {
	for i := range before {
		n := r.Bytes
		for j, b := range before[i].Data {
			if b != after[i].Data[j] {
				r.Bytes++
			}
		}
		if r.Bytes > n {
			r.Frames++
		}
	}
	return r
}
