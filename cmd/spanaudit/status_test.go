package main

import (
	"testing"

	"spanaudit/rules"
)

func TestExitStatus(t *testing.T) {
	waiver := &rules.Waiver{ID: "W-1"}
	finding := func(s rules.Severity, v rules.Verdict, w *rules.Waiver) []rules.Finding {
		return []rules.Finding{{Severity: s, Verdict: v, Waiver: w}}
	}
	requirement := func(v rules.Verdict) []rules.Requirement { return []rules.Requirement{{Verdict: v}} }
	for _, c := range []struct {
		name   string
		report rules.Report
		unread bool
		failOn rules.Severity
		strict bool
		want   int
	}{
		{"nothing was found", rules.Report{}, false, rules.High, false, statusDone},
		{"a violation at the threshold", rules.Report{Findings: finding(rules.High, rules.Fail, nil)}, false, rules.High, false, statusViolations},
		{"a violation below the threshold", rules.Report{Findings: finding(rules.Medium, rules.Fail, nil)}, false, rules.High, false, statusDone},
		{"a lower threshold", rules.Report{Findings: finding(rules.Info, rules.Fail, nil)}, false, rules.Info, false, statusViolations},
		{"fail-on none", rules.Report{Findings: finding(rules.Critical, rules.Fail, nil)}, false, never, false, statusDone},
		{"a waived violation", rules.Report{Findings: finding(rules.Critical, rules.Fail, waiver)}, false, rules.High, false, statusDone},
		{"more violations than are listed, which are waived", rules.Report{
			Findings: finding(rules.High, rules.Fail, waiver), Requirements: []rules.Requirement{{Verdict: rules.Fail, Worst: rules.High, Unlisted: 1}},
		}, false, rules.High, false, statusViolations},
		{"more than are listed, none of them grave", rules.Report{
			Requirements: []rules.Requirement{{Verdict: rules.Fail, Severity: rules.High, Worst: rules.Low, Unlisted: 1}},
		}, false, rules.High, false, statusDone},
		{"a finding that could not be decided", rules.Report{Findings: finding(rules.Critical, rules.Indeterminate, nil)}, false, rules.High, false, statusDone},
		{"an input that was not read whole comes first", rules.Report{Findings: finding(rules.Critical, rules.Fail, nil)}, true, rules.High, true, statusUnread},
		{"undecided, not strict", rules.Report{Requirements: requirement(rules.Indeterminate)}, false, rules.High, false, statusDone},
		{"undecided, strict", rules.Report{Requirements: requirement(rules.Indeterminate)}, false, rules.High, true, statusUndecided},
		{"not observed is not undecided", rules.Report{Requirements: requirement(rules.NotObserved)}, false, rules.High, true, statusDone},
		{"a violation comes before what is undecided", rules.Report{
			Findings: finding(rules.High, rules.Fail, nil), Requirements: requirement(rules.Indeterminate),
		}, false, rules.High, true, statusViolations},
	} {
		if got := auditStatus(&c.report, c.unread, c.failOn, c.strict); got != c.want {
			t.Errorf("%s: status %d, want %d", c.name, got, c.want)
		}
	}
}
