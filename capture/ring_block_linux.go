package capture

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"spanaudit/flow"
)

// ringBlock is one of a ring's blocks while it is the program's.
type ringBlock struct {
	bytes []byte // nil if none is
	aside bool   // it was taken out of the ring
	left  int    // frames not yet read
	at    int    // of the next one's header
}

// ringHeader is what tpacket3_hdr says of a frame.
type ringHeader struct {
	time      flow.Time
	length    int // on the wire, less the tag
	tagged    bool
	tpid, tci uint16 // of the tag
}

// begin reads the header of a filled block (tpacket_block_desc).
func (b *ringBlock) begin(bytes []byte, aside bool) {
	*b = ringBlock{bytes: bytes, aside: aside, left: int(binary.NativeEndian.Uint32(bytes[12:])), at: int(binary.NativeEndian.Uint32(bytes[16:]))}
}

// filled reports whether the kernel has handed a block over: the status comes last
// of all that it writes.
func filled(block []byte) bool {
	return atomic.LoadUint32(blockStatus(block))&unix.TP_STATUS_USER != 0
}

// giveBack lets the kernel write into a block again.
func giveBack(block []byte) { atomic.StoreUint32(blockStatus(block), unix.TP_STATUS_KERNEL) }

// blockStatus is shared with the kernel; the beginning of a block is that of a
// page.
func blockStatus(bytes []byte) *uint32 { return (*uint32)(unsafe.Pointer(&bytes[8])) }

// frame reads the next frame (tpacket3_hdr), of which there must be one. The
// bytes are the kernel's when the block is given back.
func (b *ringBlock) frame() (ringHeader, []byte) {
	h := b.bytes[b.at:]
	word := func(at int) uint32 { return binary.NativeEndian.Uint32(h[at:]) }
	status, tci, tpid := word(20), word(32), binary.NativeEndian.Uint16(h[36:])
	r := ringHeader{
		time:   stamp(word(4), word(8)),
		length: int(word(16)),
		tagged: status&unix.TP_STATUS_VLAN_VALID != 0, tci: uint16(tci), tpid: tpid,
	}
	if status&unix.TP_STATUS_VLAN_TPID_VALID == 0 {
		r.tpid = etherVLAN
	}
	mac, n := int(binary.NativeEndian.Uint16(h[24:])), int(word(12))
	b.left--
	b.at += int(word(0))
	return r, h[mac : mac+n]
}

// stamp is a time as tpacket3_hdr has it.
func stamp(sec, nsec uint32) flow.Time { return flow.Time(int64(sec)*1e9 + int64(nsec)) }
