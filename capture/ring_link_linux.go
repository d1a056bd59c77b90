package capture

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// ringLink is the link type of the frames that an interface shows, by its
// hardware type (ARPHRD_).
func ringLink(iface string, hardware uint16) (uint16, error) {
	switch hardware {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return linkEthernet, nil
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP: // TUN, WireGuard, mobile broadband
		return linkRaw, nil
	case unix.ARPHRD_IEEE80211:
		return linkWLAN, nil
	case unix.ARPHRD_IEEE80211_RADIOTAP:
		return linkRadiotap, nil
	}
	return 0, fmt.Errorf("interface %s has hardware type %d (ARPHRD_), which a packet ring is not known to show in one form: %w", iface, hardware, errNoRing)
}

// hardwareType asks for the interface's ARPHRD_.
func (r *ring) hardwareType() (uint16, error) {
	req, err := unix.NewIfreq(r.in.Name)
	if err == nil {
		err = unix.IoctlIfreq(r.socket, unix.SIOCGIFHWADDR, req)
	}
	if err != nil {
		return 0, fmt.Errorf("interface %s: hardware type: %w", r.in.Name, err)
	}
	return req.Uint16(), nil
}

// running reports whether the interface is up and has a carrier, and whether
// it exists. It is asked for by its index: its name may have been changed, or
// be another's.
func (r *ring) running() (up, exists bool) {
	req, err := unix.NewIfreq("")
	if err != nil {
		return false, true
	}
	req.SetUint32(uint32(r.index))
	if err := unix.IoctlIfreq(r.socket, unix.SIOCGIFNAME, req); err != nil {
		return false, err != unix.ENODEV
	}
	if req, err = unix.NewIfreq(req.Name()); err == nil {
		err = unix.IoctlIfreq(r.socket, unix.SIOCGIFFLAGS, req)
	}
	const both = unix.IFF_UP | unix.IFF_RUNNING
	return err == nil && req.Uint16()&both == both, true
}
