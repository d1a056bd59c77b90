package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The manual page has every command and flag, and groff finds nothing wrong in it.
func TestManualPage(t *testing.T) {
	status, page, stderr := spanaudit("man")
	if status != statusDone {
		t.Fatal(status, stderr)
	}
	for _, want := range []string{".TH SPANAUDIT 1", `.SS "spanaudit audit`, `.SS "spanaudit policy init`, `\fB\-\-fail\-on\fR`, ".SH EXIT STATUS"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("groff is not there to read it")
	}
	c := exec.Command("groff", "-man", "-Tutf8", "-ww", "-z")
	c.Stdin = strings.NewReader(page)
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff: %v: %s", err, out)
	}
}

// The policy that the package installs is a valid one.
func TestPackagedPolicy(t *testing.T) {
	if status, stdout, stderr := spanaudit("policy", "check", "debian/policy.yaml"); status != statusDone {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
}
