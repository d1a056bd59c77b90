package main

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// siteEvidence is the signed evidence of the site in which nearly everything is
// wrong, and the public key.
func siteEvidence(t *testing.T, base string) (path, pub string) {
	t.Helper()
	_, pub = openKey(t)
	path = filepath.Join(t.TempDir(), base)
	status, _, stderr := spanaudit("audit", "-q", "--now", now, "--policy", "../../fixtures/site.yaml",
		"--evidence", path, "--sign", strings.TrimSuffix(pub, ".pub"), violations)
	if status != statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return path, pub
}

// tampered fails the test unless verify finds something wrong and names it.
func tampered(t *testing.T, path, pub, what string, names ...string) {
	t.Helper()
	status, stdout, stderr := spanaudit("verify", path, "--key", pub)
	if status != statusViolations && status != statusUnread {
		t.Errorf("%s: status %d\n%s", what, status, stdout)
	}
	said := strings.Join(strings.Fields(stdout[max(strings.Index(stdout, "What is wrong"), 0):]+stderr), " ")
	for _, name := range names {
		if !strings.Contains(said, name) {
			t.Errorf("%s: %s is not named in\n%s%s", what, name, stdout, stderr)
		}
	}
}

func TestTamperingWithEvidenceIsFoundAndNamed(t *testing.T) {
	dir, pub := siteEvidence(t, "evidence")
	var files []string
	if err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	}); err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(6, 1))
	for range 200 {
		name := files[r.IntN(len(files))]
		was := read(t, filepath.Join(dir, name))
		is := slices.Clone(was)
		is[r.IntN(len(is))] ^= byte(1 + r.IntN(255))
		write(name, is)
		tampered(t, dir, pub, "a byte of "+name, name)
		write(name, was)
	}
	for _, name := range files {
		was := read(t, filepath.Join(dir, name))
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		tampered(t, dir, pub, name+" removed", name)
		write(name, was)
	}
	listed := slices.DeleteFunc(files, func(name string) bool { return strings.HasPrefix(name, "manifest.json") || name == "SHA256SUMS" })
	for i := range 20 {
		a, b := listed[i], listed[len(listed)-1-i]
		x, y := read(t, filepath.Join(dir, a)), read(t, filepath.Join(dir, b))
		write(a, y)
		write(b, x)
		if string(x) != string(y) {
			tampered(t, dir, pub, a+" and "+b+" swapped", a, b)
		}
		write(a, x)
		write(b, y)
	}
	write("notes.txt", []byte("x"))
	tampered(t, dir, pub, "a file added", "notes.txt")
	if err := os.Remove(filepath.Join(dir, "notes.txt")); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := spanaudit("verify", dir, "--key", pub); status != statusDone {
		t.Errorf("put back: status %d\n%s%s", status, stdout, stderr)
	}
}

func TestTamperingWithAnArchiveOfEvidenceIsFound(t *testing.T) {
	path, pub := siteEvidence(t, "evidence.zip")
	was := read(t, path)
	r := rand.New(rand.NewPCG(6, 2))
	for range 200 {
		is := slices.Clone(was)
		at := r.IntN(len(is))
		is[at] ^= byte(1 + r.IntN(255))
		if err := os.WriteFile(path, is, 0o666); err != nil {
			t.Fatal(err)
		}
		tampered(t, path, pub, "a byte of the archive")
	}
	for _, is := range [][]byte{was[:len(was)-1], was[:len(was)/2], append(slices.Clone(was), 0)} {
		if err := os.WriteFile(path, is, 0o666); err != nil {
			t.Fatal(err)
		}
		tampered(t, path, pub, "the archive cut off or lengthened", "evidence.zip")
	}
}
