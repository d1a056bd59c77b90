package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"spanaudit/report"
	"spanaudit/rules"
)

// saveAudit saves the audit of a capture.
func saveAudit(t *testing.T, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.json")
	status, _, stderr := spanaudit(append([]string{"audit", "-q", "--now", now, "--format", "json", "-o", path}, args...)...)
	if status > statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return path
}

// sites are the audits of the site in which nearly everything is wrong and of the
// one in which nothing is.
func sites(t *testing.T) (wrong, right string) {
	return saveAudit(t, "--policy", "../../fixtures/site.yaml", violations),
		saveAudit(t, "--policy", "../../fixtures/clean/site.yaml", "../../fixtures/clean/site.pcapng")
}

func TestDiffOfTwoAuditsOfASite(t *testing.T) {
	wrong, right := sites(t)
	for _, form := range []string{"text", "markdown"} {
		status, stdout, stderr := spanaudit("diff", "--format", form, wrong, right)
		if status != statusDone || stderr != "" {
			t.Errorf("%s, mended: status %d, %q", form, status, stderr)
		}
		for _, want := range []string{"0 new findings,", "examined of panorama-1", "nothing of what was", "The policy changed", "tls-version fail pass"} {
			if !strings.Contains(flat(strings.ReplaceAll(stdout, "|", " ")), want) {
				t.Errorf("%s, mended: no %q in\n%s", form, want, stdout)
			}
		}
	}
	if status, stdout, _ := spanaudit("diff", right, wrong); status != statusViolations || !strings.Contains(stdout, "New findings") {
		t.Errorf("broken: status %d\n%s", status, stdout)
	}
	status, stdout, _ := spanaudit("diff", "--format", "json", wrong, wrong)
	var d report.Diff
	if err := json.Unmarshal([]byte(stdout), &d); err != nil || status != statusDone || d.Schema != report.DiffSchema || len(d.Findings.Unchanged) != d.Old.Findings || d.Old.Findings == 0 {
		t.Errorf("the same: status %d, %v, %d of %d unchanged", status, err, len(d.Findings.Unchanged), d.Old.Findings)
	}
	status, stdout, _ = spanauditFrom(strings.NewReader(string(read(t, wrong))), "diff", "--format", "markdown", right, "-")
	if status != statusViolations || !strings.Contains(stdout, "### New findings") {
		t.Errorf("markdown, from standard input: status %d\n%s", status, stdout)
	}
}

// Every finding of the old audit is fixed, unchanged or no longer observed, and
// every one of the new audit is new or unchanged.
func TestDiffLosesNoFinding(t *testing.T) {
	wrong, right := sites(t)
	for _, pair := range [][2]string{{wrong, right}, {right, wrong}, {wrong, saveAudit(t, violations)}, {wrong, saveAudit(t, "--policy", "../../fixtures/site.yaml", oldTLS)}} {
		d, err := diff(world{}, pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		f := &d.Findings
		if len(f.Fixed)+len(f.NotObserved)+len(f.Unchanged) != d.Old.Findings || len(f.New)+len(f.Unchanged) != d.New.Findings {
			t.Errorf("of %d and %d: %d new, %d fixed, %d not observed, %d unchanged", d.Old.Findings, d.New.Findings, len(f.New), len(f.Fixed), len(f.NotObserved), len(f.Unchanged))
		}
		for _, g := range append(f.Fixed, f.NotObserved...) {
			if g.Reason == "" {
				t.Errorf("%s is gone without a reason", g.ID)
			}
		}
	}
}

func TestDiffReadsBundles(t *testing.T) {
	wrong := saveAudit(t, "--policy", policyFor(violations), violations)
	for _, base := range []string{"evidence", "evidence.zip"} {
		if status, stdout, stderr := spanaudit("diff", sampleBundle(t, base, nil), wrong); status != statusDone || !strings.Contains(stdout, "0 new findings, 0 fixed, 0 no longer observed") {
			t.Errorf("%s: status %d, %s\n%s", base, status, stderr, stdout)
		}
	}
}

func TestDiffExitStatus(t *testing.T) {
	finding := func(s rules.Severity, v rules.Verdict, waived bool) report.Finding {
		f := report.Finding{ID: "1", Severity: s, Verdict: v}
		if waived {
			f.Waiver = &report.Waiver{ID: "W-1"}
		}
		return f
	}
	nothing := []report.Finding{}
	high := []report.Finding{finding(rules.High, rules.Fail, false)}
	low := []report.Finding{finding(rules.Low, rules.Fail, false)}
	waived := []report.Finding{finding(rules.Critical, rules.Fail, true)}
	undecided := []report.Finding{finding(rules.High, rules.Indeterminate, false)}
	critical := []report.Finding{finding(rules.Critical, rules.Fail, false)}
	for _, c := range []struct {
		name       string
		older, now []report.Finding
		failOn     string
		want       int
	}{
		{"nothing at all", nothing, nothing, "any", statusDone},
		{"a new one", nothing, high, "high", statusViolations},
		{"a new one below the threshold", nothing, low, "high", statusDone},
		{"a new one, whatever its severity", nothing, low, "new", statusViolations},
		{"a new one that is waived", nothing, waived, "new", statusDone},
		{"a new one that is undecided", nothing, undecided, "new", statusDone},
		{"an old one", high, high, "high", statusDone},
		{"an old one, and any counts", high, high, "any", statusViolations},
		{"an old one that is waived, and any counts", waived, waived, "any", statusDone},
		{"one that is gone", high, nothing, "any", statusDone},
		{"one that became graver", low, high, "high", statusViolations},
		{"one that was grave and became graver", high, critical, "high", statusViolations},
		{"one whose waiver ended", waived, critical, "high", statusViolations},
		{"one that is waived now", critical, waived, "high", statusDone},
		{"one that is decided now", undecided, high, "high", statusViolations},
		{"one that became less grave", critical, high, "high", statusDone},
		{"none counts", nothing, critical, "none", statusDone},
	} {
		d := report.Compare(&report.Audit{Findings: c.older}, &report.Audit{Findings: c.now})
		if got, err := diffStatus(d, c.failOn); got != c.want || err != nil {
			t.Errorf("%s: status %d, want %d, %v", c.name, got, c.want, err)
		}
	}
}

func TestDiffRefusesWrongUse(t *testing.T) {
	saved := saveAudit(t, clean)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{saved}, "takes two saved audits"},
		{[]string{"-", "-"}, "only one of the two"},
		{[]string{saved, clean}, "is no audit in JSON"},
		{[]string{saved, saved, "--fail-on", "hihg"}, "did you mean high?"},
		{[]string{saved, saved, "--format", "markdwn"}, "did you mean markdown?"},
	} {
		if status, stdout, stderr := spanaudit(append([]string{"diff"}, c.args...)...); status != statusUsage || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: status %d, %q, %q", c.args, status, stdout, stderr)
		}
	}
}
