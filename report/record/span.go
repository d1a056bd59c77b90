package record

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

// What ends a time of sight. Others may be given to Writer.Blind.
const (
	CauseStopped = "stopped"        // as it was asked to
	CauseCrash   = "crash"          // killed, or the power was lost
	CauseDown    = "interface down" // or gone
	CausePaused  = "paused"
)

// What else makes a time blind.
const (
	CauseNotStarted = "not started" // before the first run
	CauseNotKept    = "not kept"    // events were dropped for their age, or for room
	CauseDamaged    = "damaged"     // a batch of events cannot be read
	CauseOverload   = "overload"    // events were not recorded for lack of room
)

// Span is what a record says of a time: from From on and before To.
type Span struct {
	From, To flow.Time // as asked, cut where all of the record is asked for to when it began and ends
	Running  bool      // a process writes the record, and To is not past yet: there is more to come

	Blind []Stretch // without sight, or without its events, by their beginning

	Inputs   []Input    // in the order of Frame.Input, as it was told: those of each run by themselves
	Loss     rules.Loss // in the time, of all runs
	Policies []Policy   // in force, in their order

	Events, Flows uint64    // that were told
	Open          uint64    // flows among them that were under way when a run ended without saying so, or are
	Lost          uint64    // events that were not recorded for lack of room
	KeptSince     flow.Time // events from before it were dropped; 0 when none were

	written bool // by a process, now
}

// Stretch is a time of which nothing, or not all, is known.
type Stretch struct {
	From, To flow.Time
	Cause    string
}

// Length returns how long it is.
func (s Stretch) Length() time.Duration { return s.To.Sub(s.From) }

// Input is what a run read.
type Input struct {
	Name    string
	Started flow.Time // when its run did
	Frames  uint64    // in the time

	run int64
}

// run is a row of its table.
type run struct {
	id                      int64
	inputs                  []string
	longest                 time.Duration
	started, alive, stopped flow.Time // stopped is 0 of one that was not
}

func (s *Store) runs(ctx context.Context, q querier) ([]run, error) {
	return queryOf(ctx, s, q, func(scan func(...any) error) (r run, err error) {
		var inputs string
		if err = scan(&r.id, &inputs, (*int64)(&r.longest), (*int64)(&r.started), (*int64)(&r.alive), (*int64)(&r.stopped)); err == nil {
			err = json.Unmarshal([]byte(inputs), &r.inputs)
		}
		return r, err
	}, "SELECT id, inputs, longest, started, alive, coalesce(stopped, 0) FROM run ORDER BY id")
}

// sights returns the times of sight. One that goes on ends when its run was last
// known to live, and its cause is empty while the run may go on.
func (s *Store) sights(ctx context.Context, q querier) ([]Stretch, error) {
	return queryOf(ctx, s, q, func(scan func(...any) error) (t Stretch, err error) {
		return t, scan((*int64)(&t.From), (*int64)(&t.To), &t.Cause)
	}, `SELECT sight.started, coalesce(sight.stopped, run.alive), coalesce(sight.cause, '') FROM sight JOIN run ON run.id = sight.run ORDER BY sight.id`)
}

// span says what is known of a time but for what only its events tell.
func (s *Store) span(ctx context.Context, q querier, from, to flow.Time) (Span, error) {
	sp := Span{From: from, To: to}
	sp.written = locked(ctx, s.path)
	sights, err := s.sights(ctx, q)
	if err != nil {
		return sp, err
	}
	first, last := flow.Time(math.MaxInt64), flow.Time(math.MinInt64)
	for _, t := range sights {
		first, last = min(first, t.From), max(last, t.To)
	}
	if from == math.MinInt64 && len(sights) > 0 {
		sp.From = first
	}
	if to == math.MaxInt64 && len(sights) > 0 {
		sp.To = last
	}
	sp.Running = sp.written && to > last
	sp.Blind = blind(sights, sp.From, sp.To, sp.written)
	if err := s.kept(ctx, q, &sp); err != nil {
		return sp, err
	}
	sp.Policies, err = s.policies(ctx, q, sp.From, sp.To)
	return sp, err
}

// blind returns what lies between the times of sight.
func blind(sights []Stretch, from, to flow.Time, running bool) (list []Stretch) {
	sights = slices.Clone(sights)
	slices.SortStableFunc(sights, byBeginning)
	at, cause := flow.Time(math.MinInt64), CauseNotStarted
	gap := func(until flow.Time) {
		if g := (Stretch{max(at, from), min(until, to), cause}); g.From < g.To {
			list = append(list, g)
		}
	}
	for _, t := range sights {
		gap(t.From)
		if t.To >= at {
			at, cause = t.To, t.Cause
		}
	}
	switch {
	case cause != "":
		gap(to)
	case !running:
		cause = CauseCrash
		gap(to)
	}
	return list
}

func byBeginning(a, b Stretch) int { return cmp.Compare(a.From, b.From) }

// kept notes from when on events are kept.
func (s *Store) kept(ctx context.Context, q querier, sp *Span) error {
	err := q.QueryRowContext(ctx, "SELECT coalesce(max(value), 0) FROM meta WHERE key = 'kept since'").Scan((*int64)(&sp.KeptSince))
	if err != nil {
		return s.explain(err)
	}
	if sp.KeptSince > sp.From && sp.KeptSince != 0 {
		sp.Blind = append(sp.Blind, Stretch{sp.From, min(sp.KeptSince, sp.To), CauseNotKept})
	}
	return nil
}
