package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"spanaudit/report/bundle"
)

// sampleBundle writes the evidence of the fixture in which nearly everything is
// wrong.
func sampleBundle(t *testing.T, base string, key *minisign.PrivateKey) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), base)
	args := []string{"audit", "-q", "--now", now, "--policy", policyFor(violations), "--evidence", path, violations}
	if key != nil {
		text, err := key.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--sign", put(t, "audit.key", text))
	}
	if status, _, stderr := spanaudit(args...); status != statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return path
}

// openKey makes a key pair without a password and returns the secret one and the
// name of the public one.
func openKey(t *testing.T) (*minisign.PrivateKey, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.key")
	if status, _, stderr := spanaudit("keygen", "--no-password", "-o", path); status != statusDone {
		t.Fatalf("status %d: %s", status, stderr)
	}
	key, err := loadKey(world{getenv: func(string) string { return "" }}, path, "")
	if err != nil {
		t.Fatal(err)
	}
	return key, path + ".pub"
}

// flat is text without its table's lines and line breaks.
func flat(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "│", " ")), " ")
}

func TestVerifySaysWhatIsShownAndWhatNot(t *testing.T) {
	key, pub := openKey(t)
	line := strings.Fields(string(read(t, pub)))
	for _, c := range []struct {
		name string
		key  *minisign.PrivateKey
		args []string
		want []string
	}{
		{"not signed", nil, nil, []string{"signature open not signed: whoever holds it could have made it", "The bundle is whole in itself. It is not signed"}},
		{"signed, no key given", key, nil, []string{"which the bundle itself names: that it is the auditor's is not shown", "whose it is, only --key can tell"}},
		{"signed, the key's file given", key, []string{"--key", pub}, []string{"signature ok by the key " + bundle.KeyID(key.ID()), "policy-sha256:", "as the holder of the key"}},
		{"signed, the key itself given", key, []string{"-k", line[len(line)-1]}, []string{"signature ok by the key"}},
	} {
		for _, base := range []string{"evidence", "evidence.zip"} {
			status, stdout, stderr := spanaudit(append([]string{"verify", sampleBundle(t, base, c.key)}, c.args...)...)
			if status != statusDone || stderr != "" {
				t.Errorf("%s: %s: status %d, %q\n%s", base, c.name, status, stderr, stdout)
			}
			for _, want := range append(c.want, "files ok", "completeness ok", "container ok", "secrets in the excerpts were blanked") {
				if !strings.Contains(flat(stdout), want) {
					t.Errorf("%s: %s: no %q in\n%s", base, c.name, want, stdout)
				}
			}
		}
	}
}

func TestVerifyNamesWhatWasChanged(t *testing.T) {
	key, pub := openKey(t)
	_, other := openKey(t)
	path := sampleBundle(t, "evidence", key)
	excerpts, err := filepath.Glob(filepath.Join(path, "excerpts", "tls-version-*.pcapng"))
	if err != nil || len(excerpts) == 0 {
		t.Fatal(excerpts, err)
	}
	excerpt := excerpts[0]
	data := read(t, excerpt)
	data[100]++
	if err := os.WriteFile(excerpt, data, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "no\x1b[2Jtes"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	status, stdout, _ := spanaudit("verify", path, "--key", pub)
	if status != statusViolations {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{
		"container wrong 1 thing", "files wrong 1 file changed;", "signature ok",
		filepath.Base(excerpt) + ": has the SHA-256", `no\x1b[2Jtes: is in no bundle`, "The bundle is not as it was made: 2 problems.",
	} {
		if !strings.Contains(flat(stdout), want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	status, stdout, _ = spanaudit("verify", sampleBundle(t, "evidence.zip", key), "-k", other)
	if status != statusViolations || !strings.Contains(flat(stdout), "is by another key") {
		t.Errorf("another key: status %d\n%s", status, stdout)
	}
	if status, _, stderr := spanaudit("verify", path, "-k", excerpt); status != statusUsage || !strings.Contains(stderr, "is no public key") {
		t.Errorf("no key: status %d, %q", status, stderr)
	}
	if status, _, stderr := spanaudit("verify", violations); status != statusUnread || !strings.Contains(stderr, "is no bundle") {
		t.Errorf("no bundle: status %d, %q", status, stderr)
	}
	if status, _, _ := spanaudit("verify"); status != statusUsage {
		t.Errorf("nothing: status %d", status)
	}
}

func TestABundleIsReadAsTheAuditInIt(t *testing.T) {
	for _, base := range []string{"evidence", "evidence.zip"} {
		path := sampleBundle(t, base, nil)
		if status, text, stderr := spanaudit("explain", path, "tls-version"); status != statusDone || !strings.HasPrefix(text, "Rule tls-version: fail\n") {
			t.Errorf("%s: status %d, %s", base, status, stderr)
		}
	}
	path := sampleBundle(t, "evidence", nil)
	saved := filepath.Join(path, bundle.AuditFile)
	if err := os.WriteFile(saved, bytes.Replace(read(t, saved), []byte(`"fail"`), []byte(`"pass"`), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := spanaudit("report", path); status != statusUsage || !strings.Contains(stderr, "audit.json is not what the manifest lists") {
		t.Errorf("changed: status %d, %q", status, stderr)
	}
}

// The C tool verifies what is signed here, and signs by a key that was made here.
func TestMinisignIsUnderstood(t *testing.T) {
	if _, err := exec.LookPath("minisign"); err != nil {
		t.Skipf("needs minisign: %v", err)
	}
	key, pub := openKey(t)
	dir := sampleBundle(t, "evidence", key)
	manifest := filepath.Join(dir, bundle.ManifestFile)
	if out, err := exec.Command("minisign", "-V", "-p", pub, "-m", manifest).CombinedOutput(); err != nil || !strings.Contains(string(out), "policy-sha256:") {
		t.Errorf("%v: %s", err, out)
	}
	if err := os.WriteFile(manifest, append(read(t, manifest), ' '), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("minisign", "-V", "-p", pub, "-m", manifest).CombinedOutput(); err == nil {
		t.Errorf("a changed manifest verifies: %s", out)
	}
	if out, err := exec.Command("minisign", "-S", "-s", strings.TrimSuffix(pub, ".pub"), "-m", manifest).CombinedOutput(); err != nil {
		t.Errorf("the C tool cannot sign: %v: %s", err, out)
	}
}
