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

// The service calls a command that there is, with flags that it has.
func TestPackagedService(t *testing.T) {
	_, line, _ := strings.Cut(string(read(t, "debian/spanaudit.service")), "\nExecStart=/usr/bin/spanaudit ")
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	_, help, _ := spanaudit(words[0], "--help")
	flags := 0
	for _, word := range words[1:] {
		if strings.HasPrefix(word, "-") {
			flags++
			if !strings.Contains(help, word+" ") && !strings.Contains(help, word+",") {
				t.Errorf("spanaudit %s has no flag %s", words[0], word)
			}
		}
	}
	if flags < 3 {
		t.Errorf("%d flags in %q", flags, line)
	}
}
