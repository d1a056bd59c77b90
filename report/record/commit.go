package record

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"spanaudit/flow"
)

// transaction is one under way. After its first error it does nothing more.
type transaction struct {
	*sql.Tx
	ctx    context.Context
	opt    *Options
	err    error
	result sql.Result
	ready  map[string]*sql.Stmt // by their text; closed with the transaction
}

// do runs a statement.
func (tx *transaction) do(query string, args ...any) {
	if tx.err == nil {
		for i, a := range args {
			if t, ok := a.(flow.Time); ok {
				args[i] = int64(t)
			}
		}
		if tx.ready[query] == nil {
			if tx.ready[query], tx.err = tx.PrepareContext(tx.ctx, query); tx.err != nil {
				return
			}
		}
		tx.result, tx.err = tx.ready[query].ExecContext(tx.ctx, args...)
	}
}

// changes runs a statement and reports whether it changed any row.
func (tx *transaction) changes(query string, args ...any) bool {
	tx.do(query, args...)
	if tx.err != nil {
		return false
	}
	n, err := tx.result.RowsAffected()
	tx.err = err
	return n > 0
}

// id returns the number of the row that was inserted last.
func (tx *transaction) id() int64 {
	if tx.err != nil {
		return 0
	}
	id, err := tx.result.LastInsertId()
	tx.err = err
	return id
}

// update does all of what do does, or nothing.
func (s *Store) update(ctx context.Context, do func(*transaction) error) error {
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.explain(err)
	}
	defer t.Rollback()
	tx := &transaction{Tx: t, ctx: ctx, opt: &s.opt, ready: map[string]*sql.Stmt{}}
	if err := do(tx); err != nil {
		return s.explain(err)
	}
	return s.explain(t.Commit())
}

// heartbeat is how often the record says that a run lives on of which there is
// nothing else to say.
const heartbeat = 5 * time.Second

// Commit writes down what was taken in, and findings that are to be told; at is
// the present on the packets' clock. When it returns without an error they
// survive. After an error, as of a full disk, nothing of it is written: events
// wait for the next call, findings are to be given again.
//
// Commit is to be called once a second, and before findings are told. It waits
// for the disk.
func (w *Writer) Commit(ctx context.Context, at flow.Time, told ...Finding) error {
	w.committing.Lock()
	defer w.committing.Unlock()
	if w.closed {
		return errors.New("the run is over")
	}
	return w.commit(ctx, at, told, false)
}

func (w *Writer) commit(ctx context.Context, at flow.Time, told []Finding, last bool) error {
	w.mu.Lock()
	w.seal()
	waiting := w.waiting
	w.mu.Unlock()
	if !last && len(waiting)+len(told) == 0 && at.Sub(w.alive) < heartbeat && at >= w.alive {
		return nil
	}
	for _, b := range waiting {
		w.pack(b)
	}
	err := w.store.update(ctx, func(tx *transaction) error {
		for _, b := range waiting {
			tx.batch(w.run, b)
		}
		for i := range told {
			tx.finding(w.run, at, &told[i])
		}
		tx.do("UPDATE run SET alive = max(alive, ?) WHERE id = ?", at, w.run)
		if last {
			tx.do("UPDATE run SET stopped = alive WHERE id = ?", w.run)
			tx.do("UPDATE sight SET stopped = ?, cause = ? WHERE run = ? AND stopped IS NULL", at, CauseStopped, w.run)
		}
		return tx.err
	})
	if err != nil {
		return err
	}
	w.alive = at
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range waiting {
		w.bytes -= len(b.data)
	}
	w.waiting = slices.Delete(w.waiting, 0, len(waiting))
	return nil
}

// maxSpares is how many batches fill while one commit goes on, at most rates.
const maxSpares = 4

// pack packs a batch that waits.
func (w *Writer) pack(b *batch) {
	if b.events == 0 || b.data != nil {
		return
	}
	raw := b.raw.Len()
	spare := b.pack(w.packer, &w.scratch)
	w.mu.Lock()
	w.bytes += len(b.data) - raw
	if len(w.spares) < maxSpares {
		w.spares = append(w.spares, spare)
	}
	w.mu.Unlock()
}

// batch writes a batch and what was noted beside it.
func (tx *transaction) batch(run int64, b *batch) {
	if b.events > 0 || b.lost > 0 {
		tx.do("INSERT INTO batch (run, first, last, events, flows, lost, size, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			run, b.first, b.last, b.events, b.flows, int64(b.lost), b.size, b.data)
	}
	for _, n := range b.notes {
		if tx.err == nil {
			tx.err = n(tx)
		}
	}
	tx.see(&b.seen)
}

// Close commits the rest and ends the run: it was stopped, and no flow is under
// way any more. Without it the run counts as killed.
func (w *Writer) Close(ctx context.Context, at flow.Time) error {
	w.committing.Lock()
	defer w.committing.Unlock()
	if w.closed {
		return nil
	}
	err := w.commit(ctx, at, nil, true)
	if err == nil {
		w.closed = true
		w.packer.Close()
	}
	return err
}
