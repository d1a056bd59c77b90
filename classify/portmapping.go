package classify

import "golang.org/x/crypto/cryptobyte"

// Ports of the server and of clients that hear its announcements (RFC 6886,
// section 3; RFC 6887, section 19).
const (
	portMappingServer = 5351
	portMappingClient = 5350
)

// portMappingDatagram recognises NAT-PMP (RFC 6886) and PCP (RFC 6887), both on
// the same port, by version, opcode and length.
func portMappingDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	if !d.on(portMappingServer) && !d.on(portMappingClient) {
		return NoMatch, false
	}
	s := cryptobyte.String(d.Payload)
	var version, opcode uint8
	if !s.ReadUint8(&version) || !s.ReadUint8(&opcode) {
		return NoMatch, false
	}
	response := opcode&0x80 != 0
	switch {
	case version == 0 && isNATPMP(opcode, d.size()):
		f.Protocol = ProtoNATPMP
	case version <= 2 && version > 0 && opcode&0x7f <= 3 && d.size() >= 24 && d.size() <= 1100 && d.size()%4 == 0:
		f.Protocol = ProtoPCP
	default:
		return NoMatch, false
	}
	return Matched, response != d.FromServer
}

// isNATPMP knows the lengths of RFC 6886, sections 3.2 and 3.3. A server may
// answer what it does not support by the first eight bytes.
func isNATPMP(opcode uint8, size int) bool {
	switch opcode {
	case 0:
		return size == 2
	case 1, 2:
		return size == 12
	case 128:
		return size == 12 || size == 8
	case 129, 130:
		return size == 16 || size == 8
	}
	return false
}
