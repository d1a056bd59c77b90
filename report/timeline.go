package report

import (
	"time"

	"spanaudit/rules"
)

// Timeline says when flows began and rules were broken, in equal parts of time.
type Timeline struct {
	Seconds int64    `json:"seconds"` // that each moment lasts
	Moments []Moment `json:"moments"` // in order; those without a flow are left out
}

// Moment is one part of a Timeline.
type Moment struct {
	Start  Instant                   `json:"start"`
	Flows  uint64                    `json:"flows"`
	Failed map[rules.Severity]uint64 `json:"failed,omitempty"` // violations by flows that began in it
}

func newTimeline(t rules.Timeline) Timeline {
	return Timeline{int64(t.Width / time.Second), mapped(t.Moments, newMoment)}
}

func newMoment(m rules.Moment) Moment {
	doc := Moment{Start: Instant(m.Start), Flows: m.Flows}
	for s, n := range m.Failed {
		if n > 0 {
			if doc.Failed == nil {
				doc.Failed = map[rules.Severity]uint64{}
			}
			doc.Failed[rules.Severity(s)] = n
		}
	}
	return doc
}
