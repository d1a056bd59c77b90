package rules

import (
	"cmp"
	"math"
	"slices"
	"time"

	"spanaudit/flow"
)

// Moment is one of the equal parts that a Timeline divides the time into.
type Moment struct {
	Start  flow.Time
	Flows  uint64               // that began in it
	Failed [Critical + 1]uint64 // violations, by severity, of flows that began in it
}

// Timeline says when things happened. It divides time at the multiples of a
// width that is as small as maxMoments allow, and so is the same in whatever
// order flows end.
type Timeline struct {
	Width   time.Duration // of a moment: a second times a power of two
	Moments []Moment      // in order; those in which nothing happened are left out
}

// maxMoments bounds a timeline.
const maxMoments = 120

// timeline is a Timeline in the making.
type timeline struct {
	width   flow.Time
	moments map[flow.Time]*Moment // by start
}

func newTimeline() *timeline {
	return &timeline{width: flow.Time(time.Second), moments: map[flow.Time]*Moment{}}
}

// at returns the moment of a time.
func (t *timeline) at(when flow.Time) *Moment {
	m := t.moments[t.floor(when)]
	if m == nil {
		m = &Moment{Start: t.floor(when)}
		t.moments[m.Start] = m
		for t.spread() {
			t.widen()
		}
		m = t.moments[t.floor(when)]
	}
	return m
}

func (t *timeline) floor(when flow.Time) flow.Time {
	start := when - when%t.width
	switch {
	case start <= when:
		return start
	case start < math.MinInt64+t.width: // before 1970, and as far as time reaches
		return math.MinInt64
	}
	return start - t.width
}

// spread reports whether the moments are further apart than fits.
func (t *timeline) spread() bool {
	first, last := flow.Time(0), flow.Time(0)
	begun := false
	for start := range t.moments {
		if !begun || start < first {
			first = start
		}
		if !begun || start > last {
			last = start
		}
		begun = true
	}
	return uint64(last-first)/uint64(t.width) >= maxMoments
}

// widen makes one moment of each two.
func (t *timeline) widen() {
	old := t.moments
	t.width, t.moments = 2*t.width, map[flow.Time]*Moment{}
	for _, m := range old {
		start := t.floor(m.Start)
		into := t.moments[start]
		if into == nil {
			into = &Moment{Start: start}
			t.moments[start] = into
		}
		into.Flows += m.Flows
		for i, n := range m.Failed {
			into.Failed[i] += n
		}
	}
}

// failed counts a violation by a flow that began at the time.
func (t *timeline) failed(when flow.Time, s Severity) { t.at(when).Failed[s]++ }

func (t *timeline) list() Timeline {
	l := Timeline{Width: time.Duration(t.width)}
	for _, m := range t.moments {
		l.Moments = append(l.Moments, *m)
	}
	slices.SortFunc(l.Moments, func(x, y Moment) int { return cmp.Compare(x.Start, y.Start) })
	return l
}
