//go:build !cgo && linux

package capture

import (
	"strings"

	"golang.org/x/sys/unix"
)

// kernelFilter needs libpcap to compile text.
func kernelFilter(_, text string, snaplen int, _ uint16) ([]unix.SockFilter, error) {
	if strings.TrimSpace(text) != "" {
		_, err := newFilter(text)
		return nil, err
	}
	return keepAll(snaplen), nil
}
