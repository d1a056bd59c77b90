//go:build !linux

package capture

import "fmt"

// openRing needs Linux; elsewhere it is always an error.
func openRing(t tap, _ LiveOptions) (live, error) {
	return nil, fmt.Errorf("a packet ring is to be had of Linux alone, for %s: %w, in a program that was built with CGO_ENABLED=1 and the libpcap headers", t.in.Name, errNoRing)
}
