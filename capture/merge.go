package capture

import (
	"cmp"
	"container/heap"

	"spanaudit/flow"
)

// merge puts the frames of all inputs in time order. A run is opened when its
// first frame is due and closed at its end, so that of a thousand slices of
// one capture one is open at a time.
type merge struct {
	source     *Source
	unprepared []*input
	once       bool     // files are read without being scanned
	disorder   bool     // one that is read so is not in order
	scanning   *scanner // of scanned; nil between files
	scanned    *input
	ready      bool      // pending is complete and sorted by first
	pending    []pending // runs not yet open
	block      int       // bytes that a cursor reads at once
	active     cursors
	current    *cursor // whose head the last next returned
}

// pending is a run that is not yet open; run is nil where the input can be read
// only from its start.
type pending struct {
	in    *input
	run   *run
	r     reader // to resume, of a run
	first flow.Time
}

// next returns the next frame of all, valid until the next call; nil at the
// end. Inputs must have been prepared.
func (m *merge) next() *frame {
	if m.current != nil {
		m.advance()
	}
	for len(m.pending) > 0 && (len(m.active) == 0 || m.pending[0].first <= m.active[0].head.time) {
		p := m.pending[0]
		m.pending = m.pending[1:]
		if c := m.open(p); c != nil {
			heap.Push(&m.active, c)
		}
	}
	if len(m.active) == 0 {
		return nil
	}
	m.current = m.active[0]
	return &m.current.head
}

// advance moves on the cursor whose head was returned, which leads the heap.
func (m *merge) advance() {
	switch {
	case !m.current.advance():
		heap.Pop(&m.active)
		m.current.close()
	case len(m.active) > 1:
		heap.Fix(&m.active, 0)
	}
	m.current = nil
}

// open makes a cursor of p and moves it to its first frame; nil if it has none.
func (m *merge) open(p pending) *cursor {
	c := &cursor{merge: m, in: p.in, run: p.run}
	var err error
	if p.run != nil {
		err = c.openRun(p)
	} else {
		err = c.openStream()
	}
	if err != nil {
		p.in.Err = err
		c.close()
		return nil
	}
	if !c.advance() {
		c.close()
		return nil
	}
	return c
}

func (m *merge) close() {
	for _, c := range m.active {
		c.close()
	}
	for _, in := range m.source.inputs {
		if in.file != nil {
			in.file.Close()
			in.file = nil
		}
	}
	m.active, m.pending, m.unprepared, m.scanning, m.current = nil, nil, nil, nil, nil
}

// cursors is a heap by the time of the heads; see Open for its ties.
type cursors []*cursor

func (h cursors) Len() int      { return len(h) }
func (h cursors) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h cursors) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(
		cmp.Compare(a.head.time, b.head.time),
		cmp.Compare(a.in.before, b.in.before),
		cmp.Compare(a.in.index, b.in.index),
		cmp.Compare(a.head.number, b.head.number)) < 0
}
func (h *cursors) Push(x any) { *h = append(*h, x.(*cursor)) }
func (h *cursors) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}
