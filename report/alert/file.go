package alert

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// FileOptions say what a File writes where, and how many old files it keeps.
type FileOptions struct {
	Path string
	Form FileForm
	Now  func() time.Time

	MaxBytes int64         // a file is no larger, unless one alert is; zero for no bound
	Age      time.Duration // a file has alerts of one such period, counted in UTC from 1970; zero for no bound
	Keep     int           // old files: Path.1, the newest, to Path.Keep
	Gzip     bool          // old files are compressed: Path.1.gz
}

// FileForm is a form of lines in a file.
type FileForm struct {
	Write Form // ends the line itself

	// Starts is what the file begins with, if anything: a file that does not is
	// somebody else's. Whole reports whether a line that has no end is whole.
	Starts string
	Whole  func(line []byte) bool
}

// File is a sink that appends lines to a file. A line is written by one call, and
// what a crash left of one is taken away when the file is opened; alerts are
// not lost by kill -9 once they are written, but may be when power fails.
type File struct {
	*queue
	out *appended
}

// OpenFile opens or creates the file, so that an error is told at once.
func OpenFile(o FileOptions, q QueueOptions) (*File, error) {
	f := &File{newQueue(q), &appended{options: o}}
	f.out.note = f.note
	if err := f.out.open(); err != nil {
		return nil, err
	}
	f.start(func(ctx context.Context) { f.run(ctx, f.out) })
	return f, nil
}

// Reopen opens the file by its name, which another program may have moved. It may
// be called by any goroutine. When it fails, the file that is open stays so.
func (f *File) Reopen() error {
	f.out.mu.Lock()
	defer f.out.mu.Unlock()
	return f.out.open()
}

// appended is a file that is written to.
type appended struct {
	options FileOptions
	note    func(error) // of what does not keep the alert from being told

	mu   sync.Mutex
	file *os.File // nil when it could not be written to
}

// open opens the file and mends its end.
func (o *appended) open() error {
	path := o.options.Path
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", path)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	if err := mendEnd(file, o.options.Form); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	o.settle()
	o.shut()
	o.file = file
	return nil
}

func (o *appended) shut() {
	if o.file != nil {
		o.file.Close()
		o.file = nil
	}
}

// send appends a line. Of one that could only be written in part, such as to a
// full disk, the file is freed by opening it again.
func (o *appended) send(_ context.Context, a *Alert) error {
	line, err := o.options.Form.Write(a)
	if err != nil {
		return hopeless{err}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file == nil {
		if err := o.open(); err != nil {
			return err
		}
	}
	if o.over(len(line)) {
		if err := o.rotate(); err != nil {
			o.note(fmt.Errorf("%s grows on: %w", o.options.Path, err))
		}
	}
	if o.file == nil {
		return fmt.Errorf("%s is not open", o.options.Path)
	}
	if _, err := o.file.Write(line); err != nil {
		o.shut()
		return err
	}
	return nil
}

func (o *appended) broken() <-chan struct{}    { return nil }
func (o *appended) mend(context.Context) error { return nil }
func (o *appended) owes() int                  { return 0 }

func (o *appended) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shut()
}
