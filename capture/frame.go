package capture

import (
	"io"

	"spanaudit/flow"
)

// maxFrame is the longest frame that is believed. libpcap stops at 262144;
// twice that leaves room for the 512 KiB packets of IPv4 and IPv6 "BIG TCP".
const maxFrame = 512 << 10

// frame is one record of a capture as it was stored.
type frame struct {
	data   []byte // what was captured
	slab   *slab  // that data lies in; the frame does not hold it
	time   flow.Time
	number uint64 // position in the input, from 1
	length int    // bytes on the wire; at least len(data)
	link   uint16 // LINKTYPE_ value
	input  int
}

// reader reads the frames of one capture file.
type reader interface {
	// next fills all of f but its input. It returns io.EOF at an end where a
	// record could begin, and anything else when the rest cannot be read.
	next(f *frame) error
	// began is where next began to read: at the record that it read last, or
	// tried to read.
	began() place
	// here is the offset at which the next record begins.
	here() int64
	// resume returns a reader that goes on from p in b.
	resume(b *blocks, p place) reader
	// losses returns what the file itself says about packets that its writer saw
	// and lost (pcapng, Interface Statistics Block).
	losses() (received, dropped uint64)
}

// place is where a record begins and what must be known to read on from it.
type place struct {
	offset  int64
	number  uint64 // of the frame before
	time    flow.Time
	section section // of a pcapng file
}

// newReader reads the file header that format names.
func newReader(format string, b *blocks) (reader, error) {
	if format == formatPcap {
		return newPcapReader(b)
	}
	return newPcapngReader(b), nil
}

// whole turns an end in the middle of a record into what it is.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
