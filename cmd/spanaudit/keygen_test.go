package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanaudit/report/bundle"
)

func TestKeygenNeverOverwrites(t *testing.T) {
	for _, name := range []string{"audit.key", "audit.key.pub"} {
		there := put(t, name, []byte("mine"))
		path := filepath.Join(filepath.Dir(there), "audit.key")
		status, _, stderr := spanaudit("keygen", "--no-password", "-o", path)
		if status != statusUsage || !strings.Contains(stderr, name+" exists") || string(read(t, there)) != "mine" {
			t.Errorf("%s: status %d, %q", name, status, stderr)
		}
		if files, _ := os.ReadDir(filepath.Dir(there)); len(files) != 1 {
			t.Errorf("%s: left behind: %v", name, files)
		}
	}
}

func TestASecretKeyIsItsOwnersAlone(t *testing.T) {
	_, pub := openKey(t)
	info, err := os.Stat(strings.TrimSuffix(pub, ".pub"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestAnEmptyPasswordIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.key")
	empty := put(t, "password", []byte("\nsecond line"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "standard input is no terminal"},
		{[]string{"--password-file", empty}, "is empty"},
		{[]string{"--password-file", empty, "--no-password"}, "contradict"},
		{[]string{"--password-file", put(t, "long", []byte(strings.Repeat("x", 1025)))}, "longer than 1024 bytes"},
	} {
		status, _, stderr := spanaudit(append([]string{"keygen", "-o", path}, c.args...)...)
		if status != statusUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: status %d, %q", c.args, status, stderr)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a key was written")
	}
}

func TestAKeyThatAPasswordProtects(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds and 1 GiB of memory three times, as it is meant to")
	}
	path := filepath.Join(t.TempDir(), "audit.key")
	file := put(t, "password", []byte("correct horse\r\n"))
	status, stdout, stderr := spanaudit("keygen", "-o", path, "--password-file", file)
	if status != statusDone || strings.Contains(stdout+stderr, "horse") || !bundle.Encrypted(read(t, path)) {
		t.Fatalf("status %d, %q", status, stderr)
	}
	env := func(value string) world {
		return world{stdin: strings.NewReader(""), getenv: func(name string) string {
			if name == passwordVariable {
				return value
			}
			return ""
		}}
	}
	key, err := loadKey(env("correct horse"), path, "")
	if err != nil {
		t.Fatal(err)
	}
	if status, stdout, _ := spanaudit("verify", sampleBundle(t, "evidence.zip", key), "-k", path+".pub"); status != statusDone {
		t.Errorf("status %d\n%s", status, stdout)
	}
	if _, err := loadKey(env("wrong horse"), path, ""); err == nil || strings.Contains(err.Error(), "horse") {
		t.Errorf("another password: %v", err)
	}
}
