package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

const now = "2026-11-25T10:00:00Z"

// What goes in comes out the same: a saved audit gives, in every form, the bytes
// that the audit itself would have written.
func TestSavedAuditIsWrittenAsTheAuditItself(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "audit.json")
	audit := []string{"audit", "-q", "--now", now, "--policy", policyFor(violations), violations}
	spanaudit(append(audit, "--format", "json", "-o", saved)...)
	for _, f := range formatNames() {
		_, fresh, _ := spanaudit(append(audit, "--format", f)...)
		status, again, stderr := spanaudit("report", saved, "--format", f)
		if status != statusDone || fresh == "" || again != fresh {
			t.Errorf("%s: status %d, %s: %s", f, status, stderr, firstDifference(fresh, again))
		}
	}
}

func TestReportCanBeGivenAnotherTime(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "audit.json")
	spanaudit("audit", "-q", "--format", "json", "-o", saved, violations)
	spanaudit("report", saved, "--format", "json", "--now", now, "-o", saved)
	_, text, _ := spanaudit("report", saved, "--format", "json")
	_, fresh, _ := spanaudit("audit", "-q", "--format", "json", "--now", now, violations)
	if text != fresh {
		t.Error(firstDifference(fresh, text))
	}
}

// A saved audit is evidence, and a policy is somebody's work.
func TestWhatIsReadIsNeverWrittenOver(t *testing.T) {
	saved := saveAudit(t, clean)
	other := put(t, "other.json", read(t, saved))
	policy := put(t, "site.yaml", read(t, "../../fixtures/site.yaml"))
	key := put(t, "key", bytes.Repeat([]byte("k"), 32))
	report := filepath.Join(t.TempDir(), "report.txt")
	for _, args := range [][]string{
		{"report", saved, "-o", saved},
		{"report", saved, "-o", filepath.Dir(saved) + "/./audit.json", "--format", "oscal"},
		{"diff", saved, other, "-o", saved},
		{"diff", saved, other, "-o", other, "--format", "json"},
		{"audit", "-q", "--policy", policy, "-o", policy, clean},
		{"audit", "-q", "--policy", policy, "--flows", policy, clean},
		{"audit", "-q", "--anonymize-key", key, "-o", key, clean},
		{"audit", "-q", "-o", report, "--flows", filepath.Dir(report) + "/./report.txt", clean},
		{"report", saved, "-o", "-"},
		{"diff", saved, other, "-o", "-"},
	} {
		if status, _, stderr := spanaudit(args...); status != statusUsage || !strings.Contains(stderr, "write to") {
			t.Errorf("%q: status %d, %s", args, status, stderr)
		}
	}
	if !bytes.Equal(read(t, saved), read(t, other)) || len(read(t, key)) != 32 || !bytes.Equal(read(t, policy), read(t, "../../fixtures/site.yaml")) {
		t.Error("a file that was read was written over")
	}
}
