package bundle

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAnArchiveOfAnotherProgramIsToldSo(t *testing.T) {
	for _, name := range []string{"../../etc/passwd", "/etc/passwd", `..\x`, "C:/x", "a", "link"} {
		path := filepath.Join(t.TempDir(), "evil.zip")
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: name}
		if name == "link" {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		f, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("/etc/passwd"))
		z.Close()
		put(t, path, b.Bytes())
		got := check(t, path, nil)
		if got.BadContainer == 0 || !named(got, "evil.zip") || got.Files > 0 {
			t.Errorf("%s: %v", name, got.Problems)
		}
	}
}

// bomb is an archive of one file that says it unpacks to so many bytes.
func bomb(t *testing.T, packed []byte, size int64) string {
	t.Helper()
	f := file{name: "a", size: size, packed: packing{method: deflated, size: int64(len(packed)), crc: crc32.ChecksumIEEE(nil)}}
	text := append(f.local(), packed...)
	text = append(text, directoryOf([]file{f}, int64(len(text)))...)
	path := filepath.Join(t.TempDir(), "bomb.zip")
	put(t, path, text)
	return path
}

func TestBombs(t *testing.T) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 64 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	if got := check(t, bomb(t, b.Bytes(), 64<<20), nil); !named(got, "more than 200 times as large") {
		t.Error(got.Problems)
	}
	if got := check(t, bomb(t, make([]byte, 10<<20), maxFile+1), nil); !named(got, "more bytes than a bundle has") {
		t.Error(got.Problems)
	}
	// One that lies of its size is not unpacked beyond it.
	path := bomb(t, b.Bytes(), 1000)
	o, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.load("a", maxFile); err == nil {
		t.Error("a file of 64 MiB was read as one of 1000 bytes")
	}
}

func TestWhatCompressesTooWellIsStored(t *testing.T) {
	files := sample()
	files["zeros"] = make([]byte, 8<<20)
	path := writeOf(t, "evidence.zip", files, sampleManifest(), nil)
	if got := check(t, path, nil); len(got.Problems) > 0 {
		t.Error(got.Problems)
	}
}

func TestLinksAndSpecialFilesAreNotFollowed(t *testing.T) {
	for _, name := range []string{AuditFile, "notes.txt", "excerpts"} {
		dir := write(t, "evidence", nil)
		path := filepath.Join(dir, name)
		moved := filepath.Join(t.TempDir(), "moved")
		if err := os.Rename(path, moved); err != nil && name != "notes.txt" {
			t.Fatal(err)
		}
		if err := os.Symlink(moved, path); err != nil {
			t.Skipf("needs links: %v", err)
		}
		if got := check(t, dir, nil); !named(got, name) || !named(got, "a link or a special file") {
			t.Errorf("%s: %v", name, got.Problems)
		}
	}
	dir := write(t, "evidence", nil)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666); err != nil {
		t.Skipf("needs pipes: %v", err)
	}
	if got := check(t, dir, nil); !named(got, "pipe") {
		t.Error(got.Problems)
	}
}

func TestManifestsThatNoWriterWrites(t *testing.T) {
	sum := strings.Repeat("0", 64)
	file := func(name string) map[string]any { return map[string]any{"name": name, "size": 0, "sha256": sum} }
	for name, change := range map[string]func(map[string]any){
		"another schema":                   func(m map[string]any) { m["schema"] = "spanaudit/bundle/v9" },
		"a name that leads out":            func(m map[string]any) { m["files"] = []any{file("../x")} },
		"names out of order":               func(m map[string]any) { m["files"] = []any{file("b"), file("a")} },
		"a name twice":                     func(m map[string]any) { m["files"] = []any{file("a"), file("a")} },
		"a name in other letters":          func(m map[string]any) { m["files"] = []any{file("A"), file("a")} },
		"itself":                           func(m map[string]any) { m["files"] = []any{file(ManifestFile)} },
		"a file as a directory":            func(m map[string]any) { m["files"] = []any{file("a"), file("a/b")} },
		"a negative size":                  func(m map[string]any) { f := file("a"); f["size"] = -1; m["files"] = []any{f} },
		"half a SHA-256":                   func(m map[string]any) { f := file("a"); f["sha256"] = "00"; m["files"] = []any{f} },
		"an excerpt that is not listed":    func(m map[string]any) { m["excerpts"] = []any{map[string]any{"file": "x"}} },
		"secrets neither blanked nor kept": func(m map[string]any) { m["redaction"] = map[string]any{"secrets": "?"} },
		"a key that is none":               func(m map[string]any) { m["public_key"] = "RWQ" },
		"a list for a number":              func(m map[string]any) { m["created"] = []any{} },
	} {
		dir := write(t, "evidence", nil)
		path := filepath.Join(dir, ManifestFile)
		var m map[string]any
		if err := json.Unmarshal(load(t, path), &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, text)
		if got := check(t, dir, nil); got.Manifest != nil || got.BadManifest != 1 || !named(got, ManifestFile) {
			t.Errorf("%s: %v", name, got.Problems)
		}
	}
}

func TestWhatIsNoBundleCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "x.zip")
	put(t, text, []byte("hello"))
	for _, path := range []string{text, filepath.Join(dir, "none"), os.DevNull} {
		if b, err := Open(path); err == nil {
			b.Close()
			t.Errorf("%s was opened", path)
		}
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := check(t, empty, nil); !named(got, ManifestFile) {
		t.Error(got.Problems)
	}
}

// FuzzBundle holds that any archive is opened and checked, or refused, in bounded
// time and memory, and that one without a problem is what a Writer writes of it.
func FuzzBundle(f *testing.F) {
	key, _ := newKey(f)
	f.Add(load(f, write(f, "evidence.zip", key)))
	f.Add(load(f, write(f, "evidence.zip", nil)))
	f.Add(load(f, writeOf(f, "evidence.zip", nil, smallManifest(), nil)))
	f.Add(load(f, writeOf(f, "evidence.zip", small(), smallManifest(), nil)))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "fuzz.zip")
		put(t, path, data)
		b, err := Open(path)
		if err != nil {
			return
		}
		defer b.Close()
		r := b.Check(nil)
		for _, p := range r.Problems {
			if p.File == "" || p.Says == "" {
				t.Fatalf("a problem without words: %+v", p)
			}
		}
		if len(r.Problems) > 0 {
			return
		}
		var text []byte
		for _, entry := range b.files {
			raw := make([]byte, entry.packed.size)
			b.store.(*archive).raw(entry).ReadAt(raw, 0)
			text = append(append(text, entry.local()...), raw...)
		}
		if !bytes.Equal(append(text, directoryOf(b.files, int64(len(text)))...), data) {
			t.Fatal("an archive without a problem has bytes that no Writer writes")
		}
	})
}
