package capture

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"spanaudit/flow"
)

const (
	liveSnaplen = 262144 // libpcap's own "all of it"
	liveBuffer  = 48 << 20
	liveWait    = 100 * time.Millisecond
)

// The ways to capture an interface.
const (
	// WayLibpcap is libpcap, in a cgo build. It knows every kind of interface, and
	// "any"; the source ends when the interface goes down.
	WayLibpcap = "libpcap"

	// WayRing is a packet ring of Linux's own, in any build, and takes less of the
	// processor. It knows Ethernet, loopback, 802.11 monitors and interfaces of
	// bare IP packets; the source survives that the interface goes down and tells
	// so in Input.Outages.
	WayRing = "ring"
)

// LiveOptions say how an interface is captured.
type LiveOptions struct {
	Way     string // WayRing or WayLibpcap; "" is the ring, or libpcap where that cannot serve and libpcap is built in
	Filter  string // BPF text, run by the kernel; "" takes every frame; needs a cgo build
	Snaplen int    // bytes kept of each frame; 0 is all of it: 262144 by libpcap, 523776 by the ring
	Buffer  int    // bytes that the kernel holds while they are not read; 0 is 48 MiB; by the ring four times as many beside it, see Source.Relieve
	Raw     bool   // fill Batch.Frames and Batch.Reassembled too

	Anonymize *flow.Anonymizer // see Options.Anonymize
}

// errNoRing says that a ring is not the way to capture an interface.
var errNoRing = errors.New("capture it with " + WayLibpcap)

// live is a capture on an interface.
type live interface {
	// read takes what has arrived, for no longer than 200 ms.
	read(s *Source, b *Batch) error
	// relieve makes room in the kernel's buffer without reading it.
	relieve()
	// arrived returns how many frames there were to be read so far, read or not.
	arrived() uint64
	// count fills in what the kernel counted.
	count(*Stats)
	close() error
}

// OpenLive begins to capture on an interface, in promiscuous mode; it needs no
// address. What does not fit into the kernel's buffer is dropped and counted in
// Stats.Dropped. Opening needs the right to capture, on Linux CAP_NET_RAW (and
// by libpcap CAP_NET_ADMIN). After it the ring needs no right at all, nor that a
// file can be opened, so that both can be given up.
func OpenLive(iface string, opt LiveOptions) (*Source, error) {
	if err := usable(iface); err != nil {
		return nil, err
	}
	if opt.Buffer <= 0 {
		opt.Buffer = liveBuffer
	}
	t := tap{in: &input{Input: Input{Name: iface, Format: "live"}}}
	s := &Source{inputs: []*input{t.in}, total: -1, rewrite: newRewriter(opt.Anonymize)}
	s.decoder.init()
	s.decoder.raw = opt.Raw
	var err error
	switch opt.Way {
	case "":
		if s.live, err = openRing(t, opt); errors.Is(err, errNoRing) && builtWithLibpcap {
			s.live, err = openLibpcap(t, opt)
		}
	case WayLibpcap:
		s.live, err = openLibpcap(t, opt)
	case WayRing:
		s.live, err = openRing(t, opt)
	default:
		err = fmt.Errorf("no way to capture is called %q: say %s or %s", opt.Way, WayRing, WayLibpcap)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// usable says what the system would say less clearly. "any" is no interface of
// the system but all of them.
func usable(iface string) error {
	if iface == "any" {
		return nil
	}
	i, err := net.InterfaceByName(iface)
	if err != nil {
		var names []string
		all, _ := net.Interfaces()
		for _, i := range all {
			names = append(names, i.Name)
		}
		return fmt.Errorf("no interface %q on this machine, it has %s", iface, strings.Join(names, ", "))
	}
	if i.Flags&net.FlagUp == 0 {
		return fmt.Errorf("interface %s is down: bring it up first (ip link set %s up)", iface, iface)
	}
	return nil
}

// notPermitted says how to get the capabilities that are missing.
func notPermitted(iface, capabilities string) error {
	program, _ := os.Executable()
	return fmt.Errorf("capturing on %s is not permitted: run as root, or give the program the right once: sudo setcap %s=eip %s", iface, capabilities, program)
}

// tap is what the ways to capture have in common.
type tap struct {
	in       *input
	link     uint16
	slab     *slab // frames are copied to its end
	previous flow.Time
}

// room returns n bytes for the next frame.
func (t *tap) room(n int, spares *spares) []byte {
	if t.slab == nil || cap(t.slab.bytes)-len(t.slab.bytes) < n {
		t.slab.release()
		t.slab = spares.take(max(blockSize, n))
	}
	at := len(t.slab.bytes)
	t.slab.bytes = t.slab.bytes[:at+n]
	return t.slab.bytes[at : at+n : at+n]
}

// take counts and decodes a frame that lies in the slab. It had length bytes on
// the wire.
func (t *tap) take(s *Source, b *Batch, data []byte, length int, at flow.Time) {
	f := frame{
		data: data, slab: t.slab, time: at, number: t.in.Frames + 1,
		length: max(length, len(data)), link: t.link,
	}
	if t.in.Frames > 0 && f.time < t.previous {
		s.decoder.stats.Inversions++
	}
	t.previous = f.time
	t.in.note(&f)
	s.done.Add(2 * int64(len(data)))
	s.take(&f, b)
}

// ended says why the interface cannot be read any more.
func (t *tap) ended(err error) error {
	t.in.Err = fmt.Errorf("capture on %s ended after %d frames: %w", t.in.Name, t.in.Frames, err)
	return t.in.Err
}
