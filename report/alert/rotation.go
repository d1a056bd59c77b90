package alert

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// over reports whether the file is to be put aside before a line is written. The
// file's own time tells of which period its last alert is.
func (o *appended) over(line int) bool {
	info, err := o.file.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	period := func(t time.Time) int64 { return t.UnixNano() / int64(o.options.Age) }
	return o.options.MaxBytes > 0 && info.Size()+int64(line) > o.options.MaxBytes ||
		o.options.Age > 0 && period(info.ModTime()) != period(o.options.Now())
}

// rotate puts the file aside as the newest of the old ones and opens a new one.
// Each step leaves names that the next rotation can go on from. When it fails
// the file stays, or is opened again by the next line.
func (o *appended) rotate() error {
	if err := o.shift(); err != nil {
		return err
	}
	if o.options.Keep == 0 {
		return o.file.Truncate(0)
	}
	if err := os.Rename(o.options.Path, o.old(1)); err != nil {
		return err
	}
	if err := o.open(); err != nil {
		o.shut()
		return err
	}
	return nil
}

// old returns the name of an old file that is not compressed.
func (o *appended) old(n int) string { return fmt.Sprintf("%s.%d", o.options.Path, n) }

// shift makes room for a file .1: those before a gap, or all, move up by one,
// and the last of them goes when there are too many.
func (o *appended) shift() error {
	gap := 1
	for gap <= o.options.Keep && (exists(o.old(gap)) || exists(o.old(gap)+".gz")) {
		gap++
	}
	for n := min(gap, o.options.Keep); n >= 1; n-- {
		for _, form := range []string{"", ".gz"} {
			var err error
			switch {
			case n == gap: // it is free
			case n == o.options.Keep:
				err = os.Remove(o.old(n) + form)
			default:
				err = os.Rename(o.old(n)+form, o.old(n+1)+form)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// settle compresses the newest old file, if that is wanted and not done, as after
// a rotation, or after a crash amid one.
func (o *appended) settle() {
	path := o.old(1)
	if !o.options.Gzip || o.options.Keep == 0 || !exists(path) {
		return
	}
	if !exists(path + ".gz") {
		if err := compress(path); err != nil {
			o.note(fmt.Errorf("%s is not compressed: %w", path, err))
			return
		}
	}
	if err := os.Remove(path); err != nil {
		o.note(err)
	}
}

// compress writes path.gz, which exists only when it is whole.
func compress(path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	partial := path + ".gz.partial"
	to, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(to)
	_, err = io.Copy(z, from)
	if err = errors.Join(err, z.Close(), to.Sync(), to.Close()); err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	return os.Rename(partial, path+".gz")
}
