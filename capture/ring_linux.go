package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// ringBlockSize is what the kernel hands over at once. It must hold the largest
	// frame, 512 KiB and its headers excepted. Many small blocks are better than
	// few large ones: of a slow network each is handed over nearly empty.
	ringBlockSize = 512 << 10

	// ringSnaplen is what of a frame certainly fits into a block.
	ringSnaplen = ringBlockSize - 512

	// ringRetire is after how many milliseconds a block is handed over that is
	// not full. It is less than liveWait, so that after a silent wait nothing
	// is left.
	ringRetire = 80
)

// ring captures an interface with an AF_PACKET socket whose memory the kernel
// shares, TPACKET_V3 (Documentation/networking/packet_mmap.rst of the kernel).
// Frames are copied out of it: a block that is held for the sake of a frame
// would be lost to the kernel, and poll tells nothing while the last one is.
type ring struct {
	tap
	socket  int
	snaplen int
	memory  []byte    // blocks of ringBlockSize bytes
	next    int       // block to be read next
	block   ringBlock // that is being read
	relief  relief

	index    int // of the interface
	opened   time.Time
	outages  outages
	gone     bool      // the interface does not exist any more
	checked  time.Time // when look last looked
	counted  time.Time // when the kernel was last asked for its counters
	stats    Stats     // Received, Dropped and Frozen so far
	hardware interfaceDrops
}

func openRing(t tap, opt LiveOptions) (live, error) {
	iface := t.in.Name
	if iface == "any" {
		return nil, fmt.Errorf("a packet ring captures one interface, and any is all of them: %w", errNoRing)
	}
	i, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", iface, err)
	}
	// With protocol 0 the socket gets nothing until it is bound.
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return nil, notPermitted(iface, "cap_net_raw")
	} else if err != nil {
		return nil, fmt.Errorf("interface %s: packet socket: %w", iface, err)
	}
	r := &ring{tap: t, socket: socket, index: i.Index, outages: outages{in: t.in}, opened: time.Now(), counted: time.Now()}
	if err := r.begin(opt); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// begin makes the socket capture. That it is bound is the last of all, so that
// it gets no frame which the filter would not let pass.
func (r *ring) begin(opt LiveOptions) error {
	hardware, err := r.hardwareType()
	if err != nil {
		return err
	}
	if r.link, err = ringLink(r.in.Name, hardware); err != nil {
		return err
	}
	r.snaplen = ringSnaplen
	if opt.Snaplen > 0 {
		r.snaplen = min(opt.Snaplen, ringSnaplen)
	}
	program, err := kernelFilter(r.in.Name, opt.Filter, r.snaplen, r.link)
	if err != nil {
		return err
	}
	if err := r.share(opt.Buffer); err != nil {
		return err
	}
	if err := r.set(program, hardware == unix.ARPHRD_LOOPBACK); err != nil {
		return fmt.Errorf("interface %s: %w", r.in.Name, err)
	}
	r.hardware.open(r.in.Name, r.index)
	return nil
}

// share makes the memory that is shared with the kernel.
func (r *ring) share(buffer int) error {
	blocks := max(buffer/ringBlockSize, 4)
	err := os.NewSyscallError("PACKET_VERSION", unix.SetsockoptInt(r.socket, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3))
	if err == nil {
		err = os.NewSyscallError("PACKET_RX_RING", unix.SetsockoptTpacketReq3(r.socket, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{
			Block_size: ringBlockSize, Block_nr: uint32(blocks),
			Frame_size: ringBlockSize, Frame_nr: uint32(blocks), // a frame is as long as it is; these only have to fit
			Retire_blk_tov: ringRetire,
		}))
	}
	if err == nil {
		r.memory, err = unix.Mmap(r.socket, 0, blocks*ringBlockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		err = os.NewSyscallError("mmap", err)
		r.relief.limit = reliefRings * len(r.memory)
	}
	if errors.Is(err, unix.ENOMEM) {
		return fmt.Errorf("interface %s: no memory for a buffer of %d MiB: ask for a smaller one: %w", r.in.Name, blocks*ringBlockSize>>20, err)
	} else if err != nil {
		return fmt.Errorf("interface %s: packet ring: %w", r.in.Name, err)
	}
	return nil
}

// set says what the socket is to get and binds it. Membership ends with the
// socket, so that nothing stays promiscuous when the program is killed.
func (r *ring) set(program []unix.SockFilter, loopback bool) error {
	if loopback { // every packet would come twice, going and coming
		if err := unix.SetsockoptInt(r.socket, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return os.NewSyscallError("PACKET_IGNORE_OUTGOING", err)
		}
	}
	if err := unix.SetsockoptSockFprog(r.socket, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}); err != nil {
		return os.NewSyscallError("SO_ATTACH_FILTER", err)
	}
	member := unix.PacketMreq{Ifindex: int32(r.index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(r.socket, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &member); err != nil {
		return fmt.Errorf("cannot be made promiscuous: %w", err)
	}
	all := bits.ReverseBytes16(unix.ETH_P_ALL) // network order
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		all = unix.ETH_P_ALL
	}
	return os.NewSyscallError("bind", unix.Bind(r.socket, &unix.SockaddrLinklayer{Protocol: all, Ifindex: r.index}))
}

// keepAll is a filter that lets snaplen bytes of every frame pass.
func keepAll(snaplen int) []unix.SockFilter {
	return []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: uint32(snaplen)}}
}

func (r *ring) close() error {
	if r.memory != nil {
		r.count(new(Stats))
		r.leave()
		r.relief.close()
		_ = unix.Munmap(r.memory)
		r.memory = nil
	}
	r.outages.end(time.Now())
	r.hardware.close()
	if r.socket < 0 {
		return nil
	}
	err := unix.Close(r.socket)
	r.socket = -1
	return err
}
