package record

import (
	"context"
	"fmt"

	"spanaudit/flow"
)

// Bounds of what one call of Prune does.
const (
	pruneBatches = 256
	prunePages   = 4096
	pruneRows    = 1024

	sparePages = 256 // that are left free for what comes next
)

// Prune drops what is older than the Options say, or beyond their room, at most
// a little of it, gives free pages back to the file system, and joins batches that
// are too small to compress well; more reports that another call has more to do.
// now is the present on the packets' clock. Call it every minute or so, from the
// goroutine that commits.
//
// Of events the oldest go first, and the record says since when they are kept.
// Findings that were told, and their packets, outlive them.
func (s *Store) Prune(ctx context.Context, now flow.Time) (more bool, err error) {
	size, err := s.Size(ctx)
	if err != nil {
		return false, err
	}
	err = s.update(ctx, func(tx *transaction) error {
		if s.opt.MaxBytes > 0 && size > s.opt.MaxBytes {
			// As many as hold what is too much: the size of the file shows only later.
			more = tx.dropBatches(`SELECT max(id) FROM (SELECT id, sum(n) OVER (ORDER BY id) - n AS before
				FROM (SELECT id, length(data) AS n FROM batch ORDER BY id LIMIT ?)) WHERE before < ?`, pruneBatches, size-s.opt.MaxBytes)
		}
		if s.opt.MaxAge > 0 {
			// A batch that is not old stays, and what came after it.
			more = tx.dropBatches(`SELECT max(id) FROM (SELECT id, min(?2 - last) OVER (ORDER BY id) AS age
				FROM (SELECT id, last FROM batch ORDER BY id LIMIT ?1)) WHERE age > 0`, pruneBatches, now.Add(-s.opt.MaxAge)) || more
		}
		more = tx.dropFindings(now) || more
		tx.changes("DELETE FROM host WHERE (address, mac) IN (SELECT address, mac FROM host ORDER BY last DESC LIMIT ? OFFSET ?)", pruneRows, maxSeen)
		more = tx.join(s.unpacker, s.packer) || more
		tx.changes("DELETE FROM name WHERE (address, name) IN (SELECT address, name FROM name ORDER BY last DESC LIMIT ? OFFSET ?)", pruneRows, maxSeen)
		return tx.err
	})
	if err != nil {
		return false, err
	}
	var free int
	if err := s.write.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil {
		return more, s.explain(err)
	}
	if free > sparePages {
		if _, err := s.write.ExecContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", prunePages)); err != nil {
			return more, s.explain(err)
		}
		more = more || free > prunePages+sparePages
	}
	return more, nil
}

// dropBatches deletes the batches up to the one that the query names, and notes
// from when on all are kept.
func (tx *transaction) dropBatches(text string, limit int, arg any) bool {
	var up *int64
	if t, ok := arg.(flow.Time); ok {
		arg = int64(t)
	}
	if tx.err == nil {
		tx.err = tx.QueryRowContext(tx.ctx, text, limit, arg).Scan(&up)
	}
	if tx.err != nil || up == nil {
		return false
	}
	tx.do(`INSERT INTO meta SELECT 'kept since', max(last) + 1 FROM batch WHERE id <= ?
		ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`, *up)
	return tx.changes("DELETE FROM batch WHERE id <= ?", *up)
}

// dropFindings deletes findings, and packets, for their age and for room.
func (tx *transaction) dropFindings(now flow.Time) (more bool) {
	const whose = "WHERE id IN (SELECT id FROM finding "
	forget := func(which string, args ...any) {
		tx.changes("DELETE FROM packet WHERE finding IN (SELECT id FROM finding "+which+")", args...)
		more = tx.changes("DELETE FROM finding "+whose+which+")", args...) || more
	}
	if tx.opt.MaxFindingAge > 0 {
		forget("WHERE last < ? ORDER BY last LIMIT ?", now.Add(-tx.opt.MaxFindingAge), pruneRows)
	}
	forget("ORDER BY last DESC LIMIT ? OFFSET ?", pruneRows, tx.opt.MaxFindings)
	// Packets of the findings seen last stay, as far as there is room.
	var held int64
	if tx.err == nil {
		tx.err = tx.QueryRowContext(tx.ctx, "SELECT coalesce(sum(packets), 0) FROM finding INDEXED BY finding_room").Scan(&held)
	}
	if held > tx.opt.PacketBytes {
		const crowded = "WHERE packets > 0 AND id IN (SELECT id FROM (SELECT id, sum(packets) OVER (ORDER BY last DESC, id) AS sum FROM finding INDEXED BY finding_room) WHERE sum > ?)"
		tx.changes("DELETE FROM packet WHERE finding IN (SELECT id FROM finding "+crowded+")", tx.opt.PacketBytes)
		more = tx.changes("UPDATE finding SET packets = 0 "+crowded, tx.opt.PacketBytes) || more
	}
	return more
}
