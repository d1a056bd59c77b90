package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"spanaudit/flow"
)

// Block types (draft-ietf-opsawg-pcapng, section 10.1).
const (
	blockSection        = 0x0a0d0d0a
	blockInterface      = 1
	blockPacket         = 2 // obsolete
	blockSimplePacket   = 3
	blockStatistics     = 5
	blockEnhancedPacket = 6
)

const (
	byteOrderMagic = 0x1a2b3c4d
	maxBlock       = 16 << 20 // bytes that one block may claim
)

// section is what the blocks before a place have said about those after it.
type section struct {
	swapped    bool
	interfaces []*netif // of the current section only; appended to, never changed
}

// pcapngReader reads the pcapng format.
type pcapngReader struct {
	b       *blocks
	section section
	all     []*netif // of every section
	number  uint64
	last    flow.Time // of the frame before: the time of a packet that has none
	start   place     // of the blocks that led to it
}

func newPcapngReader(b *blocks) *pcapngReader { return &pcapngReader{b: b} }

// next reads blocks until one holds a frame. Blocks of unknown type are
// skipped, as draft-ietf-opsawg-pcapng, section 3.1 asks.
func (r *pcapngReader) next(f *frame) error {
	r.start = place{offset: r.b.off, number: r.number, time: r.last, section: r.section}
	for {
		kind, body, err := r.block()
		if err == io.EOF {
			return err
		} else if err != nil {
			return fmt.Errorf("after frame %d: %w", r.number, err)
		}
		found := false
		switch kind {
		case blockSection:
			r.section.interfaces, err = nil, r.version(body)
		case blockInterface:
			err = r.description(body)
		case blockStatistics:
			r.statistics(body)
		case blockEnhancedPacket, blockPacket, blockSimplePacket:
			found, err = true, r.packet(kind, body, f)
		}
		if err != nil {
			return fmt.Errorf("frame %d: %w", r.number+1, err)
		}
		if found {
			r.number++
			f.number, r.last = r.number, f.time
			return nil
		}
	}
}

// block reads one block (section 3.1): its type, its length, the body and the
// length again. A Section Header Block tells the byte order of its own length.
func (r *pcapngReader) block() (kind uint32, body []byte, err error) {
	head, err := r.b.take(8)
	if err == io.EOF {
		return 0, nil, err
	} else if err != nil {
		return 0, nil, fmt.Errorf("the file ends inside a block header: %w", err)
	}
	h := [8]byte(head) // since byteOrder looks ahead
	if kind = word(h[0:4], r.section.swapped); kind == blockSection {
		if err := r.byteOrder(); err != nil {
			return 0, nil, err
		}
	}
	length := word(h[4:8], r.section.swapped)
	if length < 12 || length%4 != 0 || length > maxBlock {
		return 0, nil, fmt.Errorf("a block of type %d claims %d bytes, wanted a multiple of 4 from 12 to %d: the file is damaged from here on", kind, length, maxBlock)
	}
	p, err := r.b.take(int(length) - 8)
	if err != nil {
		return 0, nil, fmt.Errorf("the file ends after %d of the %d bytes of a block: %w", r.b.left()+8, length, whole(err))
	}
	body, trailer := p[:len(p)-4], p[len(p)-4:]
	if again := word(trailer, r.section.swapped); again != length {
		return 0, nil, fmt.Errorf("a block of type %d begins with a length of %d and ends with %d: the file is damaged from here on", kind, length, again)
	}
	return kind, body, nil
}

// version refuses what a Section Header Block (section 4.1) says to be other
// than pcapng 1: nothing is known of what its blocks look like.
func (r *pcapngReader) version(body []byte) error {
	if len(body) < 16 {
		return fmt.Errorf("a section header of %d bytes, wanted 16 or more", len(body))
	}
	if major := half(body[4:6], r.section.swapped); major != 1 {
		return fmt.Errorf("a section of pcapng version %d, wanted 1", major)
	}
	return nil
}

// byteOrder looks ahead at the byte-order magic (section 4.1).
func (r *pcapngReader) byteOrder() error {
	p := r.b.peek(4)
	if len(p) < 4 {
		return fmt.Errorf("the file ends inside a section header: %w", io.ErrUnexpectedEOF)
	}
	switch binary.LittleEndian.Uint32(p) {
	case byteOrderMagic:
		r.section.swapped = false
	case bits.ReverseBytes32(byteOrderMagic):
		r.section.swapped = true
	default:
		return fmt.Errorf("a section header has the byte-order magic %#x, wanted %#x: the file is damaged from here on", p, byteOrderMagic)
	}
	return nil
}

// packet reads an Enhanced Packet Block (section 4.3), the obsolete Packet
// Block (appendix A) or a Simple Packet Block (section 4.4), which belongs to
// the first interface and has no time of its own: it gets its predecessor's.
func (r *pcapngReader) packet(kind uint32, body []byte, f *frame) error {
	fixed := 20
	if kind == blockSimplePacket {
		fixed = 4
	}
	if len(body) < fixed {
		return fmt.Errorf("a packet block of %d bytes, wanted %d or more", len(body), fixed)
	}
	h, data := body[:fixed], body[fixed:]
	n, err := r.netif(kind, h)
	if err != nil {
		return err
	}
	f.link = n.link
	length := word(h[fixed-4:], r.section.swapped)
	captured := length
	if kind == blockSimplePacket {
		f.time = r.last
		if n.snaplen > 0 {
			captured = min(captured, n.snaplen)
		}
	} else {
		captured = word(h[12:16], r.section.swapped)
		f.time = n.time(uint64(word(h[4:8], r.section.swapped))<<32 | uint64(word(h[8:12], r.section.swapped)))
	}
	if captured > maxFrame {
		return fmt.Errorf("it claims %d bytes and no frame has more than %d: the file is damaged from here on", captured, maxFrame)
	}
	if int(captured) > len(data) {
		return fmt.Errorf("it claims %d bytes in a block with room for %d: the file is damaged from here on", captured, len(data))
	}
	f.data, f.length, f.slab = data[:captured:captured], int(max(captured, length)), r.b.current
	return nil
}

func (r *pcapngReader) netif(kind uint32, h []byte) (*netif, error) {
	var id uint32
	switch kind {
	case blockEnhancedPacket:
		id = word(h[0:4], r.section.swapped)
	case blockPacket:
		id = uint32(half(h[0:2], r.section.swapped))
	}
	if int64(id) >= int64(len(r.section.interfaces)) {
		return nil, fmt.Errorf("it was captured on interface %d and the section describes %d", id, len(r.section.interfaces))
	}
	return r.section.interfaces[id], nil
}

func (r *pcapngReader) began() place { return r.start }
func (r *pcapngReader) here() int64  { return r.b.off }

func (r *pcapngReader) resume(b *blocks, p place) reader {
	s := p.section
	s.interfaces = s.interfaces[:len(s.interfaces):len(s.interfaces)]
	return &pcapngReader{b: b, section: s, number: p.number, last: p.time}
}
