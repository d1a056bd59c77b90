//go:build !linux

package capture

import "errors"

// openRing needs Linux; elsewhere it is always an error.
func openRing(tap, LiveOptions) (live, error) {
	return nil, errors.New("a packet ring is to be had of Linux alone: capture with libpcap, in a program that was built with CGO_ENABLED=1 and the libpcap headers")
}
