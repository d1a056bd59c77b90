package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"spanaudit/flow"
	"spanaudit/report"
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

// auditOfRecord judges what a record tells of the time from one day or instant to
// another, "" for all of it, by the policy of a name or, without one, by that which
// was in force last.
func auditOfRecord(w world, path, from, to, policy string) (*report.Audit, error) {
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
	defer store.Close()
	p, err := policyOfRecord(w, store, end, policy)
	if err != nil {
		return nil, err
	}
	audit := rules.NewAudit(p)
	span, err := store.Replay(context.Background(), begin, end, audit)
	if err != nil {
		return nil, err
	}
	var inputs []report.Input
	for _, in := range span.Inputs {
		inputs = append(inputs, report.Input{Name: in.Name, Packets: in.Frames})
	}
	a := report.New(tool(), inputs, audit.Finish(span.Loss))
	for _, s := range span.Blind {
		a.Coverage.Blind = append(a.Coverage.Blind, report.Blind{From: report.Instant(s.From), To: report.Instant(s.To), Cause: s.Cause})
	}
	return a, nil
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
