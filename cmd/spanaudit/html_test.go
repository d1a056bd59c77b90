package main

import (
	"html"
	"path/filepath"
	"strings"
	"testing"
)

// The commands that the page gives for checking it make the page again, byte for
// byte.
func TestHTMLTellsHowToMakeItAgain(t *testing.T) {
	for _, policy := range []string{policyFor(violations), "edge-camera"} {
		_, page, _ := spanaudit("audit", "-q", "--now", now, "--policy", policy, "--format", "html", violations)
		_, command, _ := strings.Cut(html.UnescapeString(page), "\nspanaudit audit ")
		command, _, ok := strings.Cut(command, "\n")
		if !ok {
			t.Fatal("no command")
		}
		if wants := "--policy " + policy; policy == "edge-camera" && !strings.Contains(command, wants) {
			t.Errorf("no %q in %q", wants, command)
		}
		again := filepath.Join(t.TempDir(), "again.html")
		args := []string{"audit", "-q"}
		for word := range strings.FieldsSeq(command) {
			switch word {
			case "POLICY.yaml":
				word = policy
			case "again.html":
				word = again
			}
			args = append(args, word)
		}
		if _, _, stderr := spanaudit(args...); stderr != "" {
			t.Fatal(stderr)
		}
		if got := string(read(t, again)); got != page {
			t.Errorf("%v: %s", args, firstDifference(page, got))
		}
	}
}
