//go:build cgo

package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/gopacket/pcap"

	"spanaudit/flow"
)

const builtWithLibpcap = true

// byLibpcap captures an interface with libpcap.
type byLibpcap struct {
	tap
	handle  *pcap.Handle
	last    *pcap.Stats
	checked time.Time // when silent last looked
}

func openLibpcap(t tap, opt LiveOptions) (live, error) {
	iface := t.in.Name
	if opt.Snaplen <= 0 {
		opt.Snaplen = liveSnaplen
	}
	handle, err := activate(iface, opt, iface != "any")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(opt.Filter) != "" {
		if err := handle.SetBPFFilter(opt.Filter); err != nil {
			handle.Close()
			return nil, filterError(opt.Filter, err)
		}
	}
	t.link = uint16(handle.LinkType())
	return &byLibpcap{tap: t, handle: handle, last: new(pcap.Stats)}, nil
}

// activate has opt.Snaplen and opt.Buffer observed.
func activate(iface string, opt LiveOptions, promiscuous bool) (*pcap.Handle, error) {
	inactive, err := pcap.NewInactiveHandle(iface)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", iface, err)
	}
	defer inactive.CleanUp()
	err = errors.Join(
		inactive.SetSnapLen(min(opt.Snaplen, maxFrame)),
		inactive.SetPromisc(promiscuous),
		inactive.SetTimeout(liveWait),
		inactive.SetBufferSize(opt.Buffer))
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", iface, err)
	}
	handle, err := inactive.Activate()
	switch {
	case err == nil:
		return handle, nil
	case promiscuous && err.Error() == "Cannot set as promisc":
		return activate(iface, opt, false)
	case err.Error() == "Permission Denied" || os.Geteuid() != 0 && strings.Contains(err.Error(), "ermi"):
		return nil, notPermitted(iface, "cap_net_raw,cap_net_admin")
	}
	return nil, fmt.Errorf("interface %s: %w", iface, err)
}

func (l *byLibpcap) read(s *Source, b *Batch) error {
	if l.handle == nil {
		return io.EOF
	}
	if l.in.Err != nil {
		return l.in.Err
	}
	began := time.Now()
	for n := 0; n < batchFrames && time.Since(began) < liveWait; n++ {
		data, info, err := l.handle.ZeroCopyReadPacketData()
		if err == pcap.NextErrorTimeoutExpired {
			return l.silent(n)
		} else if err != nil {
			return l.failed(err)
		}
		kept := l.room(len(data), &s.spares)
		copy(kept, data)
		l.take(s, b, kept, info.Length, flow.Time(info.Timestamp.UnixNano()))
	}
	return nil
}

// relieve does nothing: libpcap shows its buffer by reading it.
func (l *byLibpcap) relieve() {}

// silent looks, once a second in which nothing comes, whether the interface is
// still up: libpcap does not tell.
func (l *byLibpcap) silent(frames int) error {
	if frames > 0 || time.Since(l.checked) < time.Second {
		return nil
	}
	l.checked = time.Now()
	if err := usable(l.in.Name); err != nil {
		return l.failed(err)
	}
	return nil
}

func (l *byLibpcap) failed(err error) error {
	if reason := l.handle.Error(); err == pcap.NextErrorReadError && reason != nil {
		err = reason
	}
	if down := usable(l.in.Name); down != nil {
		err = down
	}
	return l.ended(err)
}

func (l *byLibpcap) arrived() uint64 {
	l.ask()
	return uint64(max(l.last.PacketsReceived-l.last.PacketsDropped, 0))
}

func (l *byLibpcap) ask() {
	if l.handle != nil {
		if now, err := l.handle.Stats(); err == nil {
			l.last = now
		}
	}
}

func (l *byLibpcap) count(st *Stats) {
	l.ask()
	st.Received = uint64(max(l.last.PacketsReceived, 0))
	st.Dropped = uint64(max(l.last.PacketsDropped, 0) + max(l.last.PacketsIfDropped, 0))
}

func (l *byLibpcap) close() error {
	if l.handle != nil {
		l.count(new(Stats))
		l.handle.Close()
		l.handle = nil
	}
	return nil
}
