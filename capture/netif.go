package capture

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"spanaudit/flow"
)

// Options of the blocks that speak of interfaces (draft-ietf-opsawg-pcapng,
// sections 3.5, 4.2 and 4.6).
const (
	optionEnd            = 0
	optionTimeResolution = 9
	optionTimeOffset     = 14
	optionReceived       = 4
	optionDropped        = 5
	optionSystemDropped  = 7
)

// maxInterfaces bounds the interfaces of one file, over all of its sections.
const maxInterfaces = 1 << 16

// netif is one Interface Description Block.
type netif struct {
	link              uint16
	snaplen           uint32
	perSecond         uint64 // units of the timestamps in a second
	offset            int64  // seconds added to every timestamp
	received, dropped uint64 // as the last statistics block has them; they only grow
}

// description reads an Interface Description Block (section 4.2).
func (r *pcapngReader) description(body []byte) error {
	if len(body) < 8 {
		return fmt.Errorf("an interface description of %d bytes, wanted 8 or more", len(body))
	}
	if len(r.all) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	n := &netif{link: half(body[0:2], r.section.swapped), snaplen: word(body[4:8], r.section.swapped), perSecond: 1e6}
	var bad error
	r.options(body[8:], func(code uint16, value []byte) {
		switch {
		case code == optionTimeResolution && len(value) == 1:
			n.perSecond, bad = resolution(value[0])
		case code == optionTimeOffset && len(value) == 8:
			n.offset = int64(r.long(value))
		}
	})
	if bad != nil {
		return bad
	}
	r.all = append(r.all, n)
	r.section.interfaces = append(r.section.interfaces, n)
	return nil
}

// resolution reads if_tsresol (section 4.2): a negative power of ten or, with
// the top bit set, of two.
func resolution(v byte) (perSecond uint64, err error) {
	exponent := v & 0x7f
	if v&0x80 != 0 {
		if exponent > 63 {
			return 0, fmt.Errorf("an interface counts time in 2^-%d s, wanted 2^-63 or coarser", exponent)
		}
		return 1 << exponent, nil
	}
	if exponent > 19 {
		return 0, fmt.Errorf("an interface counts time in 10^-%d s, wanted 10^-19 or coarser", exponent)
	}
	perSecond = 1
	for range exponent {
		perSecond *= 10
	}
	return perSecond, nil
}

// options calls visit for each option (section 3.5) and stops at the first
// that does not fit: options only add to what the block has already said.
func (r *pcapngReader) options(p []byte, visit func(code uint16, value []byte)) {
	for len(p) >= 4 {
		code, length := half(p[0:2], r.section.swapped), int(half(p[2:4], r.section.swapped))
		p = p[4:]
		if code == optionEnd || length > len(p) {
			return
		}
		visit(code, p[:length])
		p = p[min((length+3)&^3, len(p)):]
	}
}

// time converts a timestamp to nanoseconds since the epoch. Hostile ones are
// held within 146 years of it, so that the difference of two always fits.
func (n *netif) time(units uint64) flow.Time {
	seconds, rest := units/n.perSecond, units%n.perSecond
	hi, lo := bits.Mul64(rest, 1e9)
	nanos, _ := bits.Div64(hi, lo, n.perSecond)
	const edge = 1 << 32
	total := int64(min(seconds, edge)) + min(max(n.offset, -2*edge), edge)
	return flow.Time(min(max(total, -edge), edge)*1e9 + int64(nanos))
}

// statistics reads an Interface Statistics Block (section 4.6). Its counters
// run from the start of the capture, so the last block of an interface holds.
func (r *pcapngReader) statistics(body []byte) {
	if len(body) < 12 {
		return
	}
	id := word(body[0:4], r.section.swapped)
	if int64(id) >= int64(len(r.section.interfaces)) {
		return
	}
	n := r.section.interfaces[id]
	var dropped uint64
	r.options(body[12:], func(code uint16, value []byte) {
		if len(value) != 8 {
			return
		}
		switch code {
		case optionReceived:
			n.received = r.long(value)
		case optionDropped, optionSystemDropped:
			dropped += r.long(value)
		}
	})
	n.dropped = max(n.dropped, dropped)
}

// long reads eight bytes in the section's byte order.
func (r *pcapngReader) long(p []byte) uint64 {
	v := binary.LittleEndian.Uint64(p)
	if r.section.swapped {
		v = bits.ReverseBytes64(v)
	}
	return v
}

func (r *pcapngReader) losses() (received, dropped uint64) {
	for _, n := range r.all {
		received += n.received
		dropped += n.dropped
	}
	return received, dropped
}
