package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// isRecord reports whether a file is the record of a watch.
func isRecord(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 16)
	n, _ := f.Read(head)
	return bytes.Equal(head[:n], []byte("SQLite format 3\x00"))
}

// judgedRecord is what a record tells of a time, judged.
type judgedRecord struct {
	store      *record.Store
	begin, end flow.Time
	policy     *rules.Policy
	span       record.Span
	report     *rules.Report

	past map[string]flow.Time // by finding of which packets of another time alone were kept, that time
}

// judgeRecord judges what a record tells of the time from one day or instant to
// another, "" for all of it, by the policy of a name or, without one, by that which
// was in force last. The caller closes the store.
func judgeRecord(w world, path, from, to, policy string) (*judgedRecord, error) {
	begin, err := dayOrInstant(from, math.MinInt64)
	if err != nil {
		return nil, fmt.Errorf("--from %w", err)
	}
	end, err := dayOrInstant(to, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("--to %w", err)
	}
	store, err := record.OpenReadOnly(path)
	if err != nil {
		return nil, err
	}
	r := &judgedRecord{store: store, begin: begin, end: end, past: map[string]flow.Time{}}
	if err := r.judge(w, policy); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return r, nil
}

func (r *judgedRecord) judge(w world, policy string) (err error) {
	if r.policy, err = policyOfRecord(w, r.store, r.end, policy); err != nil {
		return err
	}
	audit := rules.NewAudit(r.policy)
	if r.span, err = r.store.Replay(context.Background(), r.begin, r.end, audit); err != nil {
		return err
	}
	r.report = audit.Finish(r.span.Loss)
	return nil
}

// audit is what is written of it. An interface that was watched several times, whose
// frames are numbered anew each time, is named with the time from which on it was.
func (r *judgedRecord) audit() *report.Audit {
	var inputs []report.Input
	runs := map[string]int{}
	for _, in := range r.span.Inputs {
		runs[in.Name]++
	}
	for _, in := range r.span.Inputs {
		name := in.Name
		if runs[name] > 1 {
			name += "@" + in.Started.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		inputs = append(inputs, report.Input{Name: name, Packets: in.Frames})
	}
	a := report.New(tool(), inputs, r.report)
	c := &a.Coverage
	c.Open, c.Unrecorded, c.Running = r.span.Open, r.span.Lost, r.span.Running
	for _, s := range r.span.Blind {
		c.Blind = append(c.Blind, report.Blind{From: report.Instant(s.From), To: report.Instant(s.To), Cause: s.Cause})
	}
	return a
}

// carver returns what makes the excerpts of its findings.
func (r *judgedRecord) carver(a *report.Audit) *carver {
	c := &carver{quarry: r, policy: r.policy, inputs: a.Inputs, secrets: bundle.Redaction{Secrets: bundle.Blanked, Note: "blanked when they were recorded, and not counted"}}
	if loss := r.span.Loss; loss.Counted {
		c.received, c.dropped = loss.Dropped, loss.Dropped
		for _, in := range a.Inputs {
			c.received += in.Packets
		}
	}
	return c
}

var _ quarry = (*judgedRecord)(nil)

// cut implements quarry: all that was kept of a finding, if any of it is of the time,
// or of a flow that began before and is judged in it.
func (r *judgedRecord) cut(selections []*selection) ([][]capture.RawFrame, error) {
	cut := make([][]capture.RawFrame, len(selections))
	for i, s := range selections {
		f := s.finding
		packets, err := r.store.Packets(context.Background(), f.ID)
		if err != nil {
			return nil, err
		}
		told := false
		for k := range packets {
			p := &packets[k]
			at, ok := r.span.Frame(p)
			if !ok || at.Time >= r.end {
				continue
			}
			told = told || at.Time >= min(r.begin, f.First)
			cut[i] = append(cut[i], capture.RawFrame{Frame: at, Link: p.Link, Length: p.Length, Data: p.Data})
		}
		if !told && len(packets) > 0 {
			cut[i], r.past[f.ID] = nil, packets[0].Frame.Time
		}
	}
	return cut, nil
}

// widest implements quarry: nothing more was kept.
func (r *judgedRecord) widest() scope { return scopeNamed }

// unshown implements quarry.
func (r *judgedRecord) unshown(x *excerpt) string {
	switch at, past := r.past[x.finding.ID]; {
	case past:
		return "the packets that were kept of it are of another time: " + at.UTC().Format(time.DateTime) + " UTC"
	case strings.HasPrefix(x.finding.Rule, "capture-"):
		return "it is about the watch as a whole, of which the record has the counts and not the packets"
	case len(x.frames) == 0:
		return "none of its packets is in the record, which keeps those of findings that were told, as far as there is room"
	}
	return "the packets that were kept of it do not show it again, and what was watched cannot be read once more"
}

// policyOfRecord returns the policy to judge by.
func policyOfRecord(w world, store *record.Store, to flow.Time, name string) (*rules.Policy, error) {
	if name != "" {
		return loadPolicy(w, name)
	}
	policies, err := store.Policies(context.Background(), to-1, to)
	if err != nil {
		return nil, err
	}
	if len(policies) == 0 {
		return nil, fmt.Errorf("the record names no policy of that time: give one by --policy")
	}
	last := policies[len(policies)-1]
	if last.Text == nil {
		return loadPolicy(w, last.Name)
	}
	return rules.Parse(last.File, last.Text)
}

// dayOrInstant reads a day of UTC, as 2026-11-25, or a time, as
// 2026-11-25T10:00:00Z.
func dayOrInstant(text string, otherwise flow.Time) (flow.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return flow.Time(at.UnixNano()), nil
		}
	}
	return 0, fmt.Errorf("%q is no time; write it as 2026-11-25, which is its first moment in UTC, or 2026-11-25T10:00:00Z", text)
}
