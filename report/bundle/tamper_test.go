package bundle

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// named reports whether a problem speaks of a file, in its own name or in what it
// says: where two files disagree, both are named.
func named(r *Result, file string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.File == file || strings.Contains(p.Says, file) })
}

// changed returns a copy with one byte changed.
func changed(data []byte, i int, r *rand.Rand) []byte {
	data = slices.Clone(data)
	data[i] ^= byte(1 + r.IntN(255))
	return data
}

// ways are the ways in which a bundle is made and checked.
func ways(t *testing.T, test func(t *testing.T, key *minisign.PrivateKey, wanted *minisign.PublicKey)) {
	key, pub := newKey(t)
	t.Run("unsigned", func(t *testing.T) { test(t, nil, nil) })
	t.Run("signed", func(t *testing.T) { test(t, key, nil) })
	t.Run("signed and the key known", func(t *testing.T) { test(t, key, pub) })
}

func TestTwoHundredRandomChangesInADirectory(t *testing.T) {
	ways(t, func(t *testing.T, key *minisign.PrivateKey, wanted *minisign.PublicKey) {
		dir := write(t, "evidence", key)
		files := under(t, dir)
		files = slices.DeleteFunc(files, func(name string) bool { return len(load(t, filepath.Join(dir, name))) == 0 })
		r := rand.New(rand.NewPCG(6, 200))
		for range 200 {
			name := files[r.IntN(len(files))]
			path := filepath.Join(dir, name)
			was := load(t, path)
			at := r.IntN(len(was))
			put(t, path, changed(was, at, r))
			if got := check(t, dir, wanted); !named(got, name) {
				t.Errorf("byte %d of %s: %v", at, name, got.Problems)
			}
			put(t, path, was)
		}
		if got := check(t, dir, wanted); len(got.Problems) > 0 {
			t.Errorf("put back: %v", got.Problems)
		}
	})
}

// place says what stands at a byte of an archive: what to look for in the
// problems, and whether it is the content of a file.
func place(a *archive, at int64) (name string, content bool) {
	for _, f := range a.list {
		begin := f.packed.offset + int64(len(f.local()))
		if f.packed.offset <= at && at < begin {
			return a.name, false
		}
		if begin <= at && at < begin+f.packed.size {
			return f.name, true
		}
	}
	return a.name, false
}

func TestTwoHundredRandomChangesInAnArchive(t *testing.T) {
	ways(t, func(t *testing.T, key *minisign.PrivateKey, wanted *minisign.PublicKey) {
		r := rand.New(rand.NewPCG(6, 201))
		changes(t, write(t, "evidence.zip", key), wanted, r, func(size int) []int {
			at := make([]int, 200)
			for i := range at {
				at[i] = r.IntN(size)
			}
			return at
		})
	})
}

// No byte of an archive is without meaning: each is changed in turn.
func TestEveryByteOfAnArchiveCounts(t *testing.T) {
	key, _ := newKey(t)
	r := rand.New(rand.NewPCG(6, 202))
	changes(t, writeOf(t, "evidence.zip", small(), smallManifest(), key), nil, r, func(size int) []int {
		at := make([]int, size)
		for i := range at {
			at[i] = i
		}
		return at
	})
}

func changes(t *testing.T, path string, wanted *minisign.PublicKey, r *rand.Rand, where func(size int) []int) {
	was := load(t, path)
	a, err := openArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, at := range where(len(was)) {
		other := filepath.Join(filepath.Dir(path), "changed", a.name)
		put(t, other, changed(was, at, r))
		name, content := place(a, int64(at))
		if got := check(t, other, wanted); !named(got, name) {
			t.Errorf("byte %d, of %s (content: %v): %v", at, name, content, got.Problems)
		}
	}
}

func TestFilesRemovedAddedAndSwapped(t *testing.T) {
	ways(t, func(t *testing.T, key *minisign.PrivateKey, wanted *minisign.PublicKey) {
		for _, name := range append(sorted(sample()), ManifestFile, SumsFile) {
			dir := write(t, "evidence", key)
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if got := check(t, dir, wanted); !named(got, name) {
				t.Errorf("%s removed: %v", name, got.Problems)
			}
		}
		for _, name := range []string{"notes.txt", "excerpts/x.pcapng", "Audit.json", ".hidden", "excerpts/new/"} {
			dir := write(t, "evidence", key)
			if path := filepath.Join(dir, name); strings.HasSuffix(name, "/") {
				if err := os.Mkdir(path, 0o777); err != nil {
					t.Fatal(err)
				}
			} else {
				put(t, path, []byte("x"))
			}
			if got := check(t, dir, wanted); !named(got, strings.TrimSuffix(name, "/")) {
				t.Errorf("%s added: %v", name, got.Problems)
			}
		}
		dir := write(t, "evidence", key)
		a, b := filepath.Join(dir, "excerpts/rtsp-2.pcapng"), filepath.Join(dir, "excerpts/tls-version-1.pcapng")
		x, y := load(t, a), load(t, b)
		put(t, a, y)
		put(t, b, x)
		if got := check(t, dir, wanted); !named(got, "excerpts/rtsp-2.pcapng") || !named(got, "excerpts/tls-version-1.pcapng") || got.Files != len(sample())-2 {
			t.Errorf("swapped: %v", got.Problems)
		}
	})
}

// repacked writes an archive of the files, whatever they are, by the Writer's own
// means.
func repacked(t *testing.T, files ...struct {
	name string
	data []byte
}) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "evidence.zip")
	a, err := createArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, err := a.put(f.name, f.data, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesRemovedAddedAndSwappedInAnArchive(t *testing.T) {
	type one = struct {
		name string
		data []byte
	}
	dir := write(t, "evidence", nil) // a directory's manifest lists nothing as packed
	var all []one
	for _, name := range under(t, dir) {
		all = append(all, one{name, load(t, filepath.Join(dir, name))})
	}
	if got := check(t, repacked(t, all...), nil); len(got.Problems) > 0 {
		t.Fatal(got.Problems)
	}
	for i, f := range all {
		if got := check(t, repacked(t, slices.Delete(slices.Clone(all), i, i+1)...), nil); !named(got, f.name) {
			t.Errorf("%s removed: %v", f.name, got.Problems)
		}
		if got := check(t, repacked(t, append(slices.Clone(all), f)...), nil); !named(got, f.name) {
			t.Errorf("%s twice: %v", f.name, got.Problems)
		}
	}
	if got := check(t, repacked(t, append(slices.Clone(all), one{"notes.txt", nil})...), nil); !named(got, "notes.txt") {
		t.Errorf("added: %v", got.Problems)
	}
	swapped := slices.Clone(all)
	swapped[0].data, swapped[1].data = swapped[1].data, swapped[0].data
	if got := check(t, repacked(t, swapped...), nil); !named(got, all[0].name) || !named(got, all[1].name) {
		t.Errorf("swapped: %v", got.Problems)
	}
}

func TestAnArchiveCutOffOrLengthened(t *testing.T) {
	path := writeOf(t, "evidence.zip", small(), smallManifest(), nil)
	was := load(t, path)
	for n := range len(was) {
		put(t, path, was[:n])
		if got := check(t, path, nil); !named(got, "evidence.zip") {
			t.Fatalf("%d of %d bytes: %v", n, len(was), got.Problems)
		}
	}
	put(t, path, append(slices.Clone(was), 0))
	if got := check(t, path, nil); !named(got, "1 bytes after the end") {
		t.Error(got.Problems)
	}
	put(t, path, slices.Insert(slices.Clone(was), bytes.Index(was, []byte("PK\x01\x02")), 0)) // a gap before the directory
	if got := check(t, path, nil); !named(got, "evidence.zip") {
		t.Error(got.Problems)
	}
}

func TestSignatures(t *testing.T) {
	key, pub := newKey(t)
	other, otherPub := newKey(t)
	signature := func(dir string) string { return filepath.Join(dir, SignatureFile) }
	for _, c := range []struct {
		name   string
		key    *minisign.PrivateKey
		do     func(dir string)
		wanted *minisign.PublicKey
		want   string
	}{
		{"by another key", key, nil, otherPub, "is by another key"},
		{"not signed and a key wanted", nil, nil, pub, "the bundle is not signed"},
		{"taken away", key, func(dir string) { os.Remove(signature(dir)) }, nil, "is missing"},
		{"put beside what is not signed", nil, func(dir string) {
			put(t, signature(dir), sign(&Manifest{}, load(t, filepath.Join(dir, ManifestFile)), key))
		}, nil, "says that it is not signed"},
		{"of another bundle", key, func(dir string) {
			m := sampleManifest()
			m.Created++
			put(t, signature(dir), load(t, signature(writeOf(t, "other", sample(), m, key))))
		}, nil, "does not fit"},
		{"by another key than is named", key, func(dir string) {
			put(t, signature(dir), sign(&Manifest{}, load(t, filepath.Join(dir, ManifestFile)), other))
		}, nil, "names the key"},
		{"another untrusted comment", key, func(dir string) {
			put(t, signature(dir), bytes.Replace(load(t, signature(dir)), []byte("signature by"), []byte("trust me, by"), 1))
		}, pub, "was changed"},
		{"carriage returns", key, func(dir string) {
			put(t, signature(dir), bytes.ReplaceAll(load(t, signature(dir)), []byte("\n"), []byte("\r\n")))
		}, pub, "was changed"},
		{"a line more", key, func(dir string) { put(t, signature(dir), append(load(t, signature(dir)), '\n')) }, pub, "was changed"},
		{"nothing", key, func(dir string) { put(t, signature(dir), nil) }, pub, "is no signature"},
	} {
		dir := write(t, "evidence", c.key)
		if c.do != nil {
			c.do(dir)
		}
		got := check(t, dir, c.wanted)
		if !named(got, c.want) || !named(got, SignatureFile) || got.Signature.Holds || got.Signature.Comment != "" {
			t.Errorf("%s: %v %+v", c.name, got.Problems, got.Signature)
		}
	}
}

// Whoever rewrites a bundle throughout makes another bundle, which is whole; only
// the key tells.
func TestARewrittenBundleIsToldByTheKeyAlone(t *testing.T) {
	_, pub := newKey(t)
	forger, _ := newKey(t)
	files := sample()
	files[AuditFile] = []byte(`{"schema":"spanaudit/audit/v1","findings":[]}`)
	path := writeOf(t, "evidence.zip", files, sampleManifest(), forger)
	if got := check(t, path, nil); len(got.Problems) > 0 || got.Signature.Given {
		t.Error(got.Problems)
	}
	if got := check(t, path, pub); !named(got, "is by another key") {
		t.Error(got.Problems)
	}
}
