package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// An audit is saved, its findings are listed, and each that is listed can be
// explained by what the list calls it.
func TestEveryFindingOfAnAuditCanBeExplained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.json")
	if status, _, stderr := spanaudit("audit", "-q", "--format", "json", "-o", path, "--policy", "../../fixtures/site.yaml", violations); status != statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	status, list, stderr := spanaudit("explain", path)
	if status != statusDone || stderr != "" || strings.Count(list, "\n") < 20 {
		t.Fatalf("status %d, %q\n%s", status, stderr, list)
	}
	for line := range strings.Lines(list) {
		words := strings.Fields(line)
		id, rule := words[0], strings.TrimSuffix(words[2], ":")
		status, text, stderr := spanaudit("explain", path, id)
		if status != statusDone || stderr != "" {
			t.Errorf("%s: status %d, %q", id, status, stderr)
		}
		for _, want := range []string{"Finding " + id, ": " + rule + ", " + words[1], "What is asked", "What was seen", "How it was decided", "What was not seen", "What would settle it"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", id, want, text)
			}
		}
		if !strings.Contains(text, " frame ") && !strings.Contains(text, "No single frame shows it") {
			t.Errorf("%s names no frame\n%s", id, text)
		}
	}
	if _, text, _ := spanaudit("explain", path, "tls-version"); !strings.HasPrefix(text, "Rule tls-version: fail\n") {
		t.Errorf("the rule:\n%s", text)
	}
	if status, text, _ := spanauditFrom(strings.NewReader(string(read(t, path))), "explain", "-", "tls-version"); status != statusDone || text == "" {
		t.Errorf("from standard input: status %d", status)
	}
}
