package capture

import (
	"cmp"
	"math"
	"os"
	"slices"
)

const (
	scanRecords = 1 << 16  // records that one call of prepare scans
	maxBlocks   = 64 << 20 // bytes of the blocks of all cursors, were all of them open
)

// prepare finds out when each input begins, a bounded part of the work at a
// time. It reports whether all of it is done.
func (m *merge) prepare() bool {
	if m.scanning != nil {
		m.scan()
		return false
	}
	if len(m.unprepared) > 0 {
		in := m.unprepared[0]
		m.unprepared = m.unprepared[1:]
		switch {
		case in.Err != nil:
		case in.stream != nil:
			m.pending = append(m.pending, pending{in: in, first: math.MinInt64})
		case in.Compression != "" || m.once:
			m.begin(in)
		default:
			m.startScan(in)
		}
		return false
	}
	if !m.ready {
		m.ready = true
		slices.SortStableFunc(m.pending, func(a, b pending) int { return cmp.Compare(a.first, b.first) })
		m.block = min(blockSize, maxBlocks/max(len(m.pending), 1))
	}
	return true
}

// begin reads the first frame of a file that is not scanned. Later frames of a
// compressed one, which cannot be scanned at a bearable price, may be earlier by
// the window.
func (m *merge) begin(in *input) {
	p := pending{in: in, first: math.MinInt64}
	if f, err := os.Open(in.Name); err == nil {
		defer f.Close()
		b, closer, err := in.content(f, 4096, nil)
		defer closer.Close()
		var first frame
		if err == nil {
			if r, err := newReader(in.Format, b); err == nil && r.next(&first) == nil {
				in.before, p.first = first.time, first.time
				if in.Compression != "" {
					p.first = first.time.Add(-windowTime)
				}
			}
		}
	}
	m.pending = append(m.pending, p)
}

// startScan opens a regular file to find its runs.
func (m *merge) startScan(in *input) {
	f, err := os.Open(in.Name)
	if err != nil {
		in.Err = err
		return
	}
	b := newBlocks(f, blockSize, &m.source.spares, func(n int) { m.source.done.Add(int64(n)) })
	r, err := newReader(in.Format, b)
	if err != nil {
		f.Close()
		in.Err = err
		return
	}
	in.file = f
	m.scanning, m.scanned = &scanner{r: r}, in
}

// scan goes on with the scan under way and, at its end, makes the runs pending.
func (m *merge) scan() {
	s, in := m.scanning, m.scanned
	if s.step(scanRecords) {
		return
	}
	in.file.Close()
	in.file, m.scanning = nil, nil
	in.before, in.runs = s.runs[0].first, len(s.runs)
	in.size = max(in.size, s.r.here())
	m.source.decoder.stats.Inversions += s.inversions
	m.losses(s.r)
	for i := range s.runs {
		run := &s.runs[i]
		run.end = min(run.end, in.size)
		m.pending = append(m.pending, pending{in: in, run: run, r: s.r, first: run.first})
	}
}

// losses adds what a file says about packets that its writer lost.
func (m *merge) losses(r reader) {
	received, dropped := r.losses()
	m.source.decoder.stats.Received += received
	m.source.decoder.stats.Dropped += dropped
}
