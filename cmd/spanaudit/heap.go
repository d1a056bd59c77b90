package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// heap is how the collector is set up. GOGC and GOMEMLIMIT hold where they are
// set.
type heap struct {
	ballast []byte
	percent int // GOGC of a watch; 0 where it is not ours
}

const (
	// ballast is memory that is asked for and never touched, so that it costs
	// none. It counts as live: the collector, which runs when what is live has
	// doubled, does not run again and again over the small heap of most audits.
	ballast = 96 << 20

	// heapLimit is where the collector begins to spend processor time to save
	// memory: a million flows fit into it.
	heapLimit = 1 << 30

	// The heap of a watch, which shares a machine for months, may grow by a seventh
	// of what is live before it is collected. A small one, which a burst soon makes
	// a large one, may grow by more, as long as it does not come to longHeap. So may
	// one that is beyond longFlood, up to longLimit: it is a flood that made it so,
	// and the time is wanted for that.
	longPercent = 15
	longGrown   = 128 << 20
	longHeap    = 224 << 20
	longFlood   = 384 << 20
	longLimit   = heapLimit - 32<<20
)

// newHeap sets the collector up for audits.
func newHeap() *heap {
	h := &heap{}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapLimit)
	}
	if os.Getenv("GOGC") == "" {
		h.ballast = make([]byte, ballast)
	}
	return h
}

// forLong sets it up for a process that stays.
func (h *heap) forLong() {
	if h.ballast != nil {
		h.ballast = nil
		h.percent = 4 * longPercent // until fit
		debug.SetGCPercent(h.percent)
	}
}

// fit has the collector run when the heap has grown by what it may, and memory that
// is not used given back to the system: the limit is what the heap may grow to, and
// little for all else, so that the process is always of about one size. To be called
// every second or so.
func (h *heap) fit() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return
	}
	live := int64(max(sample[0].Value.Uint64(), 1<<20))
	grown := max(live*longPercent/100, min(longHeap-live, longGrown))
	if live > longFlood {
		grown = max(grown, min(longLimit-live, live/2))
	}
	if percent := int(100 * grown / live); h.percent > 0 && percent != h.percent {
		h.percent = percent
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(live + grown + 16<<20)
	}
}
