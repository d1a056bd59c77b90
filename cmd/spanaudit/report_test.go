package main

import (
	"path/filepath"
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
