package report

import (
	"fmt"
	"strconv"
	"time"

	"spanaudit/rules"
)

// Measures of the picture of time, in pixels.
const (
	timeHeight  = 150 // of the violations
	flowsHeight = 36  // of the flows below them
	timeTop     = 18  // above the violations, for the number at the top
	timeBars    = 120 // at most
)

// htmlTimeline is the picture of when rules were broken, above when flows began.
type htmlTimeline struct {
	Bars       []htmlBar
	Moments    []htmlMoment
	Ticks      []htmlTick
	Most       uint64 // violations in a bar
	MostFlows  uint64
	Each       string // how long a bar lasts
	Desc       string
	Violations uint64
}

// htmlBar is one part of time. What lies across is in percent of the width.
type htmlBar struct {
	X, Width     string
	Parts        []htmlBarPart
	FlowY, FlowH string
	Title        string
}

// htmlBarPart is the violations of one severity.
type htmlBarPart struct {
	Class, Y, Height string
}

// htmlTick is a time below the picture.
type htmlTick struct {
	X, Anchor, Words string
}

// htmlMoment is a row of the table.
type htmlMoment struct {
	When   string
	Flows  uint64
	Failed [rules.Critical + 1]uint64
}

// Times returns the picture, nil where no flow was seen.
func (p *htmlPage) Times() *htmlTimeline {
	moments := p.Timeline.Moments
	if len(moments) == 0 {
		return nil
	}
	// A saved audit may have any moments: they are counted into as many bars as
	// there is room for.
	first, last := moments[0].Start, moments[0].Start
	for _, m := range moments {
		first, last = min(first, m.Start), max(last, m.Start)
	}
	width := float64(max(p.Timeline.Seconds, 1)) * 1e9
	span := float64(last) - float64(first) + width
	if span > timeBars*width*1.0001 {
		width = span / timeBars
	}
	n := max(int(span/width+0.5), 1)
	bars := make([]htmlMoment, n)
	for _, m := range moments {
		bar := &bars[min(int((float64(m.Start)-float64(first))/width+1e-9), n-1)]
		bar.Flows += m.Flows
		for s, failed := range m.Failed {
			bar.Failed[s] += failed
		}
	}
	return drawTimeline(bars, first, time.Duration(width))
}

func drawTimeline(bars []htmlMoment, first Instant, each time.Duration) *htmlTimeline {
	t := &htmlTimeline{Each: duration(each)}
	layout := timeLayout(first, each*time.Duration(len(bars)))
	when := func(i int) string { return first.UTC().Add(time.Duration(i) * each).Format(layout) }
	peak := 0
	for i := range bars {
		bars[i].When = when(i)
		n := bars[i].violations()
		t.Violations += n
		t.MostFlows = max(t.MostFlows, bars[i].Flows)
		if n > t.Most {
			t.Most, peak = n, i
		}
	}
	for i, m := range bars {
		if m.Flows+m.violations() > 0 {
			t.Bars = append(t.Bars, t.bar(i, len(bars), m))
			t.Moments = append(t.Moments, m)
		}
	}
	t.Ticks = []htmlTick{{"0", "start", when(0)}, {"50%", "middle", when(len(bars) / 2)}, {"100%", "end", when(len(bars))}}
	t.Desc = fmt.Sprintf("%s in %s of %s. The table below has the same.", count(t.Violations, "violation"), count(len(bars), "part"), t.Each)
	if t.Violations > 0 {
		t.Desc = fmt.Sprintf("%s, most of them (%s) at %s. The table below has the same.", count(t.Violations, "violation"), thousands(t.Most), when(peak))
	}
	return t
}

func (m *htmlMoment) violations() (n uint64) {
	for _, failed := range m.Failed {
		n += failed
	}
	return n
}

// timeLayout writes times no finer than the picture shows them.
func timeLayout(first Instant, span time.Duration) string {
	switch last := first.UTC().Add(span); {
	case first.UTC().Format(time.DateOnly) == last.Format(time.DateOnly):
		return time.TimeOnly
	case span < 48*time.Hour:
		return "01-02 15:04"
	}
	return time.DateOnly
}

// bar draws one part of time, the gravest at the bottom, where bars are easiest
// to compare.
func (t *htmlTimeline) bar(i, n int, m htmlMoment) htmlBar {
	b := htmlBar{
		X: percent(float64(i) / float64(n)), Width: percent(0.86 / float64(n)),
		Title: fmt.Sprintf("%s: %s, %s", m.When, count(m.violations(), "violation"), count(m.Flows, "flow")),
	}
	y := float64(timeTop + timeHeight)
	for s := rules.Critical; s >= rules.Info; s-- {
		if m.Failed[s] > 0 {
			h := timeHeight * float64(m.Failed[s]) / float64(t.Most)
			y -= h
			b.Parts = append(b.Parts, htmlBarPart{s.String(), pixels(y), pixels(h)})
		}
	}
	if m.Flows > 0 {
		h := max(flowsHeight*float64(m.Flows)/float64(t.MostFlows), 1)
		b.FlowY, b.FlowH = pixels(timeTop+timeHeight+timeTop+flowsHeight-h), pixels(h)
	}
	return b
}

func percent(part float64) string { return strconv.FormatFloat(100*part, 'f', 3, 64) + "%" }

func pixels(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }

// Severities counts the violations by severity, for the key and the table, the
// gravest first.
func (m htmlMoment) Severities() []uint64 {
	var list []uint64
	for s := rules.Critical; s >= rules.Info; s-- {
		list = append(list, m.Failed[s])
	}
	return list
}

// Base is where the violations stand, and Low where the flows do.
func (t *htmlTimeline) Base() int { return timeTop + timeHeight }

// Low is where the flows stand.
func (t *htmlTimeline) Low() int { return timeTop + timeHeight + timeTop + flowsHeight }

// Words is where the times stand.
func (t *htmlTimeline) Words() int { return t.Low() + 16 }

// Height is that of the whole picture.
func (t *htmlTimeline) Height() int { return t.Low() + 22 }

// Top is where the most violations end.
func (t *htmlTimeline) Top() int { return timeTop }

// Half is where half as many end.
func (t *htmlTimeline) Half() int { return timeTop + timeHeight/2 }
