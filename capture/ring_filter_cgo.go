//go:build cgo && linux

package capture

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// kernelFilter compiles text for the kernel to run; it has the kernel keep
// snaplen bytes of what passes. libpcap does it for this very interface and not
// for any of its link type, since the kernel takes VLAN tags off before the
// filter sees the frame: the program has to ask for them elsewhere.
func kernelFilter(iface, text string, snaplen int, link uint16) ([]unix.SockFilter, error) {
	if strings.TrimSpace(text) == "" {
		return keepAll(snaplen), nil
	}
	handle, err := activate(iface, LiveOptions{Snaplen: snaplen, Buffer: 1 << 20}, false)
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	if got := handle.LinkType(); got != dlt(link) {
		return nil, fmt.Errorf("filter %q: libpcap sees link type %d on %s and the ring %d: %w", text, got, iface, link, errNoRing)
	}
	compiled, err := handle.CompileBPFFilter(text)
	if err != nil {
		return nil, filterError(text, err)
	}
	program := make([]unix.SockFilter, len(compiled))
	for i, c := range compiled {
		program[i] = unix.SockFilter{Code: c.Code, Jt: c.Jt, Jf: c.Jf, K: c.K}
	}
	return program, nil
}
