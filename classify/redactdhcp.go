package classify

import (
	"bytes"
	"encoding/binary"
)

// redactDHCP keeps a message of DHCP without what may be a secret: authentication,
// of which a token in clear is one kind (RFC 3118, section 4), what vendors and
// users put in, and user information and queries in the URLs that hosts are to
// boot or be provisioned from.
func redactDHCP(d Datagram) {
	b := d.Payload
	if len(b) < dhcpFixed {
		return
	}
	const serverName, file = 44, 108
	overload := redactDHCPOptions(b[dhcpFixed:])
	for i, field := range [][]byte{b[file : dhcpFixed-4], b[serverName:file]} { // RFC 2132, section 9.3
		if overload&(1<<i) != 0 {
			redactDHCPOptions(field)
			continue
		}
		text, rest, _ := bytes.Cut(field, []byte{0})
		redactURL(text)
		clear(rest)
	}
}

// redactDHCPOptions redacts the values of options, and returns that of the option
// which has them go on elsewhere. What stands behind the last is overwritten.
func redactDHCPOptions(b []byte) (overload uint8) {
	for len(b) > 0 && b[0] != dhcpEnd {
		if b[0] == dhcpPad {
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			return overload
		}
		n := min(2+int(b[1]), len(b))
		v := b[2:n]
		if b[0] == dhcpOverload && len(v) == 1 {
			overload = v[0]
		}
		redactDHCPOption(b[0], v)
		b = b[n:]
	}
	clear(b[min(1, len(b)):])
	return overload
}

func redactDHCPOption(code uint8, v []byte) {
	switch code {
	case 17, 18, 66, 67, 114, 160, 252: // paths and URLs
		redactURL(v)
	case 43, 77, 90, 124, 125:
		clear(v)
	case 136, 138, 150, 249: // addresses and routes
	default:
		if code >= 128 {
			clear(v) // anybody's
		}
	}
}

// redactDHCPv6 does for DHCPv6 what redactDHCP does.
func redactDHCPv6(d Datagram) { redactDHCPv6Message(d.Payload, 0) }

func redactDHCPv6Message(b []byte, relays int) {
	const maxRelays = 8 // RFC 8415, section 7.6
	fixed := 4
	if len(b) > 0 && (b[0] == dhcpv6RelayForward || b[0] == dhcpv6RelayReply) {
		fixed = 34
	}
	for b = b[min(fixed, len(b)):]; len(b) >= 4; {
		n := min(4+int(binary.BigEndian.Uint16(b[2:4])), len(b))
		switch v := b[4:n]; binary.BigEndian.Uint16(b) {
		case 9: // the message that a relay passes on
			if relays == maxRelays {
				clear(v)
			} else {
				redactDHCPv6Message(v, relays+1)
			}
		case 59:
			redactURL(v)
		case 11, 15, 16, 17, 60: // authentication, what users and vendors put in, parameters of what is booted
			clear(v)
		}
		b = b[n:]
	}
	clear(b)
}
