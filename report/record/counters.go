package record

import (
	"maps"
	"slices"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Counters are what a run has counted since it began.
type Counters struct {
	Frames []uint64 // that were read, by input
	Loss   rules.Loss
}

// numbers lists what is counted.
func numbers(l *rules.Loss) []*uint64 {
	return []*uint64{
		&l.Dropped, &l.Cut, &l.Unseen, &l.TCPBytes, &l.FragmentsGivenUp, &l.Late, &l.Filtered, &l.Outages, &l.Evicted, &l.Starved, &l.Panics,
	}
}

// durations lists what is added up.
func durations(l *rules.Loss) []*time.Duration { return []*time.Duration{&l.Blind, &l.Watched} }

func (k *Counters) code(c *flow.Codec) {
	flow.List(c, &k.Frames, flow.Uint[uint64])
	l := &k.Loss
	for _, n := range numbers(l) {
		flow.Uint(c, n)
	}
	for _, d := range durations(l) {
		flow.Int(c, d)
	}
	c.Bools(&l.Counted)
	flow.Text(c, &l.Filter)
	flow.Int(c, &l.Broken)
	reasons := slices.Sorted(maps.Keys(l.Undecoded))
	flow.List(c, &reasons, func(c *flow.Codec, reason *string) {
		n := l.Undecoded[*reason]
		flow.Text(c, reason)
		if flow.Uint(c, &n); c.Reading() {
			if l.Undecoded == nil {
				l.Undecoded = map[string]uint64{}
			}
			l.Undecoded[*reason] = n
		}
	})
}

// more returns by how much n is more than last. A number that is less than it was
// began anew, as when an interface was opened again.
func more[T uint64 | int | time.Duration](n, last T) T {
	if n < last {
		return n
	}
	return n - last
}

// since returns what was counted beyond last.
func (k Counters) since(last Counters) Counters {
	d := Counters{Frames: slices.Clone(k.Frames), Loss: k.Loss}
	for i := range min(len(k.Frames), len(last.Frames)) {
		d.Frames[i] = more(k.Frames[i], last.Frames[i])
	}
	before := numbers(&last.Loss)
	for i, n := range numbers(&d.Loss) {
		*n = more(*n, *before[i])
	}
	lasted := durations(&last.Loss)
	for i, n := range durations(&d.Loss) {
		*n = more(*n, *lasted[i])
	}
	d.Loss.Broken = more(k.Loss.Broken, last.Loss.Broken)
	d.Loss.Undecoded = nil
	for reason, n := range k.Loss.Undecoded {
		if n = more(n, last.Loss.Undecoded[reason]); n > 0 {
			if d.Loss.Undecoded == nil {
				d.Loss.Undecoded = map[string]uint64{}
			}
			d.Loss.Undecoded[reason] = n
		}
	}
	return d
}

// add adds what was counted; inputs is where those of its run begin.
func (k *Counters) add(d Counters, inputs int) {
	for i, n := range d.Frames {
		for len(k.Frames) <= inputs+i {
			k.Frames = append(k.Frames, 0)
		}
		k.Frames[inputs+i] += n
	}
	sum := numbers(&k.Loss)
	for i, n := range numbers(&d.Loss) {
		*sum[i] += *n
	}
	lasted := durations(&k.Loss)
	for i, n := range durations(&d.Loss) {
		*lasted[i] += *n
	}
	k.Loss.Counted = k.Loss.Counted || d.Loss.Counted
	k.Loss.Broken += d.Loss.Broken
	if d.Loss.Filter != "" {
		k.Loss.Filter = d.Loss.Filter
	}
	for reason, n := range d.Loss.Undecoded {
		if k.Loss.Undecoded == nil {
			k.Loss.Undecoded = map[string]uint64{}
		}
		k.Loss.Undecoded[reason] += n
	}
}

func (k Counters) clone() Counters {
	k.Frames, k.Loss.Undecoded = slices.Clone(k.Frames), maps.Clone(k.Loss.Undecoded)
	return k
}
