//go:build !cgo

package capture

import "errors"

const builtWithLibpcap = false

// openLibpcap needs libpcap; in a build without cgo it is always an error.
func openLibpcap(tap, LiveOptions) (live, error) {
	return nil, errors.New("live capture by libpcap needs libpcap and this program was built without it: build it with CGO_ENABLED=1 and the libpcap headers (Debian: libpcap-dev)")
}
