package classify

import (
	"spanaudit/flow"
)

// RedactOther overwrites the payload of a packet that is neither TCP nor UDP.
// Of ICMP errors the headers of the packet that they answer stay, and of ICMPv6
// all of Neighbour Discovery and Multicast Listener Discovery (RFC 4861, RFC
// 3810).
func RedactOther(protocol uint8, messageType uint16, payload []byte) {
	switch {
	case protocol == flow.ICMP && (messageType == 3 || messageType == 4 || messageType == 5 || messageType == 11 || messageType == 12):
		keepFirst(payload, innerHeaders(payload))
	case protocol == flow.ICMPv6 && messageType < 128:
		keepFirst(payload, 4+innerHeaders(payload[min(4, len(payload)):]))
	case protocol == flow.ICMPv6 && messageType == 137:
		redactRedirect(payload)
	case protocol == flow.ICMPv6 && (messageType >= 130 && messageType <= 136 || messageType == 143):
	case protocol == flow.ICMPv6:
		keepFirst(payload, 4)
	case protocol == flow.ICMP && (messageType == 9 || messageType == 10 || messageType == 13 || messageType == 14):
	case protocol == 2: // IGMP
	default:
		clear(payload)
	}
}

// redactRedirect keeps a Redirect but for what its Redirected Header option quotes
// behind the headers of a packet (RFC 4861, sections 4.5 and 4.6.3).
func redactRedirect(b []byte) {
	const fixed, header, redirected = 4 + 16 + 16, 8, 4
	for b = b[min(fixed, len(b)):]; len(b) >= header; {
		n := min(8*int(b[1]), len(b))
		if n == 0 {
			break
		}
		if b[0] == redirected {
			keepFirst(b[:n], header+innerHeaders(b[header:n]))
		}
		b = b[n:]
	}
	clear(b)
}

// innerHeaders returns the length of the IP header that b begins with and the
// eight bytes behind it, in which the ports are (RFC 792).
func innerHeaders(b []byte) int {
	switch {
	case len(b) > 0 && b[0]>>4 == 4:
		return int(b[0]&0xf)*4 + 8
	case len(b) > 0 && b[0]>>4 == 6:
		return 40 + 8
	}
	return 0
}

// keepFirst overwrites all but the first n bytes.
func keepFirst(b []byte, n int) { clear(b[min(n, len(b)):]) }
