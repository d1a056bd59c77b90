package capture

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"sync"
)

// hashes computes the SHA-256 of inputs as they are stored. Regular files are
// read a second time for it, one after the other beside the decoding, so that
// neither order nor damage nor compression matters; streams as they pass by.
// The nil hashes computes none.
type hashes struct {
	inputs []*input
	quit   chan struct{}
	done   chan struct{} // closed when the regular files are hashed

	mu      sync.Mutex
	sums    []string
	streams map[*input]*hashingReader
}

func newHashes(inputs []*input, limit int64) *hashes {
	h := &hashes{
		inputs: inputs, sums: make([]string, len(inputs)),
		quit: make(chan struct{}), done: make(chan struct{}), streams: map[*input]*hashingReader{},
	}
	for _, in := range inputs {
		limit -= in.size
	}
	if limit < 0 {
		close(h.done)
	} else {
		go h.files()
	}
	return h
}

func (h *hashes) files() {
	defer close(h.done)
	buf := make([]byte, blockSize)
	for i, in := range h.inputs {
		if in.stream != nil {
			continue
		}
		if sum, err := h.file(in.Name, buf); err == nil {
			h.set(i, sum)
		}
	}
}

func (h *hashes) file(name string, buf []byte) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	d := sha256.New()
	for {
		select {
		case <-h.quit:
			return "", errors.New("stopped")
		default:
		}
		n, err := f.Read(buf)
		d.Write(buf[:n])
		if err == io.EOF {
			return hex.EncodeToString(d.Sum(nil)), nil
		} else if err != nil {
			return "", err
		}
	}
}

func (h *hashes) set(i int, sum string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sums[i] = sum
}

func (h *hashes) sum(i int) string {
	if h == nil {
		return ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sums[i]
}

// tee returns r, hashed as it is read.
func (h *hashes) tee(in *input, r io.Reader) io.Reader {
	if h == nil {
		return r
	}
	t := &hashingReader{r: r, d: sha256.New()}
	h.streams[in] = t
	return t
}

// wait reads what is left of the streams behind damage, and waits for the rest.
func (h *hashes) wait() {
	if h == nil {
		return
	}
	for in, t := range h.streams {
		if _, err := io.Copy(io.Discard, t); err == nil {
			h.set(in.index, hex.EncodeToString(t.d.Sum(nil)))
		}
	}
	clear(h.streams)
	<-h.done
}

func (h *hashes) stop() {
	if h == nil {
		return
	}
	select {
	case <-h.quit:
	default:
		close(h.quit)
	}
}

// hashingReader hashes what is read of r. Decompression may still be reading
// when wait begins to; between them they read it all, in order.
type hashingReader struct {
	mu sync.Mutex
	r  io.Reader
	d  hash.Hash
}

func (t *hashingReader) Read(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.r.Read(p)
	t.d.Write(p[:n])
	return n, err
}
