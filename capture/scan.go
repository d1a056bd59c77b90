package capture

import (
	"io"
	"math"
	"time"

	"spanaudit/flow"
)

// run is a stretch of one input in which no frame reaches back further than
// the window. A file that was captured in order is one run; one made by
// appending captures is several, which are merged like files of their own. Of
// a file in no order at all each frame may become a run.
type run struct {
	place
	end   int64         // offset behind its last record
	first flow.Time     // the earliest in it
	slack time.Duration // how far frames reach back in time within it
}

// maxRuns bounds the runs of one file. Beyond it the last run takes what
// comes, and its frames may be late.
const maxRuns = 1 << 20

// scanner reads the records of a file from front to back to find its runs. It
// keeps nothing of the packets.
type scanner struct {
	r          reader
	order      order
	runs       []run
	previous   flow.Time
	inversions uint64 // frames earlier than the one before them
}

// step reads up to n records and reports whether there are more. Where the file
// cannot be read further the last run ends where the file does, so that
// reading it meets the same error.
func (s *scanner) step(n int) bool {
	var f frame
	for range n {
		if err := s.r.next(&f); err != nil {
			if len(s.runs) == 0 {
				s.runs = append(s.runs, run{place: s.r.began(), first: math.MinInt64})
			}
			s.runs[len(s.runs)-1].end = math.MaxInt64
			return false
		}
		s.add(f.time)
	}
	return true
}

func (s *scanner) add(t flow.Time) {
	n := len(s.runs)
	if n > 0 && t < s.previous {
		s.inversions++
	}
	s.previous = t
	if n == 0 || n < maxRuns && s.order.breaks(t) {
		p := s.r.began()
		if n > 0 {
			s.runs[n-1].end = p.offset
		}
		s.runs = append(s.runs, run{place: p, first: t})
		s.order.restart(t)
		n++
	}
	last := &s.runs[n-1]
	last.first = min(last.first, t)
	last.slack = min(max(last.slack, s.order.add(t)), windowTime)
}

// order follows the times of a file's frames to tell where a window of
// windowTime and windowFrames would let a frame go too early.
type order struct {
	latest flow.Time               // in this run so far
	before [windowFrames]flow.Time // latest as it was, by frame of the run modulo windowFrames
	frames uint64                  // in this run
}

func (o *order) restart(t flow.Time) { o.latest, o.frames = t, 0 }

// breaks reports whether a frame of time t could come after one that the
// window has let go. At most windowFrames are held, so after n frames what was
// let go is no later than the latest of the first n-windowFrames.
func (o *order) breaks(t flow.Time) bool {
	if t >= o.latest {
		return false
	}
	return o.latest.Sub(t) > windowTime || o.frames >= windowFrames && t < o.before[o.frames%windowFrames]
}

// add counts a frame in and returns how far it reaches back.
func (o *order) add(t flow.Time) time.Duration {
	back := max(o.latest.Sub(t), 0)
	o.latest = max(o.latest, t)
	o.before[o.frames%windowFrames] = o.latest
	o.frames++
	return back
}

// clip limits a stream to the run.
func (r *run) clip(f io.ReaderAt) io.Reader {
	return io.NewSectionReader(f, r.offset, r.end-r.offset)
}
