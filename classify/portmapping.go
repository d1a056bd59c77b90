package classify

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

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
	natPMP := version == 0 && isNATPMP(opcode, d.size())
	pcp := version <= 2 && version > 0 && opcode&0x7f <= 3 && d.size() >= 24 && d.size() <= 1100 && d.size()%4 == 0
	if !natPMP && !pcp {
		return NoMatch, false
	}
	if f.PortMapping == nil {
		f.PortMapping = &PortMapping{}
	}
	mapped := f.PortMapping.Mapped
	if natPMP {
		f.Protocol = ProtoNATPMP
		f.PortMapping.readNATPMP(opcode, s)
	} else {
		f.Protocol = ProtoPCP
		f.PortMapping.readPCP(opcode, s)
	}
	if f.PortMapping.Mapped && !mapped {
		f.Marks = append(f.Marks, Mark{What: "mapping", Server: response})
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

// readNATPMP reads what follows version and opcode of a mapping (RFC 6886,
// section 3.3). A lifetime of 0 deletes one, and an answer with another result
// than 0 made none.
func (m *PortMapping) readNATPMP(opcode uint8, s cryptobyte.String) {
	var result, internal, external uint16
	var lifetime uint32
	ok := false
	switch opcode {
	case 1, 2:
		ok = s.Skip(2) && s.ReadUint16(&internal) && s.ReadUint16(&external) && s.ReadUint32(&lifetime)
	case 129, 130:
		ok = s.ReadUint16(&result) && s.Skip(4) && s.ReadUint16(&internal) && s.ReadUint16(&external) && s.ReadUint32(&lifetime) && result == 0
	}
	if ok && lifetime > 0 {
		m.Confirmed = m.Confirmed || opcode >= 128
		transport := uint8(flow.UDP) // opcode 1; 2 is TCP
		if opcode&3 == 2 {
			transport = flow.TCP
		}
		m.note(transport, internal, external, lifetime)
	}
}

// readPCP reads what follows version and opcode of a MAP or PEER message (RFC
// 6887, sections 7, 11 and 12).
func (m *PortMapping) readPCP(opcode uint8, s cryptobyte.String) {
	const mapping, peering = 1, 2
	var result, transport uint8
	var lifetime uint32
	var internal, external uint16
	ok := s.Skip(1) && s.ReadUint8(&result) && s.ReadUint32(&lifetime) && s.Skip(16) && // a client's address, or the epoch
		s.Skip(12) && s.ReadUint8(&transport) && s.Skip(3) && s.ReadUint16(&internal) && s.ReadUint16(&external)
	response, kind := opcode&0x80 != 0, opcode&0x7f
	if !ok || lifetime == 0 || kind != mapping && kind != peering || response && result != 0 {
		return
	}
	if kind == peering {
		m.PeerMessages = true
		return
	}
	m.Confirmed = m.Confirmed || response
	m.note(transport, internal, external, lifetime)
}

func (m *PortMapping) note(transport uint8, internal, external uint16, lifetime uint32) {
	m.Mapped = true
	m.Transport, m.Internal, m.External, m.Lifetime = transport, internal, external, lifetime
}
