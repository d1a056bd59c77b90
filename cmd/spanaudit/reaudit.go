package main

import (
	"bytes"
	"context"

	"spanaudit/capture"
	"spanaudit/rules"
)

// reaudit audits a capture that is held in memory.
func reaudit(content []byte, policy *rules.Policy) (*rules.Report, error) {
	src, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(content)})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r, err := runAudit(context.Background(), src, policy, auditOptions{Workers: 1})
	if err != nil {
		return nil, err
	}
	return r, src.Inputs()[0].Err
}

// shown returns what r says of a finding: the same violation, as grave; nil where
// it does not have it. Numbers of a whole capture may differ in what is said, save
// of the capture itself: any excerpt shows little, and proves nothing by that.
func shown(r *rules.Report, f *rules.Finding) *rules.Finding {
	for i := range r.Findings {
		g := &r.Findings[i]
		if g.ID == f.ID && g.Rule == f.Rule && g.Severity == f.Severity && g.Verdict == f.Verdict &&
			(g.Message == f.Message || len(f.Evidence) > 0) {
			return g
		}
	}
	return nil
}
