//go:build cgo

package capture

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/google/gopacket/pcap"

	"spanaudit/flow"
)

const (
	liveSnaplen = 262144 // libpcap's own "all of it"
	liveBuffer  = 32 << 20
	liveWait    = 100 * time.Millisecond
)

// live is a capture on an interface.
type live struct {
	handle *pcap.Handle
	in     *input
	link   uint16
	slab   *slab // frames are copied to its end
	last   *pcap.Stats

	previous flow.Time // of the frame before
	checked  time.Time // when silent last looked
}

// OpenLive begins to capture on an interface in promiscuous mode, with a kernel
// buffer of 32 MiB; what does not fit into it is dropped and counted in
// Stats.Dropped. It needs the right to capture, on Linux CAP_NET_RAW.
func OpenLive(iface string, opt LiveOptions) (*Source, error) {
	if err := usable(iface); err != nil {
		return nil, err
	}
	handle, err := activate(iface, opt.Snaplen, iface != "any")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(opt.Filter) != "" {
		if err := handle.SetBPFFilter(opt.Filter); err != nil {
			handle.Close()
			return nil, filterError(opt.Filter, err)
		}
	}
	in := &input{Input: Input{Name: iface, Format: "live"}}
	s := &Source{inputs: []*input{in}, total: -1, rewrite: newRewriter(opt.Anonymize)}
	s.live = &live{handle: handle, in: in, link: uint16(handle.LinkType()), last: new(pcap.Stats)}
	s.decoder.init()
	s.decoder.raw = opt.Raw
	return s, nil
}

// usable says what libpcap would say less clearly. "any" is no interface of
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

func activate(iface string, snaplen int, promiscuous bool) (*pcap.Handle, error) {
	inactive, err := pcap.NewInactiveHandle(iface)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", iface, err)
	}
	defer inactive.CleanUp()
	if snaplen <= 0 {
		snaplen = liveSnaplen
	}
	err = errors.Join(
		inactive.SetSnapLen(min(snaplen, maxFrame)),
		inactive.SetPromisc(promiscuous),
		inactive.SetTimeout(liveWait),
		inactive.SetBufferSize(liveBuffer))
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", iface, err)
	}
	handle, err := inactive.Activate()
	switch {
	case err == nil:
		return handle, nil
	case promiscuous && err.Error() == "Cannot set as promisc":
		return activate(iface, snaplen, false)
	case err.Error() == "Permission Denied" || os.Geteuid() != 0 && strings.Contains(err.Error(), "ermi"):
		program, _ := os.Executable()
		return nil, fmt.Errorf("capturing on %s is not permitted: run as root, or give the program the right once: sudo setcap cap_net_raw,cap_net_admin=eip %s", iface, program)
	}
	return nil, fmt.Errorf("interface %s: %w", iface, err)
}

// read takes what has arrived, for no longer than 200 ms.
func (l *live) read(s *Source, b *Batch) error {
	if l.handle == nil {
		return io.EOF
	}
	began := time.Now()
	for n := 0; n < batchFrames && time.Since(began) < liveWait; n++ {
		data, info, err := l.handle.ZeroCopyReadPacketData()
		if err == pcap.NextErrorTimeoutExpired {
			return l.silent(n)
		} else if err != nil {
			return l.failed(err)
		}
		data = l.keep(data, &s.spares)
		f := frame{
			data: data, slab: l.slab, time: flow.Time(info.Timestamp.UnixNano()), number: l.in.Frames + 1,
			length: max(info.Length, len(data)), link: l.link,
		}
		if l.in.Frames > 0 && f.time < l.previous {
			s.decoder.stats.Inversions++
		}
		l.previous = f.time
		l.in.note(&f)
		s.done.Add(2 * int64(len(data)))
		s.take(&f, b)
	}
	return nil
}

// silent looks, once a second in which nothing comes, whether the interface is
// still up: libpcap does not tell.
func (l *live) silent(frames int) error {
	if frames > 0 || time.Since(l.checked) < time.Second {
		return nil
	}
	l.checked = time.Now()
	if err := usable(l.in.Name); err != nil {
		return l.failed(err)
	}
	return nil
}

// keep copies a frame out of libpcap's ring.
func (l *live) keep(data []byte, spares *spares) []byte {
	if l.slab == nil || cap(l.slab.bytes)-len(l.slab.bytes) < len(data) {
		l.slab.release()
		l.slab = spares.take(max(blockSize, len(data)))
	}
	at := len(l.slab.bytes)
	l.slab.bytes = append(l.slab.bytes, data...)
	return l.slab.bytes[at:]
}

// failed says why the interface cannot be read any more.
func (l *live) failed(err error) error {
	if reason := l.handle.Error(); err == pcap.NextErrorReadError && reason != nil {
		err = reason
	}
	if down := usable(l.in.Name); down != nil {
		err = down
	}
	l.in.Err = fmt.Errorf("capture on %s ended after %d frames: %w", l.in.Name, l.in.Frames, err)
	return l.in.Err
}

// losses returns the kernel's counters.
func (l *live) losses() (received, dropped uint64) {
	if l.handle != nil {
		if now, err := l.handle.Stats(); err == nil {
			l.last = now
		}
	}
	return uint64(max(l.last.PacketsReceived, 0)), uint64(max(l.last.PacketsDropped, 0) + max(l.last.PacketsIfDropped, 0))
}

func (l *live) close() error {
	if l.handle != nil {
		l.losses()
		l.handle.Close()
		l.handle = nil
	}
	return nil
}
