package record

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

// lead is how long before a time what was learned is still of use in it: for as
// long a host may keep a name that it was told, or a session.
const lead = 24 * time.Hour

// Replay tells the events from from on and before to, on the packets' clock, in
// their order; math.MinInt64 and math.MaxInt64 are all of the record. A flow
// belongs to the time of its last packet, so that each is told in one of several
// times that follow each other. Names, sessions and media that were learned in
// the 24 hours before are told first, because flows rest on them.
//
// Flows that were under way when a run was killed are told at its end, as they
// stood when they were last heard of (Writer.Early), with the reason ForcedEnd;
// and those of a run that goes on, where the time reaches into the present.
//
// What cannot be read of a damaged record is a Stretch of the Span. The error is
// of reading the file, or of ctx. The record may be written meanwhile: what comes
// after the call began is not told.
func (s *Store) Replay(ctx context.Context, from, to flow.Time, into rules.Witness) (Span, error) {
	// What is joined or dropped meanwhile is still there for this transaction.
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Span{}, s.explain(err)
	}
	defer tx.Rollback()
	sp, err := s.span(ctx, tx, from, to)
	if err != nil {
		return sp, err
	}
	runs, err := s.runs(ctx, tx)
	if err != nil {
		return sp, err
	}
	z, err := newUnpacker()
	if err != nil {
		return sp, err
	}
	defer z.Close()
	p := &replay{store: s, tx: tx, ctx: ctx, from: from, to: to, into: into, unpacker: z, span: &sp}
	for i := range runs {
		goesOn := sp.written && i == len(runs)-1
		if err := p.run(&runs[i], goesOn); err != nil {
			return sp, err
		}
	}
	for i := range sp.Inputs {
		if i < len(p.counted.Frames) {
			sp.Inputs[i].Frames = p.counted.Frames[i]
		}
	}
	sp.Loss = p.counted.Loss
	slices.SortStableFunc(sp.Blind, byBeginning)
	return sp, nil
}

// replay is a Replay under way.
type replay struct {
	store    *Store
	tx       querier
	ctx      context.Context
	from, to flow.Time
	into     rules.Witness
	unpacker *zstd.Decoder
	span     *Span
	counted  Counters
}

// run tells the events of one run.
func (p *replay) run(r *run, goesOn bool) error {
	begin := sub(p.from, lead)
	none, err := p.none(r, begin)
	if none || err != nil {
		return err
	}
	inputs := len(p.span.Inputs)
	for _, name := range r.inputs {
		p.span.Inputs = append(p.span.Inputs, Input{Name: name, Started: r.started, run: r.id})
	}
	err = p.batches(r, begin, p.to, inputs, func(e *event) error {
		p.tell(e, inputs)
		return p.ctx.Err()
	}, p.broken)
	if err != nil || r.stopped != 0 || goesOn && p.to <= r.alive { // they end in a time to come
		return err
	}
	return p.open(r, inputs)
}

// sub subtracts without running over.
func sub(t flow.Time, d time.Duration) flow.Time {
	if t < math.MinInt64+flow.Time(d) {
		return math.MinInt64
	}
	return t.Add(-d)
}

// none reports that no event of the run is of the time.
func (p *replay) none(r *run, begin flow.Time) (bool, error) {
	var n int
	err := p.tx.QueryRowContext(p.ctx, "SELECT EXISTS (SELECT 1 FROM batch WHERE run = ? AND last >= ? AND first < ?)", r.id, int64(begin), int64(p.to)).Scan(&n)
	return n == 0, p.store.explain(err)
}

// tell tells an event, if it is of the time, or as much of it as is of use.
func (p *replay) tell(e *event, inputs int) {
	switch at := e.time(); {
	case at >= p.to || e.kind == early:
		return
	case at < sub(p.from, lead):
		return
	case at < p.from && e.kind == learned:
		// Leases are judged themselves, and not twice.
		if e.learned.Leases = nil; len(e.learned.Names) > 0 {
			e.tell(p.into)
		}
		return
	case at < p.from:
		if e.kind == known || e.kind == session {
			e.tell(p.into)
		}
		return
	}
	if e.kind == counters {
		p.counted.add(e.counters, inputs)
		return
	}
	p.span.Events++
	if e.kind == ended {
		p.span.Flows++
	}
	e.tell(p.into)
}

// open tells the flows that were under way when the run was last known to live.
func (p *replay) open(r *run, inputs int) error {
	flows := map[uint64]*classify.Record{}
	err := p.batches(r, sub(r.alive, 2*r.longest), math.MaxInt64, inputs, func(e *event) error {
		switch e.kind {
		case early:
			flows[e.record.Order()] = e.record
		case ended:
			delete(flows, e.record.Order())
		}
		return p.ctx.Err()
	}, nil)
	for _, f := range slices.SortedFunc(maps.Values(flows), func(a, b *classify.Record) int { return cmp.Compare(a.Order(), b.Order()) }) {
		if f.End >= p.from && f.End < p.to {
			f.Reason = flow.ForcedEnd
			p.span.Events++
			p.span.Flows++
			p.span.Open++
			p.into.Ended(f)
		}
	}
	return err
}

// chunk is how many batches are in memory at once.
const chunk = 8

// batches tells the events of the run's batches of a time in their order. Of
// what cannot be read broken is told, if it is not nil.
func (p *replay) batches(r *run, from, to flow.Time, inputs int, tell func(*event) error, broken func(row)) error {
	var first, last sql.NullInt64
	err := p.tx.QueryRowContext(p.ctx, "SELECT (SELECT min(id) FROM batch WHERE last >= ?), (SELECT max(id) FROM batch WHERE first < ?)", int64(from), int64(to)).Scan(&first, &last)
	if err != nil {
		return p.store.explain(err)
	}
	for next := first.Int64; first.Valid && next <= last.Int64; {
		rows, err := queryOf(p.ctx, p.store, p.tx, func(scan func(...any) error) (b row, err error) {
			return b, scan(&b.id, (*int64)(&b.first), (*int64)(&b.last), (*int64num)(&b.lost), &b.data)
		}, `SELECT id, first, last, lost, data FROM batch WHERE id BETWEEN ? AND ? AND run = ? AND last >= ? AND first < ? ORDER BY id LIMIT ?`,
			next, last.Int64, r.id, int64(from), int64(to), chunk)
		if err != nil {
			return err
		}
		for _, b := range rows {
			if err := p.batch(b, inputs, tell, broken); err != nil {
				return err
			}
			next = b.id + 1
		}
		if len(rows) < chunk {
			break
		}
	}
	return nil
}

// row is a row of batches.
type row struct {
	id          int64
	first, last flow.Time
	lost        uint64
	data        []byte
}

func (p *replay) batch(b row, inputs int, tell func(*event) error, broken func(row)) error {
	if b.lost > 0 && broken != nil && b.last >= p.from {
		p.span.Lost += b.lost
		p.span.Blind = append(p.span.Blind, Stretch{b.first, b.last, CauseOverload})
	}
	if len(b.data) == 0 {
		return nil
	}
	parts, err := unpack(p.unpacker, b.data)
	var told error // what the caller says
	for _, part := range parts {
		bad := events(part, inputs, func(e *event) error { told = tell(e); return told })
		if told != nil {
			return told
		}
		if bad != nil {
			err = bad
		}
	}
	if err != nil && broken != nil && b.last >= p.from {
		broken(b)
	}
	return nil
}

// broken notes a batch that cannot be read, or not whole.
func (p *replay) broken(b row) {
	p.span.Blind = append(p.span.Blind, Stretch{b.first, b.last, CauseDamaged})
}
