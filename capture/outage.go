package capture

import (
	"slices"
	"time"

	"spanaudit/flow"
)

// Outage is a time in which nothing could be seen of an interface, by the
// system's clock, which stamps the packets too. That the interface was taken
// down is known at once, that it lost its carrier within a second.
type Outage struct {
	From, To flow.Time // To is 0 while it lasts
}

// maxOutages bounds how many are told.
const maxOutages = 1000

// outages counts the outages of an interface and tells them to its input.
type outages struct {
	in    *input
	count uint64
	over  time.Duration // of those that are over
	since time.Time     // of the one that lasts; else zero
}

func (o *outages) lasts() bool { return !o.since.IsZero() }

func (o *outages) begin(now time.Time) {
	if o.lasts() {
		return
	}
	if len(o.in.Outages) == maxOutages {
		o.in.Outages = slices.Delete(o.in.Outages, 0, 1)
	}
	o.in.Outages = append(o.in.Outages, Outage{From: flow.Time(now.UnixNano())})
	o.since = now
	o.count++
}

func (o *outages) end(now time.Time) {
	if !o.lasts() {
		return
	}
	last := &o.in.Outages[len(o.in.Outages)-1]
	last.To = max(flow.Time(now.UnixNano()), last.From) // the clock may have been set back
	o.over += now.Sub(o.since)
	o.since = time.Time{}
}

// blind is how long all of them were.
func (o *outages) blind(now time.Time) time.Duration {
	if o.lasts() {
		return o.over + now.Sub(o.since)
	}
	return o.over
}
