package panel

import (
	"fmt"
	"strings"
)

// rate is what passed in a second.
type rate struct {
	packets, bytes, dropped float64
}

// rates are those of the last two minutes, the oldest first.
type rates []rate

const maxRates = 120

// add takes the rate between two states. What counts backwards began anew.
func (r *rates) add(before, now *State) {
	if before == nil {
		return
	}
	seconds := now.At.Sub(before.At).Seconds()
	if seconds <= 0 {
		return
	}
	each := func(before, now uint64) float64 {
		if now < before {
			return 0
		}
		return float64(now-before) / seconds
	}
	if len(*r) == maxRates {
		*r = append((*r)[:0], (*r)[1:]...)
	}
	*r = append(*r, rate{each(before.Packets, now.Packets), each(before.Bytes, now.Bytes), each(before.Dropped.total(), now.Dropped.total())})
}

func (r rates) last() rate {
	if len(r) == 0 {
		return rate{}
	}
	return r[len(r)-1]
}

// line draws the packets a second as the points of a polyline that is maxRates
// wide and 30 high, with the newest at the right.
func (r rates) line() (points string, most float64) {
	for _, x := range r {
		most = max(most, x.packets)
	}
	var b strings.Builder
	for i, x := range r {
		height := 0.0
		if most > 0 {
			height = 28 * x.packets / most
		}
		fmt.Fprintf(&b, "%d,%.1f ", maxRates-len(r)+i, 29-height)
	}
	return strings.TrimSuffix(b.String(), " "), most
}
