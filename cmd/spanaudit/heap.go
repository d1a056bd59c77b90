package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// ballast is memory that is asked for and never touched, so that it costs
	// none. It counts as live: the collector, which runs when what is live has
	// doubled, does not run again and again over the small heap of most audits.
	ballast = 96 << 20

	// heapLimit is where the collector begins to spend processor time to save
	// memory: a million flows fit into it.
	heapLimit = 1 << 30
)

// withHeap runs do with a collector that is set up for audits. GOGC and
// GOMEMLIMIT hold where they are set.
func withHeap(do func() int) int {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapLimit)
	}
	var weight []byte
	if os.Getenv("GOGC") == "" {
		weight = make([]byte, ballast)
	}
	defer runtime.KeepAlive(weight)
	return do()
}
