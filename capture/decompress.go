package capture

import (
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow bounds what a zstd stream may make the decoder keep. It is what
// zstd --ultra -22 uses; "zstd --long=31" goes beyond it.
const maxZstdWindow = 128 << 20

// What unpacks to more than maxInflation times its bytes, beyond freeInflation, is
// made to keep a reader busy: of a capture, headers and times are left of each
// packet however well the rest is compressed.
const (
	maxInflation  = 1000
	freeInflation = 128 << 20 // bytes
)

var errBomb = errors.New("it unpacks to more than 1,000 times its size, as no capture does; unpack it first if it is one")

// decompress returns the content of a gzip (RFC 1952, any number of members) or
// zstd (RFC 8878) stream.
func decompress(r io.Reader, compression string) (io.ReadCloser, error) {
	i := &inflation{}
	r = &counter{r: r, read: func(n int) { i.in += int64(n) }}
	if compression == formatGzip {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		i.ReadCloser = z
		return i, nil
	}
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		return nil, err
	}
	i.ReadCloser = d.IOReadCloser()
	return i, nil
}

// inflation is a stream that is unpacked, unless it is a bomb.
type inflation struct {
	io.ReadCloser
	in, out int64 // bytes that were read to unpack, and unpacked
}

func (i *inflation) Read(p []byte) (int, error) {
	n, err := i.ReadCloser.Read(p)
	if i.out += int64(n); err == nil && i.out > freeInflation && i.out/maxInflation > i.in {
		err = errBomb
	}
	return n, err
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
