package capture

import (
	"time"

	"spanaudit/flow"
)

// Bounds of the window inside which frames of one input are put in order.
const (
	windowTime   = time.Second
	windowFrames = 8192
)

// window holds frames back until no earlier one can follow. Frames in order
// cost one comparison each; one that comes early moves only those behind it.
// Frames of the same time keep the order they came in.
type window struct {
	held  []frame // sorted by time from head on
	head  int
	slack time.Duration // how far back in time a frame may reach
	out   flow.Time     // the latest of those let go
}

// push takes f in, holding its slab, and reports whether it is late: earlier
// than one already let go.
func (w *window) push(f *frame) (late bool) {
	if w.head > 0 && len(w.held) == cap(w.held) {
		w.held = w.held[:copy(w.held, w.held[w.head:])]
		w.head = 0
	}
	f.slab.hold()
	w.held = append(w.held, *f)
	i := len(w.held) - 1
	for ; i > w.head && w.held[i-1].time > f.time; i-- {
		w.held[i] = w.held[i-1]
	}
	w.held[i] = *f
	return f.time < w.out
}

// ready reports whether the earliest frame held may go.
func (w *window) ready() bool {
	n := len(w.held) - w.head
	return n > windowFrames || n > 0 && w.held[len(w.held)-1].time.Sub(w.held[w.head].time) > w.slack
}

// pop lets the earliest frame go into f, and with it the hold on its slab; at
// the end of the input, ready or not.
func (w *window) pop(f *frame) bool {
	if w.head == len(w.held) {
		return false
	}
	*f = w.held[w.head]
	w.held[w.head] = frame{}
	w.head++
	w.out = max(w.out, f.time)
	return true
}
