// Package bundle is the evidence of an audit as files that stand on their own: a
// directory, or a zip archive, of reports and excerpts, with a manifest that
// names each file by its size and SHA-256, and a signature over the manifest
// where there is a key. It knows nothing of what is in the excerpts.
package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The files of a bundle that its manifest does not list.
const (
	ManifestFile  = "manifest.json"
	SignatureFile = "manifest.json.minisig"
	SumsFile      = "SHA256SUMS" // as sha256sum -c reads it
)

// AuditFile is the audit itself, as report.JSON writes it.
const AuditFile = "audit.json"

// Bounds of what is written and of what is read. An archive without 64-bit
// extensions has room for them.
const (
	maxFiles    = 50_000
	maxFile     = 256 << 20
	maxTotal    = 2 << 30
	maxManifest = 64 << 20
)

// Bundle is a bundle that is read. Anybody may have written it.
type Bundle struct {
	store store
	name  string // of the directory or archive, without the path to it
	at    map[string]int
	files []file

	text     []byte // of the manifest
	manifest *Manifest
	why      error // that there is no manifest
}

// store is where the files of a bundle are kept.
type store interface {
	// files lists the files that can be opened, and says what is wrong with the
	// store itself.
	files() ([]file, []Problem)
	// open returns what is in a file, to be read no further than its size.
	open(file) (io.ReadCloser, error)
	Close() error
}

// file is one file of a store.
type file struct {
	name   string
	size   int64
	packed packing // of an archive
}

// Open opens a directory or a zip archive. An error means that it can be neither;
// what is wrong inside is said by Check. Nothing of it is unpacked on disk.
func Open(path string) (*Bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	b := &Bundle{name: filepath.Base(path), at: map[string]int{}}
	switch {
	case info.IsDir():
		b.store, err = openDirectory(path)
	case info.Mode().IsRegular():
		b.store, err = openArchive(path)
	default:
		err = errors.New("is neither a directory nor a file")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	b.files, _ = b.store.files()
	for i, f := range b.files {
		b.at[f.name] = i
	}
	if b.text, b.why = b.load(ManifestFile, maxManifest); b.why == nil {
		b.manifest, b.why = parseManifest(b.text)
	}
	return b, nil
}

// Close lets go of the files.
func (b *Bundle) Close() error { return b.store.Close() }

// Manifest returns the manifest, which is only read from. That it is whole is for
// Check to say.
func (b *Bundle) Manifest() (*Manifest, error) {
	if b.why != nil {
		return nil, fmt.Errorf("%s %w", ManifestFile, b.why)
	}
	return b.manifest, nil
}

// Read returns what is in a file that the manifest lists. It is an error when its
// size or SHA-256 is not that of the manifest. Several may read at once.
func (b *Bundle) Read(name string) ([]byte, error) {
	m, err := b.Manifest()
	if err != nil {
		return nil, err
	}
	listed, ok := m.file(name)
	if !ok {
		return nil, fmt.Errorf("%s is not in the manifest", name)
	}
	data, err := b.load(name, maxFile)
	if err != nil {
		return nil, fmt.Errorf("%s %w", name, err)
	}
	if sum := sha256.Sum256(data); int64(len(data)) != listed.Size || hex.EncodeToString(sum[:]) != listed.SHA256 {
		return nil, fmt.Errorf("%s is not what the manifest lists: it was changed", name)
	}
	return data, nil
}

// load reads a file, which has at most so many bytes.
func (b *Bundle) load(name string, most int64) ([]byte, error) {
	i, ok := b.at[name]
	if !ok {
		return nil, errMissing
	}
	f := b.files[i]
	if f.size > most {
		return nil, fmt.Errorf("has %d bytes, more than the %d that are read", f.size, most)
	}
	r, err := b.store.open(f)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, f.size+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case int64(len(data)) != f.size:
		return nil, fmt.Errorf("has not the %d bytes that it is said to have", f.size)
	}
	return data, nil
}

var errMissing = errors.New("is missing")

// isArchive reports whether a bundle of that path is a zip archive.
func isArchive(path string) bool { return strings.EqualFold(filepath.Ext(path), ".zip") }
