package record

import (
	"context"
	"database/sql"

	"spanaudit/flow"
	"spanaudit/rules"
)

// maxRecalled bounds the events that Recall goes through, in bytes before they are
// compressed: a second of work, in which a watch sees nothing.
const maxRecalled = 32 << 20

// Recall tells what was learned of names, sessions and media in the 24 hours before
// now, or in the last of the events if there are more than it can go through
// quickly: who begins to watch again knows what the watch before knew. The frames
// that told are not those of the run to come, and have no number.
func (s *Store) Recall(ctx context.Context, now flow.Time, into rules.Witness) error {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.explain(err)
	}
	defer tx.Rollback()
	from := sub(now, lead)
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(?1, min(first)), ?2) FROM
		(SELECT first, sum(size) OVER (ORDER BY id DESC) AS sum FROM batch WHERE last >= ?1) WHERE sum <= ?3`,
		int64(from), int64(now), maxRecalled).Scan((*int64)(&from))
	if err != nil {
		return s.explain(err)
	}
	runs, err := s.runs(ctx, tx)
	if err != nil {
		return err
	}
	z, err := newUnpacker()
	if err != nil {
		return err
	}
	defer z.Close()
	p := &replay{store: s, tx: tx, ctx: ctx, from: now, to: now, into: into, unpacker: z, span: &Span{}}
	for i := range runs {
		err := p.batches(&runs[i], from, now, 0, func(e *event) error {
			if e.kind != early {
				e.at.Number = 0
				p.tell(e, 0)
			}
			return ctx.Err()
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}
