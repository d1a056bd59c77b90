package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filesIn returns the files below a directory by their path from it.
func filesIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name] = read(t, filepath.Join(dir, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// No password, token or key of any fixture stands in anything that is written:
// in no form of the report, no flow record and no packet of the evidence.
func TestNoSecretOfAnyFixtureIsInAnyOutput(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/*/*.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	searched := 0
	for _, path := range captures {
		if leak(read(t, path)) == "" {
			continue // nothing to be found in the output
		}
		searched++
		dir := filepath.Join(t.TempDir(), "evidence")
		for _, form := range []string{"ecs", "ocsf"} {
			flows := filepath.Join(t.TempDir(), "flows")
			args := []string{"audit", "-q", "--fail-on", "none", "--policy", policyFor(strings.TrimSuffix(path, ".pcapng")), "--flows", flows, "--flows-format", form, path}
			if form == "ecs" {
				args = append(args, "--evidence", dir)
			}
			status, stdout, stderr := spanaudit(args...)
			if status != statusDone {
				t.Fatalf("%s: status %d: %s", path, status, stderr)
			}
			for name, text := range map[string][]byte{"the table": []byte(stdout), "standard error": []byte(stderr), "the flow records": read(t, flows)} {
				if secret := leak(text); secret != "" {
					t.Errorf("%s: %s holds %s", path, name, secret)
				}
			}
		}
		for name, content := range filesIn(t, dir) {
			if secret := leak(content); secret != "" {
				t.Errorf("%s: %s of the evidence holds %s", path, name, secret)
			}
		}
	}
	if searched < 5 {
		t.Errorf("only %d fixtures hold a secret, so that the test shows little", searched)
	}
}

// The same input, policy and version give the same bytes, in every form and in the
// packets.
func TestEvidenceIsTheSameInEveryRun(t *testing.T) {
	var first []byte
	for range 2 {
		path := sampleBundle(t, "evidence.zip", nil)
		if content := read(t, path); first == nil {
			first = content
		} else if !bytes.Equal(first, content) {
			t.Error("two runs gave different bytes")
		}
	}
}

// Whoever is to check an audit again does it from the source, too.
func TestVerifyAuditsTheSourceAgain(t *testing.T) {
	path := sampleBundle(t, "evidence.zip", nil)
	if status, stdout, stderr := spanaudit("verify", path, "--source", violations); status != statusDone || !strings.Contains(flat(stdout), "source ok") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
	copied := put(t, "renamed.pcapng", read(t, violations))
	if status, stdout, stderr := spanaudit("verify", path, "--source", copied); status != statusDone {
		t.Errorf("a copy of another name: status %d: %s%s", status, stdout, stderr)
	}
	other := "../../fixtures/clean/site.pcapng"
	if status, stdout, _ := spanaudit("verify", path, "--source", other); status != statusViolations || !strings.Contains(flat(stdout), "is no capture that was audited") {
		t.Errorf("another capture: status %d: %s", status, stdout)
	}
}

// What has no meaning together is refused before any work is done, and nothing is
// written over.
func TestEvidenceRefusesWhatItCannotDo(t *testing.T) {
	dir := t.TempDir()
	taken := put(t, "taken.zip", []byte("something"))
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--sign signs the evidence; it needs --evidence", []string{"--sign", "x.key"}},
		{"--keep-secrets is about the evidence; it needs --evidence", []string{"--keep-secrets"}},
		{"no such file", []string{"--evidence", filepath.Join(dir, "e.zip"), "--sign", filepath.Join(dir, "none.key")}},
		{"exists; evidence is not overwritten", []string{"--evidence", taken}},
	} {
		status, _, stderr := spanaudit(append([]string{"audit", violations}, c.args...)...)
		if status != statusUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d, %q; %q is wanted", c.args, status, stderr, c.want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Kept secrets are said to be kept.
func TestSecretsAreKeptOnlyWhenAsked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evidence")
	spanaudit("audit", "-q", "--policy", policyFor(violations), "--evidence", dir, "--keep-secrets", violations)
	held := false
	for _, content := range filesIn(t, dir) {
		held = held || leak(content) != ""
	}
	if !held {
		t.Error("no packet of the evidence holds what was to be kept")
	}
	if status, stdout, _ := spanaudit("verify", dir); status != statusDone || !strings.Contains(flat(stdout), "secrets in the excerpts were kept") {
		t.Errorf("status %d: %s", status, stdout)
	}
}
