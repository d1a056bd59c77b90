package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// directory is a bundle in a directory. Nothing outside of it is opened, whatever
// links it holds.
type directory struct {
	root *os.Root
	list []file
	bad  []Problem
}

func createDirectory(path string) (*directory, error) {
	if err := os.Mkdir(path, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	return &directory{root: root}, err
}

func (d *directory) put(name string, data []byte, _ bool) (*Packed, error) {
	path := filepath.FromSlash(name)
	if err := d.root.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return nil, d.root.WriteFile(path, data, 0o666)
}

func (d *directory) close() error { return d.root.Close() }

func openDirectory(path string) (*directory, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	d := &directory{root: root}
	dirs := map[string]bool{}
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && name != "." {
			err = d.see(name, entry, dirs)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.SkipAll) {
		return nil, errors.Join(fmt.Errorf("cannot be read: %w", err), root.Close())
	}
	for _, f := range d.list {
		for i := range f.name {
			if f.name[i] == '/' {
				delete(dirs, f.name[:i])
			}
		}
	}
	for _, name := range sorted(dirs) {
		d.bad = append(d.bad, Problem{name, "is a directory in which there is no file: it is not of this bundle"})
	}
	return d, nil
}

// see takes in what a directory holds.
func (d *directory) see(name string, entry fs.DirEntry, dirs map[string]bool) error {
	refuse := func(says string) error {
		d.bad = append(d.bad, Problem{name, says})
		return nil
	}
	if len(d.list)+len(d.bad)+len(dirs) > maxFiles+3 {
		refuse(fmt.Sprintf("and what follows was not looked at: a bundle has at most %d files", maxFiles))
		return fs.SkipAll
	}
	if entry.IsDir() {
		if strings.Count(name, "/") >= maxDepth {
			refuse("is deeper than a bundle goes; what is in it was not looked at")
			return fs.SkipDir
		}
		dirs[name] = true
		return nil
	}
	if !entry.Type().IsRegular() {
		return refuse("is a link or a special file, which was not followed; a bundle has none")
	}
	if err := checkName(name); err != nil {
		return refuse("is in no bundle: " + err.Error())
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	d.list = append(d.list, file{name: name, size: info.Size()})
	return nil
}

func (d *directory) files() ([]file, []Problem) { return d.list, d.bad }

func (d *directory) open(f file) (io.ReadCloser, error) {
	return d.root.Open(filepath.FromSlash(f.name))
}

func (d *directory) Close() error { return d.root.Close() }
