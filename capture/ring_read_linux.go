package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// read waits for frames only if none is there.
func (r *ring) read(s *Source, b *Batch) error {
	if r.memory == nil {
		return io.EOF
	}
	if r.in.Err != nil {
		return r.in.Err
	}
	now := time.Now()
	if now.Sub(r.counted) >= time.Second { // the kernel's counters have 32 bits
		r.ask(now)
	}
	if r.outages.lasts() {
		r.look(now)
	}
	if !r.ready() {
		if quiet, err := r.wait(); err != nil {
			return r.ended(err)
		} else if quiet {
			return r.silent(time.Now())
		}
	}
	for range batchFrames {
		if !r.ready() {
			break
		}
		r.frame(s, b)
	}
	return nil
}

// ready reports whether there is a frame to be read.
func (r *ring) ready() bool {
	for r.block.left == 0 {
		r.leave()
		bytes := r.relief.next()
		aside := bytes != nil
		if !aside {
			if bytes = r.inRing(r.next); !filled(bytes) {
				return false
			}
			r.next = (r.next + 1) % r.blocks()
		}
		r.block.begin(bytes, aside)
	}
	return true
}

// leave gives up the block that was being read.
func (r *ring) leave() {
	switch {
	case r.block.aside:
		r.relief.done(r.block.bytes)
	case r.block.bytes != nil:
		giveBack(r.block.bytes)
	}
	r.block = ringBlock{}
}

// frame takes the next one, with the VLAN tag that the kernel took off.
func (r *ring) frame(s *Source, b *Batch) {
	h, data := r.block.frame()
	if !h.tagged || r.link != linkEthernet || len(data) < 12 {
		kept := r.room(len(data), &s.spares)
		copy(kept, data)
		r.take(s, b, kept, h.length, h.time)
		return
	}
	kept := r.room(len(data)+4, &s.spares)
	copy(kept, data[:12]) // addresses
	binary.BigEndian.PutUint16(kept[12:], h.tpid)
	binary.BigEndian.PutUint16(kept[14:], h.tci)
	copy(kept[16:], data[12:])
	r.take(s, b, kept[:min(len(kept), r.snaplen)], h.length+4, h.time)
}

// wait waits until there is a block to be read or liveWait is over, and reports
// whether there is none.
func (r *ring) wait() (quiet bool, err error) {
	fds := []unix.PollFd{{Fd: int32(r.socket), Events: unix.POLLIN | unix.POLLERR}}
	n, began := 0, time.Now()
	for left := liveWait; ; left = max(liveWait-time.Since(began), 0) {
		if n, err = unix.Poll(fds, int(left/time.Millisecond)); err == nil {
			break
		} else if err != unix.EINTR {
			return false, os.NewSyscallError("poll", err)
		}
	}
	if fds[0].Revents&unix.POLLERR != 0 {
		return false, r.trouble()
	}
	return n == 0, nil
}

// trouble takes the socket's error, which the kernel tells once: the interface
// went down, though it may be up again.
func (r *ring) trouble() error {
	code, err := unix.GetsockoptInt(r.socket, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return os.NewSyscallError("SO_ERROR", err)
	}
	switch errno := unix.Errno(code); errno {
	case 0:
	case unix.ENETDOWN:
		r.outages.begin(time.Now())
	default:
		return errno
	}
	return nil
}

// silent is told that nothing came for as long as blocks are held back.
func (r *ring) silent(now time.Time) error {
	if r.gone { // what it had sent before is read
		return r.ended(fmt.Errorf("interface %s is gone: removed, or moved to another network namespace", r.in.Name))
	}
	if now.Sub(r.checked) >= time.Second {
		r.look(now)
	}
	return nil
}

// look looks whether the interface can show anything.
func (r *ring) look(now time.Time) {
	r.checked = now
	up, exists := r.running()
	r.gone = !exists
	if up {
		r.outages.end(now)
	} else {
		r.outages.begin(now)
	}
}

// ask adds up the kernel's counters, which begin anew with every look at them.
func (r *ring) ask(now time.Time) {
	r.counted = now
	if st, err := unix.GetsockoptTpacketStatsV3(r.socket, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		r.stats.Received += uint64(st.Packets)
		r.stats.Dropped += uint64(st.Drops)
		r.stats.Frozen += uint64(st.Freeze_q_cnt)
	}
}

func (r *ring) arrived() uint64 {
	if r.memory != nil {
		r.ask(time.Now())
	}
	return r.stats.Received - r.stats.Dropped
}

func (r *ring) count(st *Stats) {
	if r.memory != nil { // else it is closed
		now := time.Now()
		r.ask(now)
		r.stats.Outages, r.stats.Blind, r.stats.Watched = r.outages.count, r.outages.blind(now), now.Sub(r.opened)
	}
	st.Received, st.Dropped, st.Frozen = r.stats.Received, r.stats.Dropped+r.hardware.count(), r.stats.Frozen
	st.Outages, st.Blind, st.Watched = r.stats.Outages, r.stats.Blind, r.stats.Watched
}
