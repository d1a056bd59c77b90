package main

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noCapabilities is an empty set as /proc writes it.
const noCapabilities = "0000000000000000"

// dropCapabilities empties all sets of capabilities (capabilities(7)). That of the
// bounds only one who has CAP_SETPCAP can empty; without new privileges it bounds
// nothing.
func dropCapabilities(confinement) (layer, error) {
	l := layer{Name: "capabilities", Held: true, Says: "none left"}
	for c := uintptr(0); ; c++ {
		if err := allThreads(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0); err != nil {
			break // EPERM, or EINVAL: there is no such capability any more
		}
	}
	if err := allThreads(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0); err != nil && err != unix.EINVAL { // before Linux 4.3
		return l, fmt.Errorf("empty the ambient capabilities: %w", err)
	}
	none := &struct {
		header unix.CapUserHeader
		data   [2]unix.CapUserData
	}{header: unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}}
	var pin runtime.Pinner
	pin.Pin(none) // its address is a number on the way
	defer pin.Unpin()
	if err := allThreads(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&none.header)), uintptr(unsafe.Pointer(&none.data)), 0); err != nil {
		return l, fmt.Errorf("drop the capabilities: %w", err)
	}
	return l, nil
}
