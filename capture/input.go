package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"spanaudit/flow"
)

// Input is one file, or standard input, or one interface, and how reading it
// went.
type Input struct {
	Name        string // as given, of a file in a directory with the directory; "-" is standard input
	Format      string // "pcap", "pcapng" or "live"; "" if it is no capture
	Compression string // "gzip", "zstd" or ""
	SHA256      string // of the file as stored, in hex; with Options.Hash, once Read returned io.EOF

	Frames      uint64    // read so far
	First, Last flow.Time // the earliest and the latest of their times

	// Outages are the times in which the interface was down or without carrier, in
	// their order: the latest 1000 of them. Stats counts all.
	Outages []Outage

	// Err is what kept the rest of the input from being read: truncation,
	// damage, or that it is no capture. The frames before it were read, and so
	// were the other inputs.
	Err error
}

// input is an Input on its way through the source.
type input struct {
	Input
	index  int
	stream io.Reader // of an input that can be read only once; nil of a regular file
	size   int64     // of a regular file
	file   *os.File  // open while runs of it are being read
	runs   int       // not yet read to their end
	before flow.Time // of its first frame: breaks ties between inputs
}

// expand turns the paths given into inputs: directories into the captures
// directly in them, in the order of their names.
func expand(paths []string, opt Options) ([]*input, error) {
	var inputs []*input
	stdin := false
	for _, path := range paths {
		var found []*input
		var err error
		switch info, statErr := os.Stat(path); {
		case path == "-" && (stdin || opt.Stdin == nil):
			err = errors.New("standard input can be read only once: give - a single time")
		case path == "-":
			stdin = true
			found = []*input{{Input: Input{Name: path}, stream: opt.Stdin}}
		case statErr != nil:
			err = fmt.Errorf("open %s: %w: give a capture file, a directory of them, or - for standard input", path, errors.Unwrap(statErr))
		case info.IsDir():
			found, err = captures(path)
		default:
			found = []*input{open(path)}
		}
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, found...)
	}
	if len(inputs) > maxInputs {
		return nil, fmt.Errorf("%d capture files: give at most %d at a time, or join them with mergecap", len(inputs), maxInputs)
	}
	for i, in := range inputs {
		in.index = i
	}
	return inputs, nil
}

// maxInputs bounds the files of one audit.
const maxInputs = 1 << 16

// captures returns the files directly in dir that are captures by their magic
// number. What else lies there is none of our business, unless nothing does.
func captures(dir string) ([]*input, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []*input
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if in := open(path); in.Format != "" || errors.Is(in.Err, os.ErrPermission) {
			found = append(found, in)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no capture directly in this directory, wanted pcap or pcapng files, plain or compressed with gzip or zstd", dir)
	}
	return found, nil
}

// open looks what path is. A pipe or device is kept open, because what was
// read of it cannot be read again.
func open(path string) *input {
	in := &input{Input: Input{Name: path}}
	f, err := os.Open(path)
	if err != nil {
		in.Err = err
		return in
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		in.stream = f
		return in
	} else {
		in.size = info.Size()
	}
	defer f.Close()
	_, closer, err := in.content(f, 4096, nil)
	closer.Close()
	in.Err = err
	return in
}

// content returns the capture in raw, decompressed, and fills Format and
// Compression. The closer ends what decompresses; it is never nil.
func (in *input) content(raw io.Reader, size int, spares *spares) (*blocks, io.Closer, error) {
	closer := io.NopCloser(nil)
	b := newBlocks(raw, size, spares, nil)
	head := b.peek(sniffLength)
	kind := sniff(head)
	in.Compression = ""
	if kind == formatGzip || kind == formatZstd {
		in.Compression = kind
		d, err := decompress(io.MultiReader(bytes.NewReader(b.current.bytes), raw), kind)
		if err != nil {
			return nil, closer, fmt.Errorf("the file begins as %s does and goes on otherwise: %w", kind, err)
		}
		ahead := newReadAhead(d)
		closer, raw = ahead, ahead
		b = newBlocks(raw, size, spares, nil)
		head = b.peek(sniffLength)
		kind = sniff(head)
	}
	if b.err != nil && b.err != io.EOF && len(head) < 24 {
		return nil, closer, fmt.Errorf("the file cannot be read from its beginning: %w", b.err)
	}
	if kind != formatPcap && kind != formatPcapng {
		return nil, closer, noCapture(head)
	}
	in.Format = kind
	return b, closer, nil
}

// note counts a frame of the input.
func (in *input) note(f *frame) {
	if in.Frames == 0 {
		in.First, in.Last = f.time, f.time
	}
	in.Frames++
	in.First, in.Last = min(in.First, f.time), max(in.Last, f.time)
}
