package capture

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow bounds what a zstd stream may make the decoder keep. It is what
// zstd --ultra -22 uses; "zstd --long=31" goes beyond it.
const maxZstdWindow = 128 << 20

// decompress returns the content of a gzip (RFC 1952, any number of members) or
// zstd (RFC 8878) stream.
func decompress(r io.Reader, compression string) (io.ReadCloser, error) {
	if compression == formatGzip {
		return gzip.NewReader(r)
	}
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// readAhead reads r in a goroutine of its own, two blocks ahead of its reader,
// so that decompression runs beside decoding.
type readAhead struct {
	full, empty chan []byte
	done        chan struct{}
	close       sync.Once
	block, rest []byte
	err         error // of r; written before full is closed
}

func newReadAhead(r io.ReadCloser) *readAhead {
	a := &readAhead{full: make(chan []byte, 1), empty: make(chan []byte, 3), done: make(chan struct{})}
	for range cap(a.empty) {
		a.empty <- make([]byte, blockSize)
	}
	go a.fill(r)
	return a
}

func (a *readAhead) fill(r io.ReadCloser) {
	defer r.Close()
	defer close(a.full)
	for {
		var p []byte
		select {
		case p = <-a.empty:
		case <-a.done:
			a.err = io.ErrClosedPipe
			return
		}
		n, err := readFull(r, p)
		if n > 0 {
			select {
			case a.full <- p[:n]:
			case <-a.done:
			}
		}
		if err != nil {
			a.err = err
			return
		}
	}
}

// readFull fills p and returns the error of r as it is: io.ReadFull would make
// the end of a stream look like its truncation.
func readFull(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}

func (a *readAhead) Read(p []byte) (int, error) {
	if len(a.rest) == 0 {
		if a.block != nil {
			a.empty <- a.block
			a.block = nil
		}
		block, ok := <-a.full
		if !ok {
			return 0, a.err
		}
		a.block, a.rest = block[:cap(block)], block
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close stops the goroutine once the read it is in returns.
func (a *readAhead) Close() error {
	a.close.Do(func() { close(a.done) })
	return nil
}
