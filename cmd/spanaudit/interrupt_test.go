package main

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// An audit that is interrupted leaves nothing of its evidence, neither what was
// written of it nor the packets that it kept of standard input.
func TestInterruptedAuditLeavesNothing(t *testing.T) {
	const variable = "SPANAUDIT_TEST_EVIDENCE"
	if path := os.Getenv(variable); path != "" { // the program that is interrupted
		os.Exit(run([]string{"audit", "-q", "--evidence", path, "-"}, world{os.Stdin, os.Stdout, os.Stderr, os.Getenv, nil}))
	}
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(s) { // as by nohup, and then a program is to ignore it too
			continue
		}
		dir := t.TempDir()
		c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		c.Env = append(os.Environ(), variable+"="+filepath.Join(dir, "evidence"))
		stdin, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := stdin.Write(read(t, violations)[:1000]); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if list, _ := os.ReadDir(dir); len(list) == 2 {
				time.Sleep(100 * time.Millisecond)
				break
			}
		}
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
			t.Errorf("%v: %v, %v is left", s, err, list)
		}
		if status := c.ProcessState.ExitCode(); status != 128+int(s) {
			t.Errorf("%v: exit status %d", s, status)
		}
	}
}

// Captures that come into a directory while it is audited, as what is kept of
// standard input does, are not taken for those that were.
func TestEvidenceIsCutFromTheFilesThatWereAudited(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old.pcapng"), read(t, oldTLS), 0o666); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "evidence")
	status, _, stderr := spanauditFrom(bytes.NewReader(read(t, violations)), "audit", "-q", "--now", now, "--policy", policyFor(violations), "--evidence", path, dir, "-")
	if status != statusViolations || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if status, stdout, stderr := spanaudit("verify", path); status != statusDone {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

// Evidence in which secrets were left is for its owner alone.
func TestEvidenceWithSecretsIsPrivate(t *testing.T) {
	for base, want := range map[string]os.FileMode{"evidence": 0o700 | os.ModeDir, "evidence.zip": 0o600} {
		path := filepath.Join(t.TempDir(), base)
		if status, _, stderr := spanaudit("audit", "-q", "--keep-secrets", "--evidence", path, oldTLS); status > statusViolations {
			t.Fatalf("status %d: %s", status, stderr)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", base, info.Mode(), err)
		}
	}
}
