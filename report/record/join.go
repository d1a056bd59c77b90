package record

import "github.com/klauspost/compress/zstd"

// Where little happens, the batches of seconds are small and compress badly. Those
// of a run that follow each other are joined when they are enough: this many, or
// of this size, in bytes unpacked.
const (
	joinBatches = 600
	joinSize    = 512 << 10
)

// joined returns up to which batch all are joined, or large enough by themselves.
func (tx *transaction) joined() (last int64) {
	if tx.err == nil {
		tx.err = tx.QueryRowContext(tx.ctx, `WITH joined AS (SELECT coalesce((SELECT value FROM meta WHERE key = 'joined'), 0) AS id)
			SELECT coalesce(min(CASE WHEN size < ? THEN id END) - 1, max(id), (SELECT id FROM joined)) FROM batch
			WHERE id > (SELECT id FROM joined)`, joinSize).Scan(&last)
	}
	if last > 0 {
		tx.do("INSERT INTO meta VALUES ('joined', ?) ON CONFLICT DO UPDATE SET value = excluded.value", last)
	}
	return last
}

// join joins one group of batches, if there are enough. The parts stay what they
// are, and in their order.
func (tx *transaction) join(unpacker *zstd.Decoder, packer *zstd.Encoder) (more bool) {
	var group row
	var raw []byte
	var run, last int64
	var count, events, flows int
	if tx.err != nil {
		return false
	}
	rows, err := tx.QueryContext(tx.ctx, `SELECT id, run, first, last, events, flows, lost, data FROM batch WHERE id > ? ORDER BY id LIMIT ?`, tx.joined(), joinBatches+1)
	if err != nil {
		tx.err = err
		return false
	}
	defer rows.Close()
	full := false // nothing more belongs to the group
	for !full && rows.Next() {
		var b row
		var r int64
		var e, f int
		if err := rows.Scan(&b.id, &r, (*int64)(&b.first), (*int64)(&b.last), &e, &f, (*int64num)(&b.lost), &b.data); err != nil {
			tx.err = err
			return false
		}
		content, err := unpacker.DecodeAll(b.data, nil)
		alone := err != nil || b.lost > 0 // its time is to be told by itself
		switch full = count >= joinBatches || len(raw) >= joinSize || count > 0 && (alone || r != run); {
		case full:
			continue
		case count == 0:
			group, run = b, r
		}
		group.first, group.last, last = min(group.first, b.first), max(group.last, b.last), b.id
		raw, count, events, flows = append(raw, content...), count+1, events+e, flows+f
		full = alone
	}
	if err := rows.Err(); err != nil {
		tx.err = err
		return false
	}
	rows.Close()
	if !full {
		return false
	}
	if count > 1 {
		tx.do("UPDATE batch SET first = ?, last = ?, events = ?, flows = ?, size = ?, data = ? WHERE id = ?",
			group.first, group.last, events, flows, len(raw), packer.EncodeAll(raw, nil), group.id)
		tx.do("DELETE FROM batch WHERE id > ? AND id <= ?", group.id, last)
	}
	tx.do("INSERT INTO meta VALUES ('joined', ?) ON CONFLICT DO UPDATE SET value = excluded.value", last)
	return tx.err == nil
}
