package classify

import "golang.org/x/crypto/cryptobyte"

// Ports of client and server (RFC 8415, section 7.2).
const (
	dhcpv6ClientPort = 546
	dhcpv6ServerPort = 547
)

// Message types (RFC 8415, section 7.3).
const (
	dhcpv6Advertise    = 2
	dhcpv6Reply        = 7
	dhcpv6Reconfigure  = 10
	dhcpv6RelayForward = 12
	dhcpv6RelayReply   = 13
	dhcpv6LastType     = 36 // registered since, by later RFCs
)

// dhcpv6Datagram recognises DHCPv6 (RFC 8415) on its ports by a message whose
// options fill it.
func dhcpv6Datagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	if !d.on(dhcpv6ServerPort) && !d.on(dhcpv6ClientPort) {
		return NoMatch, false
	}
	s := cryptobyte.String(d.Payload)
	var kind uint8
	if !s.ReadUint8(&kind) || kind == 0 || kind > dhcpv6LastType {
		return NoMatch, false
	}
	fixed := 3 // the transaction ID
	if kind == dhcpv6RelayForward || kind == dhcpv6RelayReply {
		fixed = 33 // hop count, link and peer address (section 9)
	}
	if !s.Skip(fixed) || !isDHCPv6Options(s, d.Missing) {
		return NoMatch, false
	}
	f.Protocol = ProtoDHCPv6
	reply := kind == dhcpv6Advertise || kind == dhcpv6Reply || kind == dhcpv6Reconfigure || kind == dhcpv6RelayReply
	return Matched, reply != d.FromServer
}

// isDHCPv6Options walks options of uint16 code, uint16 length and data (RFC
// 8415, section 21.1).
func isDHCPv6Options(s cryptobyte.String, missing int) bool {
	if s.Empty() && missing == 0 {
		return false
	}
	for !s.Empty() {
		var code uint16
		var data cryptobyte.String
		if !s.ReadUint16(&code) || !s.ReadUint16LengthPrefixed(&data) {
			return missing > 0
		}
		if code == 0 {
			return false
		}
	}
	return true
}
