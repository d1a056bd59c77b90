package classify

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// Beginnings of the two forms of the header by which a proxy or a load balancer says,
// before all else, for whom it connects (HAProxy: "The PROXY protocol, versions 1 &
// 2"), and the most that they take. The second may take 64 KiB; then too little of what
// is spoken would be in order.
const (
	proxyText      = "PROXY "
	proxyBinary    = "\r\n\r\n\x00\r\nQUIT\n"
	maxProxyText   = 107
	maxProxyBinary = 48 << 10
)

// proxyHeader returns how many bytes of b, with which a connection begins, are such a
// header: all, while it goes on. What is spoken begins behind it.
func proxyHeader(b []byte) int {
	if len(b) == 0 || b[0] != proxyText[0] && b[0] != proxyBinary[0] {
		return 0
	}
	n, v := readProxyText(b)
	if v == refused {
		n, v = readProxyBinary(b)
	}
	switch v {
	case unsure:
		return len(b)
	case refused:
		return 0
	}
	return n
}

// readProxyText reads a header of version 1: a line with the protocol, the two
// addresses and the two ports, or with UNKNOWN and anything.
func readProxyText(b []byte) (n int, v verdict) {
	if v := beginsWith(b, proxyText); v != recognised {
		return 0, v
	}
	line, _, whole := bytes.Cut(b[:min(len(b), maxProxyText)], []byte("\r\n"))
	switch {
	case !whole && (len(b) >= maxProxyText || !isText(bytes.TrimSuffix(line, []byte("\r")))):
		return 0, refused
	case !whole:
		return 0, unsure
	}
	f := strings.Split(string(line), " ")
	if f[1] != "UNKNOWN" && (len(f) != 6 || !isProxied(f[1], f[2], f[4]) || !isProxied(f[1], f[3], f[5])) {
		return 0, refused
	}
	return len(line) + 2, recognised
}

func isProxied(protocol, address, port string) bool {
	a, err := netip.ParseAddr(address)
	_, bad := strconv.ParseUint(port, 10, 16)
	return err == nil && bad == nil && a.Zone() == "" && (protocol == "TCP4" && a.Is4() || protocol == "TCP6" && a.Is6())
}

// readProxyBinary reads a header of version 2: the signature, version and command,
// family and transport, and the length of addresses and TLVs.
func readProxyBinary(b []byte) (n int, v verdict) {
	if v := beginsWith(b, proxyBinary); v != recognised {
		return 0, v
	}
	s := cryptobyte.String(b[len(proxyBinary):])
	var command, family uint8
	var length uint16
	switch {
	case !s.ReadUint8(&command) || !s.ReadUint8(&family) || !s.ReadUint16(&length):
		return 0, unsure
	case command != 0x20 && command != 0x21, family>>4 > 3 || family&15 > 2, length > maxProxyBinary:
		return 0, refused
	case !s.Skip(int(length)):
		return 0, unsure
	}
	return len(b) - len(s), recognised
}

// redactProxyHeader blanks what a header says beside addresses, names for one, and
// returns what follows it.
func redactProxyHeader(b []byte) []byte {
	n := proxyHeader(b)
	switch _, v := readProxyText(b[:n]); {
	case v == unsure:
		blank(b[min(len(proxyText), n):n])
	case v == refused: // the binary form
		addresses := 0
		if n > 13 {
			addresses = [...]int{0, 12, 36, 0}[b[13]>>4&3] // not the paths of sockets
		}
		keepFirst(b[:n], 16+addresses)
	case bytes.HasPrefix(b, []byte(proxyText+"UNKNOWN")):
		blank(b[min(len(proxyText+"UNKNOWN "), n):n])
	}
	return b[n:]
}
