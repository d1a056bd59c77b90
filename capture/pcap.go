package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"spanaudit/flow"
)

// The magic numbers of the classic format, as a little-endian machine writes
// them (draft-ietf-opsawg-pcap, section 4); swapped, they say that a
// big-endian one did.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's patch: eight more bytes in each record header
)

// pcapReader reads the classic capture format.
type pcapReader struct {
	b       *blocks
	swapped bool
	unit    int64 // nanoseconds in a unit of the timestamp's second word
	record  int   // bytes of a record header
	link    uint16
	number  uint64
	start   place // of the record read last
}

// newPcapReader reads the file header (draft-ietf-opsawg-pcap, section 4).
func newPcapReader(b *blocks) (*pcapReader, error) {
	h, err := b.take(24)
	if err != nil {
		return nil, fmt.Errorf("the file ends inside its own header: %w", whole(err))
	}
	r := &pcapReader{b: b, unit: 1000, record: 16}
	magic := binary.LittleEndian.Uint32(h)
	switch bits.ReverseBytes32(magic) {
	case magicMicro, magicNano, magicModified:
		r.swapped, magic = true, bits.ReverseBytes32(magic)
	}
	switch magic {
	case magicNano:
		r.unit = 1
	case magicModified:
		r.record = 24
	}
	// The upper half holds the length of a frame check sequence and reserved bits.
	r.link = uint16(word(h[20:24], r.swapped))
	return r, nil
}

// next reads one record (draft-ietf-opsawg-pcap, section 5).
func (r *pcapReader) next(f *frame) error {
	r.start.offset, r.start.number = r.b.off, r.number
	h, err := r.b.take(r.record)
	if err == io.EOF {
		return err
	} else if err != nil {
		return fmt.Errorf("frame %d: the file ends inside its record header: %w", r.number+1, err)
	}
	captured, length := word(h[8:12], r.swapped), word(h[12:16], r.swapped)
	if captured > maxFrame {
		return fmt.Errorf("frame %d claims %d bytes and no frame has more than %d: the file is damaged from here on", r.number+1, captured, maxFrame)
	}
	f.time = flow.Time(word(h[0:4], r.swapped))*1e9 + flow.Time(word(h[4:8], r.swapped))*flow.Time(r.unit)
	if f.data, err = r.b.take(int(captured)); err != nil {
		return fmt.Errorf("frame %d: the file ends after %d of its %d bytes: %w", r.number+1, r.b.left(), captured, whole(err))
	}
	r.number++
	f.number, f.link, f.length, f.slab = r.number, r.link, int(max(captured, length)), r.b.current
	return nil
}

func (r *pcapReader) began() place { return r.start }
func (r *pcapReader) here() int64  { return r.b.off }

func (r *pcapReader) resume(b *blocks, p place) reader {
	n := *r
	n.b, n.number = b, p.number
	return &n
}

func (r *pcapReader) losses() (received, dropped uint64) { return 0, 0 }

// word reads four bytes in the byte order of the machine that wrote them.
func word(p []byte, swapped bool) uint32 {
	v := binary.LittleEndian.Uint32(p)
	if swapped {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// half reads two bytes likewise.
func half(p []byte, swapped bool) uint16 {
	v := binary.LittleEndian.Uint16(p)
	if swapped {
		v = bits.ReverseBytes16(v)
	}
	return v
}
