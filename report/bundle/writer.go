package bundle

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"aead.dev/minisign"
)

// Writer writes a bundle. It appears at its place when it is finished, whole, or
// not at all.
type Writer struct {
	path  string
	dir   string // beside path, for what is not finished; it is removed with all in it
	sink  sink
	names names
	files []File
	total int64
}

// sink is what the files are put into.
type sink interface {
	// put writes a file, which may be compressed.
	put(name string, data []byte, compress bool) (*Packed, error)
	close() error
}

// Create begins a bundle: a zip archive where path ends in .zip, a directory
// elsewhere. It never replaces anything: an archive must not exist, nor a
// directory that is not empty. The caller ends it by Finish or Abort.
func Create(path string) (*Writer, error) {
	path = filepath.Clean(path)
	if err := vacant(path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+".unfinished-")
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	w := &Writer{path: path, dir: dir}
	if isArchive(path) {
		w.sink, err = createArchive(w.unfinished())
	} else {
		w.sink, err = createDirectory(w.unfinished())
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return w, nil
}

// vacant refuses a path where something is that would be lost.
func vacant(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case isArchive(path) || !info.IsDir():
		return fmt.Errorf("%s exists; evidence is not overwritten: name another, or remove it", path)
	}
	inside, err := os.ReadDir(path)
	if err == nil && len(inside) > 0 {
		err = fmt.Errorf("%s is not empty; evidence is not overwritten: name another directory, or empty it", path)
	}
	return err
}

// Private lets nobody but its owner read the bundle.
func (w *Writer) Private() error {
	mode := fs.FileMode(0o700)
	if isArchive(w.path) {
		mode = 0o600
	}
	return os.Chmod(w.unfinished(), mode)
}

func (w *Writer) unfinished() string { return filepath.Join(w.dir, "bundle") }

// Add writes a file. Files stand in an archive in the order in which they were
// added. The name is relative, with slashes, of ASCII letters, digits and ._-; a
// file has at most 256 MiB, all of them 2 GiB.
func (w *Writer) Add(name string, data []byte) error {
	if err := w.names.add(name); err != nil {
		return err
	}
	w.total += int64(len(data))
	if len(data) > maxFile || w.total > maxTotal {
		return fmt.Errorf("%s: a bundle has room for files of %d MiB and for %d MiB in all", name, maxFile>>20, maxTotal>>20)
	}
	packed, err := w.sink.put(name, data, true)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	w.files = append(w.files, File{name, int64(len(data)), hex.EncodeToString(sum[:]), packed})
	return nil
}

// Finish writes the manifest, and with a key its signature, and puts the bundle
// into its place. A bundle that cannot be finished is given up.
func (w *Writer) Finish(m Manifest, key *minisign.PrivateKey) error {
	err := w.seal(m, key)
	if err == nil {
		err = w.place()
	}
	return errors.Join(err, w.Abort())
}

// seal writes what speaks of all the other files.
func (w *Writer) seal(m Manifest, key *minisign.PrivateKey) error {
	m.Schema, m.PublicKey, m.Files = Schema, "", slices.Clone(w.files)
	slices.SortFunc(m.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	if key != nil {
		m.PublicKey = key.Public().(minisign.PublicKey).String()
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("%s %w", ManifestFile, err)
	}
	text, err := m.encode()
	if err != nil {
		return err
	}
	if _, err := w.sink.put(SumsFile, sums(&m, text), false); err != nil {
		return err
	}
	if _, err := w.sink.put(ManifestFile, text, false); err != nil {
		return err
	}
	if key == nil {
		return nil
	}
	_, err = w.sink.put(SignatureFile, sign(&m, text, key), false)
	return err
}

// place moves what is finished to where it is wanted.
func (w *Writer) place() error {
	err := w.sink.close()
	w.sink = nil
	if err != nil {
		return err
	}
	if err := vacant(w.path); err != nil {
		return err
	}
	if err := os.Remove(w.path); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty directory
		return err
	}
	return os.Rename(w.unfinished(), w.path)
}

// Discard removes what is not finished, while another goroutine may be writing it;
// the program is to end then.
func (w *Writer) Discard() error { return os.RemoveAll(w.dir) }

// Abort gives up what is not finished; after Finish it does nothing.
func (w *Writer) Abort() error {
	var err error
	if w.sink != nil {
		err = w.sink.close()
		w.sink = nil
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}
