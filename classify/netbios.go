package classify

import "golang.org/x/crypto/cryptobyte"

const netbiosDatagramPort = 138

// netbiosDatagram recognises the NetBIOS name service (RFC 1002, section 4.2)
// and its datagram service (section 4.4), each on its port.
func netbiosDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	switch {
	case d.on(netbiosPort) && isNBNS(d.Payload):
		f.Protocol = ProtoNBNS
	case d.on(netbiosDatagramPort) && isNBDS(d):
		f.Protocol = ProtoNBDS
	default:
		return NoMatch, false
	}
	return Matched, false
}

// isNBNS checks a header like DNS's and that the first name is one of NetBIOS:
// 32 letters from A to P (RFC 1001, section 14.1).
func isNBNS(b []byte) bool {
	s := cryptobyte.String(b)
	var questions uint16
	var name cryptobyte.String
	if !s.Skip(4) || !s.ReadUint16(&questions) || !s.Skip(6) || questions > 1 ||
		!s.ReadUint8LengthPrefixed(&name) || len(name) != 32 {
		return false
	}
	for _, c := range name {
		if c < 'A' || c > 'P' {
			return false
		}
	}
	return true
}

// isNBDS checks a datagram's header: type, flags, ID, source address and port,
// and of those with user data its length.
func isNBDS(d Datagram) bool {
	s := cryptobyte.String(d.Payload)
	var kind, flags uint8
	var port uint16
	return s.ReadUint8(&kind) && s.ReadUint8(&flags) && s.Skip(6) && s.ReadUint16(&port) &&
		kind >= 0x10 && kind <= 0x16 && flags < 0x10 && port == netbiosDatagramPort
}
