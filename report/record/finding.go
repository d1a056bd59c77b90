package record

import (
	"context"
	"fmt"
	"slices"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Finding is a finding that is to be told, or was.
type Finding struct {
	ID          string // of rules.Finding: the same violation is the same row
	Rule        string
	Severity    rules.Severity
	First, Last flow.Time
	Count       int
	JSON        []byte // as it is told

	Told   flow.Time // when it was told first; set by the record
	Untold bool      // it may not have been told as it is now, see Writer.Told; set by the record

	// Packets are added to those that are kept of the finding, as long as there
	// is room (Options.FindingBytes), each once. They are written as they are given:
	// secrets in them are to be blanked before. Not set by Findings.
	Packets []Packet
}

// Packet is a frame of a finding.
type Packet struct {
	Frame  flow.Frame // of its run's inputs; Span.Frame has it as Replay does
	Link   uint16     // link type, as in pcapng
	Length int        // on the wire
	Data   []byte

	run int64 // that read it; 0 where the record does not know
}

// finding writes a finding that is to be told, again where it was told before.
func (tx *transaction) finding(run int64, at flow.Time, f *Finding) {
	tx.do(`INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 1) ON CONFLICT DO UPDATE SET severity = excluded.severity,
		first = min(first, excluded.first), last = max(last, excluded.last), count = excluded.count, json = excluded.json, untold = 1`,
		f.ID, f.Rule, f.Severity.String(), at, f.First, f.Last, f.Count, f.JSON)
	if tx.err != nil || len(f.Packets) == 0 {
		return
	}
	var kept int64
	if tx.err = tx.QueryRowContext(tx.ctx, "SELECT packets FROM finding WHERE id = ?", f.ID).Scan(&kept); tx.err != nil {
		return
	}
	for _, p := range f.Packets {
		if kept+int64(len(p.Data)) > tx.opt.FindingBytes {
			break
		}
		if tx.changes("INSERT OR IGNORE INTO packet (finding, run, input, number, time, link, length, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			f.ID, run, p.Frame.Input, int64(p.Frame.Number), p.Frame.Time, int(p.Link), p.Length, p.Data) {
			kept += int64(len(p.Data))
		}
	}
	tx.do("UPDATE finding SET packets = ? WHERE id = ?", kept, f.ID)
}

// Findings returns the findings that were told and seen in the time from from on
// and before to, by the time at which they were told first.
func (s *Store) Findings(ctx context.Context, from, to flow.Time) ([]Finding, error) {
	return query(ctx, s, func(scan func(...any) error) (f Finding, err error) {
		var severity string
		err = scan(&f.ID, &f.Rule, &severity, (*int64)(&f.Told), (*int64)(&f.First), (*int64)(&f.Last), &f.Count, &f.JSON, &f.Untold)
		if err == nil {
			err = f.Severity.UnmarshalText([]byte(severity))
		}
		return f, err
	}, "SELECT id, rule, severity, told, first, last, count, json, untold FROM finding WHERE last >= ? AND first < ? ORDER BY told, id", int64(from), int64(to))
}

// Packets returns the packets that are kept of a finding, in the order of time.
func (s *Store) Packets(ctx context.Context, finding string) ([]Packet, error) {
	return query(ctx, s, func(scan func(...any) error) (p Packet, err error) {
		err = scan(&p.run, &p.Frame.Input, (*int64num)(&p.Frame.Number), (*int64)(&p.Frame.Time), &p.Link, &p.Length, &p.Data)
		return p, err
	}, "SELECT coalesce(run, 0), input, number, time, link, length, data FROM packet WHERE finding = ? ORDER BY time, id", finding)
}

// Frame returns the frame of a packet as Replay tells it, with Frame.Input in Inputs;
// false where the run that read the packet has told nothing of the time.
func (sp *Span) Frame(p *Packet) (flow.Frame, bool) {
	f := p.Frame
	f.Input += slices.IndexFunc(sp.Inputs, func(in Input) bool { return in.run == p.run })
	if f.Input < 0 || f.Input >= len(sp.Inputs) || sp.Inputs[f.Input].run != p.run {
		return flow.Frame{}, false
	}
	return f, true
}

// int64num reads an unsigned number from the signed one as which it is stored.
type int64num uint64

// Scan implements sql.Scanner.
func (n *int64num) Scan(v any) error {
	i, ok := v.(int64)
	if !ok {
		return fmt.Errorf("%T is no number", v)
	}
	*n = int64num(i)
	return nil
}
