package main

import (
	"bufio"
	"errors"
	"io"
	"os"

	"spanaudit/capture"
)

// spool keeps a stream that is read only once, standard input or an interface, in
// a file, for the second reading that excerpts are cut from.
type spool struct {
	file   *os.File
	to     *bufio.Writer
	frames *capture.PcapngWriter // of an interface
	failed error                 // the first
}

// newSpool makes a file in a directory, under a name that nothing else has.
func newSpool(dir string) (*spool, error) {
	file, err := os.CreateTemp(dir, ".spanaudit-spool-")
	if err != nil {
		return nil, err
	}
	return &spool{file: file, to: bufio.NewWriterSize(file, 256<<10)}, nil
}

// tee returns a reader of r that keeps what is read.
func (s *spool) tee(r io.Reader) io.Reader { return io.TeeReader(r, s.to) }

// take keeps the frames of a batch.
func (s *spool) take(b *capture.Batch) {
	if s.frames == nil && s.failed == nil {
		s.frames, s.failed = capture.NewPcapngWriter(s.to, capture.PcapngOptions{})
	}
	for _, f := range b.Frames {
		if s.failed != nil {
			return
		}
		s.failed = s.frames.Write(f, "")
	}
}

// path returns where all that was kept can be read.
func (s *spool) path() (string, error) {
	return s.file.Name(), errors.Join(s.failed, s.to.Flush())
}

// discard removes the file while another goroutine may be writing it.
func (s *spool) discard() error {
	if s == nil {
		return nil
	}
	return os.Remove(s.file.Name())
}

// remove removes the file; the nil spool has none.
func (s *spool) remove() error {
	if s == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}
