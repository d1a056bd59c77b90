package bundle

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aead.dev/minisign"

	"spanaudit/report"
)

// sample is what the bundles of the tests hold.
func sample() map[string][]byte {
	noise := make([]byte, 3000)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(noise)
	return map[string][]byte{
		AuditFile:                       []byte(`{"schema":"spanaudit/audit/v1"}` + "\n"),
		"report.html":                   bytes.Repeat([]byte("<p>No violation was observed in 12 flows.</p>\n"), 60),
		"policy.yaml":                   []byte("apiVersion: spanaudit/v1\n"),
		"excerpts/tls-version-1.pcapng": noise,
		"excerpts/rtsp-2.pcapng":        append(slices.Clone(noise[:500]), make([]byte, 700)...),
		"excerpts/empty.pcapng":         {},
	}
}

func sampleManifest() Manifest {
	return Manifest{
		Tool: report.Tool{Name: "spanaudit", Version: "v1.2.3"}, Created: 1_764_064_800_000_000_000,
		Command:   []string{"spanaudit", "audit", "--evidence", "evidence.zip", "site.pcapng"},
		Policy:    Policy{"site", "1", strings.Repeat("ab", 32), "policy.yaml"},
		Inputs:    []report.Input{{Name: "site.pcapng", SHA256: strings.Repeat("cd", 32), Packets: 1387}},
		Redaction: Redaction{Secrets: Blanked, Counts: map[string]uint64{"RTSP Authorization": 3}},
		Excerpts: []Excerpt{
			{Finding: "4b62aa", Rule: "tls-version", File: "excerpts/tls-version-1.pcapng", Packets: 4, Frames: []Frames{{"site.pcapng", []uint64{3, 4, 7, 9}}}, Reproduced: true},
			{Finding: "77aa01", Rule: "capture-period", Note: "no packet shows it"},
		},
	}
}

// small is a bundle of which each byte can be tried.
func small() map[string][]byte {
	return map[string][]byte{"a": {}, "b": []byte("stored"), "c/d": bytes.Repeat([]byte("deflated "), 20)}
}

func smallManifest() Manifest { return Manifest{Redaction: Redaction{Secrets: Kept}} }

// write writes a bundle of the sample and returns its path.
func write(t testing.TB, base string, key *minisign.PrivateKey) string {
	t.Helper()
	return writeOf(t, base, sample(), sampleManifest(), key)
}

func writeOf(t testing.TB, base string, files map[string][]byte, m Manifest, key *minisign.PrivateKey) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), base)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sorted(files) {
		if err := w.Add(name, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(m, key); err != nil {
		t.Fatal(err)
	}
	return path
}

func newKey(t testing.TB) (*minisign.PrivateKey, *minisign.PublicKey) {
	t.Helper()
	secret, public, err := NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ParsePublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key, pub
}

// check opens and checks; a bundle that cannot be opened has that as its problem.
func check(t testing.TB, path string, key *minisign.PublicKey) *Result {
	t.Helper()
	b, err := Open(path)
	if err != nil {
		return &Result{Problems: []Problem{{filepath.Base(path), err.Error()}}}
	}
	defer b.Close()
	return b.Check(key)
}

// shapes are the two forms of a bundle.
var shapes = []string{"evidence", "evidence.zip"}

func TestWhatIsWrittenIsWhole(t *testing.T) {
	key, pub := newKey(t)
	for _, base := range shapes {
		unsigned := check(t, write(t, base, nil), nil)
		if len(unsigned.Problems) > 0 || unsigned.Files != len(sample()) || unsigned.Signature != (Signature{}) {
			t.Errorf("%s: %+v", base, unsigned)
		}
		path := write(t, base, key)
		own, given := check(t, path, nil), check(t, path, pub)
		if len(own.Problems) > 0 || !own.Signature.Holds || own.Signature.Given {
			t.Errorf("%s, no key given: %v %+v", base, own.Problems, own.Signature)
		}
		want := Signature{KeyID(pub.ID()), true, true, "timestamp:1764064800 file:manifest.json tool:spanaudit/v1.2.3 policy-sha256:" + strings.Repeat("ab", 32)}
		if len(given.Problems) > 0 || given.Signature != want {
			t.Errorf("%s: %v %+v, want %+v", base, given.Problems, given.Signature, want)
		}
		b, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range sample() {
			if got, err := b.Read(name); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: %s: %d bytes, %v", base, name, len(got), err)
			}
		}
		if _, err := b.Read(SumsFile); err == nil {
			t.Errorf("%s: a file was read that the manifest does not list", base)
		}
		b.Close()
	}
}

func TestTheSameEvidenceIsTheSameArchive(t *testing.T) {
	key, _ := newKey(t)
	first, second := load(t, write(t, "a.zip", key)), load(t, write(t, "b.zip", key))
	if !bytes.Equal(first, second) {
		t.Error("two archives of the same differ")
	}
}

func load(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// unpack unpacks an archive by the standard library's reader.
func unpack(t *testing.T, path string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "unpacked")
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, f.Name), data)
	}
	return dir
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestAnArchiveThatWasUnpackedIsWhole(t *testing.T) {
	key, pub := newKey(t)
	dir := unpack(t, write(t, "evidence.zip", key))
	if r := check(t, dir, pub); len(r.Problems) > 0 || r.Files != len(sample()) {
		t.Error(r.Problems)
	}
}

// An assessor without spanaudit has unzip, sha256sum and minisign.
func TestOtherProgramsCheckIt(t *testing.T) {
	run := func(dir, name string, args ...string) {
		t.Helper()
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("not tried: %v", err)
			return
		}
		c := exec.Command(name, args...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s %q: %v\n%s", name, args, err, out)
		}
	}
	key, pub := newKey(t)
	path := write(t, "evidence.zip", key)
	run("", "unzip", "-tq", path)
	dir := unpack(t, path)
	run(dir, "sha256sum", "--strict", "-c", SumsFile)
	run(dir, "minisign", "-V", "-P", pub.String(), "-m", ManifestFile)
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	full, file, archive := filepath.Join(dir, "full"), filepath.Join(dir, "file"), filepath.Join(dir, "x.zip")
	put(t, filepath.Join(full, "notes.txt"), []byte("mine"))
	put(t, file, []byte("mine"))
	put(t, archive, nil)
	for _, path := range []string{full, file, archive} {
		if _, err := Create(path); err == nil || !strings.Contains(err.Error(), "not overwritten") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	w, err := Create(filepath.Join(dir, "empty"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "empty", "meanwhile"), nil)
	if err := w.Finish(Manifest{Redaction: Redaction{Secrets: Kept}}, nil); err == nil {
		t.Error("what came meanwhile was overwritten")
	}
	if got := under(t, dir); !slices.Equal(got, []string{"empty/meanwhile", "file", "full/notes.txt", "x.zip"}) {
		t.Errorf("left behind: %q", got)
	}
}

// under lists the files below a directory.
func under(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && (!d.IsDir() || strings.Contains(name, ".unfinished-")) {
			list = append(list, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWhatIsNotFinishedLeavesNothing(t *testing.T) {
	for _, base := range shapes {
		dir := t.TempDir()
		w, err := Create(filepath.Join(dir, base))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add("a", []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := w.Abort(); err != nil {
			t.Fatal(err)
		}
		w, err = Create(filepath.Join(dir, base))
		if err != nil {
			t.Fatal(err)
		}
		m := sampleManifest() // names excerpts that were not added
		if err := w.Finish(m, nil); err == nil {
			t.Error("a manifest that names what is not there was written")
		}
		if left := under(t, dir); len(left) > 0 {
			t.Errorf("%s: left behind: %q", base, left)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{
		"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a/.", `a\b`, "C:x", "a b", "é", "a\x00", ".hidden", "-rf", "a/-rf", "x.",
		"con", "a/NUL.txt", "com1.pcapng", strings.Repeat("a", 201), "a/b/c/d/e/f/g/h/i",
		"manifest.json", "MANIFEST.json", "sha256sums", "Manifest.json.minisig", "manifest.json/x",
		"taken", "TAKEN", "taken/x", "dir", "Dir", "taken/x/y",
	} {
		w := Writer{sink: &archiveSink{}, names: names{}}
		for _, taken := range []string{"taken", "dir/a"} {
			if err := w.names.add(taken); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Add(name, nil); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	var n names
	for _, name := range []string{"a", "dir/b", "dir/c", "Excerpts/tls-version-4b62.pcapng", "console", "com10", "a.b-c_d"} {
		if err := n.add(name); err != nil {
			t.Error(err)
		}
	}
}
