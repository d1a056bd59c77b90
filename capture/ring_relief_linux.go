package capture

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// reliefRings is how many times what a ring holds may be held beside it.
const reliefRings = 4

// relief holds blocks that were taken out of a ring while its reader had no time
// for them. They come before those in the ring. Each has memory of its own, beside
// the heap: that they come and go is nothing to the garbage collector.
type relief struct {
	blocks [][]byte
	bytes  int // of blocks and of the one that is being read
	limit  int
}

// relieve takes out of the ring, from its oldest block on, what the kernel has filled
// of it beyond the half; and before that the block that is being read, because the
// kernel passes over none.
func (r *ring) relieve() {
	if r.memory == nil {
		return
	}
	blocks, full := r.blocks(), 0
	held := r.block.bytes != nil && !r.block.aside
	for full < blocks && !(held && full == blocks-1) && filled(r.inRing(r.next+full)) {
		full++
	}
	if full <= blocks/2 {
		return
	}
	if held {
		memory := r.relief.take(r.block.bytes)
		if memory == nil {
			return
		}
		r.block.bytes, r.block.aside = memory, true
	}
	for ; full > blocks/2; full-- {
		memory := r.relief.take(r.inRing(r.next))
		if memory == nil {
			return
		}
		r.relief.blocks = append(r.relief.blocks, memory)
		r.next = (r.next + 1) % blocks
	}
}

func (r *ring) blocks() int { return len(r.memory) / ringBlockSize }

// inRing returns the ring's block with a number; after the last comes the first.
func (r *ring) inRing(block int) []byte {
	at := block % r.blocks() * ringBlockSize
	return r.memory[at : at+ringBlockSize]
}

// take copies a filled block (tpacket_hdr_v1 says how long it is) and gives it back
// to the kernel. It returns nil when too much is held.
func (f *relief) take(block []byte) []byte {
	used := int(binary.NativeEndian.Uint32(block[20:]))
	if f.bytes+used > f.limit {
		return nil
	}
	memory, err := unix.Mmap(-1, 0, used, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	copy(memory, block)
	giveBack(block)
	f.bytes += used
	return memory
}

// next returns the oldest block that is held, nil if none is.
func (f *relief) next() []byte {
	if len(f.blocks) == 0 {
		return nil
	}
	block := f.blocks[0]
	f.blocks = f.blocks[1:]
	return block
}

// done frees a block that was taken.
func (f *relief) done(block []byte) {
	f.bytes -= len(block)
	_ = unix.Munmap(block)
}

func (f *relief) close() {
	for b := f.next(); b != nil; b = f.next() {
		f.done(b)
	}
}
