package record

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

// Run says who watches what.
type Run struct {
	Inputs  []string      // names of what is read, by Frame.Input
	Started flow.Time     // from then on it sees
	Longest time.Duration // that a flow can be under way without a record: the table's Active and Idle together; 0 is 90 minutes
}

// Writer writes down what one run sees. It is a rules.Witness, and must be told
// before the Audit is, which completes records. Telling it costs no input and no
// output: those are Commit's, which belongs into another goroutine.
//
// The methods are safe for concurrent use; the order of events is that of calls.
type Writer struct {
	store *Store
	run   int64
	limit int // of bytes that wait

	mu      sync.Mutex
	batch   *batch   // under way
	waiting []*batch // to be committed, oldest first
	bytes   int      // of events in waiting
	policy  *rules.Policy
	counted Counters
	recent  recent
	spares  []flow.Codec // of batches that were packed, for the next

	committing sync.Mutex
	packer     *zstd.Encoder
	scratch    []byte    // of the packer
	alive      flow.Time // as the record says
	closed     bool
}

var _ rules.Witness = (*Writer)(nil)

// Begin begins a run. What runs before it left open, because they were killed, is
// closed at the time at which they were last known to live.
func (s *Store) Begin(ctx context.Context, r Run) (*Writer, error) {
	if s.write == nil {
		return nil, errors.New(s.path + " was opened to be read")
	}
	if r.Longest == 0 {
		r.Longest = 90 * time.Minute
	}
	packer, err := newPacker(zstd.SpeedFastest)
	if err != nil {
		return nil, err
	}
	w := &Writer{store: s, limit: s.opt.PendingBytes, packer: packer, batch: &batch{}, alive: r.Started}
	inputs, err := json.Marshal(r.Inputs)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx *transaction) error {
		tx.do("UPDATE sight SET cause = ?, stopped = (SELECT alive FROM run WHERE run.id = sight.run) WHERE stopped IS NULL", CauseCrash)
		tx.do("INSERT INTO run (tool, inputs, longest, started, alive) VALUES (?, ?, ?, ?, ?)", s.opt.Tool, string(inputs), int64(r.Longest), r.Started, r.Started)
		w.run = tx.id()
		tx.do("INSERT INTO sight (run, started) VALUES (?, ?)", w.run, r.Started)
		return tx.err
	})
	return w, err
}

// take takes an event in, if there is room.
func (w *Writer) take(e *event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bytes+w.batch.raw.Len() >= w.limit {
		w.batch.lose(e)
		return
	}
	w.batch.add(e)
	w.see(e)
	if w.batch.raw.Len() >= maxBatch {
		w.seal()
	}
}

// seal lets the batch under way wait for the next commit.
func (w *Writer) seal() {
	if !w.batch.empty() {
		w.waiting, w.bytes = append(w.waiting, w.batch), w.bytes+w.batch.raw.Len()
		w.batch = &batch{}
		if n := len(w.spares); n > 0 {
			w.batch.raw, w.spares = w.spares[n-1], w.spares[:n-1]
		}
	}
}

// note has something be written with the batch under way.
func (w *Writer) note(n note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.batch.notes = append(w.batch.notes, n)
}

// Learned implements rules.Witness.
func (w *Writer) Learned(client netip.Addr, at flow.Frame, l classify.Learned) {
	w.take(&event{kind: learned, client: client, at: at, learned: l})
}

// ARP implements rules.Witness.
func (w *Writer) ARP(claim flow.ARP) { w.take(&event{kind: arp, arp: claim}) }

// Known implements rules.Witness.
func (w *Writer) Known(r *classify.Record, at flow.Frame) {
	w.take(&event{kind: known, at: at, record: r})
}

// Session implements rules.Witness.
func (w *Writer) Session(t *classify.TLS, start flow.Time, at flow.Frame) {
	w.take(&event{kind: session, at: at, start: start, tls: t})
}

// Ended implements rules.Witness.
func (w *Writer) Ended(r *classify.Record) { w.take(&event{kind: ended, record: r}) }

// Early takes a snapshot of a flow that goes on. It stands for the flow if the run
// is killed before that ends: until then Ended is to come, with the same
// flow.Flow.Order.
func (w *Writer) Early(r *classify.Record) { w.take(&event{kind: early, record: r}) }

// Count takes what the run has counted so far, in all.
func (w *Writer) Count(at flow.Time, k Counters) {
	w.mu.Lock()
	d := k.since(w.counted)
	w.counted = k.clone()
	w.mu.Unlock()
	w.take(&event{kind: counters, at: flow.Frame{Time: at}, counters: d})
}

// Policy says by what is judged from the time on. A policy that was in force
// already, if need be in the run before, is not noted again.
func (w *Writer) Policy(at flow.Time, p *rules.Policy) {
	w.mu.Lock()
	w.policy = p
	w.mu.Unlock()
	w.note(func(tx *transaction) error { return tx.policy(at, p) })
}

// Told says that all findings that were committed have been told. Until that is
// committed, too, they count as untold: who tells a finding is killed at worst
// between the two, and tells it twice, and never not at all.
func (w *Writer) Told() {
	w.note(func(tx *transaction) error {
		tx.do("UPDATE finding SET untold = 0 WHERE untold")
		return tx.err
	})
}

// Blind says that from the time on the run does not see its inputs, and why.
func (w *Writer) Blind(at flow.Time, cause string) {
	w.note(func(tx *transaction) error {
		tx.do("UPDATE sight SET stopped = ?, cause = ? WHERE run = ? AND stopped IS NULL", at, cause, w.run)
		return tx.err
	})
}

// Sees says that the run sees its inputs again.
func (w *Writer) Sees(at flow.Time) {
	w.note(func(tx *transaction) error {
		tx.do("INSERT INTO sight (run, started) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM sight WHERE run = ?1 AND stopped IS NULL)", w.run, at)
		return tx.err
	})
}
