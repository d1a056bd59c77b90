//go:build !cgo

package capture

import "errors"

// live needs libpcap.
type live struct{}

// OpenLive needs libpcap; in a build without cgo it is always an error.
func OpenLive(string, LiveOptions) (*Source, error) {
	return nil, errors.New("live capture needs libpcap and this program was built without it: build it with CGO_ENABLED=1 and the libpcap headers (Debian: libpcap-dev)")
}

func (*live) read(*Source, *Batch) error         { return nil }
func (*live) losses() (received, dropped uint64) { return 0, 0 }
func (*live) close() error                       { return nil }
