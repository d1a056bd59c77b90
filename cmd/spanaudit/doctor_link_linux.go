package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readLink asks the kernel about an interface: by netdevice(7) and, for what that
// does not tell, in sysfs, which may be that of another network namespace.
func readLink(iface string) linkState {
	flags, err := askInterface(iface, unix.SIOCGIFFLAGS, (*unix.Ifreq).Uint16)
	mtu, err2 := askInterface(iface, unix.SIOCGIFMTU, (*unix.Ifreq).Uint32)
	if err != nil || err2 != nil {
		return linkState{}
	}
	text := func(name string) string {
		b, _ := os.ReadFile(filepath.Join("/sys/class/net", iface, name)) // some have none
		return strings.TrimSpace(string(b))
	}
	number := func(name string) int {
		n, _ := strconv.ParseInt(text(name), 0, 64)
		return int(max(n, 0))
	}
	l := linkState{
		known: true, up: flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0, mtu: int(mtu),
		told: text("flags") != "", promiscuous: number("flags")&unix.IFF_PROMISC != 0,
		speed: number("speed"), duplex: text("duplex"), counters: map[string]uint64{}, offloads: offloadsOf(iface),
	}
	for _, name := range linkCounters {
		l.counters[name] = uint64(number("statistics/" + name))
	}
	return l
}

// askInterface makes a request of netdevice(7) whose answer get takes out.
func askInterface[T any](iface string, request uint, get func(*unix.Ifreq) T) (answer T, err error) {
	req, err := unix.NewIfreq(iface)
	if err != nil {
		return answer, err
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return answer, err
	}
	defer unix.Close(socket)
	if err := unix.IoctlIfreq(socket, request, req); err != nil {
		return answer, fmt.Errorf("interface %s: %w", iface, err)
	}
	return get(req), nil
}

// offloadsOf asks as ethtool -k does which segments are merged on the way in.
func offloadsOf(iface string) []string {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(socket)
	on := []string{}
	for _, o := range [...]struct {
		name    string
		command uint32
		bit     uint32
	}{
		{"gro", unix.ETHTOOL_GGRO, 1},
		{"lro", unix.ETHTOOL_GFLAGS, 1 << 15}, // ETH_FLAG_LRO
	} {
		value := struct{ command, data uint32 }{command: o.command} // struct ethtool_value
		request := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte // struct ifreq is larger
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:unix.IFNAMSIZ-1], iface)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			return nil
		}
		if value.data&o.bit != 0 {
			on = append(on, o.name)
		}
	}
	return on
}

// readClock asks the kernel whether its clock is kept (adjtimex(2)); it changes
// nothing.
func readClock() clockState {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return clockState{
		unknown: err, synchronised: state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0,
		maxError: time.Duration(t.Maxerror) * time.Microsecond,
	}
}

// injector opens an interface for sending; send sends frames from it, a
// millisecond apart, and closes it.
func injector(iface string) (send func([][]byte) error, err error) {
	flags, err := askInterface(iface, unix.SIOCGIFFLAGS, (*unix.Ifreq).Uint16)
	if err != nil {
		return nil, err
	}
	if flags&unix.IFF_UP == 0 {
		return nil, fmt.Errorf("interface %s is down", iface)
	}
	link, err := askInterface(iface, unix.SIOCGIFINDEX, (*unix.Ifreq).Uint32)
	if err != nil {
		return nil, err
	}
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w", err)
	}
	return func(frames [][]byte) error {
		defer unix.Close(socket)
		for _, frame := range frames {
			if err := unix.Sendto(socket, frame, 0, &unix.SockaddrLinklayer{Ifindex: int(link)}); err != nil {
				return fmt.Errorf("send from %s: %w", iface, err)
			}
			time.Sleep(time.Millisecond)
		}
		return nil
	}, nil
}
