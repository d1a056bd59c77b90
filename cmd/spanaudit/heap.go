package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// heap is how the collector is set up. GOGC and GOMEMLIMIT hold where they are
// set.
type heap struct{ ballast []byte }

const (
	// ballast is memory that is asked for and never touched, so that it costs
	// none. It counts as live: the collector, which runs when what is live has
	// doubled, does not run again and again over the small heap of most audits.
	ballast = 96 << 20

	// heapLimit is where the collector begins to spend processor time to save
	// memory: a million flows fit into it.
	heapLimit = 1 << 30

	// longPercent is by how much the heap of a watch may grow beyond what is live
	// before it is collected: it shares a machine for months.
	longPercent = 25
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
		debug.SetGCPercent(longPercent)
	}
}

// fit has memory that is not used given back to the system: the limit is what the
// heap may grow to, and some for all else. To be called every second or so.
func (h *heap) fit() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() == metrics.KindUint64 {
		debug.SetMemoryLimit(int64(live[0].Value.Uint64())/100*(100+longPercent) + 32<<20)
	}
}
