package classify

import "golang.org/x/crypto/cryptobyte"

// quicKind is a packet's type, apart from its number in the header, which
// differs between versions.
type quicKind uint8

// The order of the first four is that of version 1 (RFC 9000, section 17.2).
const (
	quicInitial quicKind = iota
	quicZeroRTT
	quicHandshake
	quicRetry
	quicNegotiation
	quicShort
)

const maxConnectionID = 20 // RFC 9000, section 17.2

// quicPacket is one packet of a datagram; its slices are views of it. Of a
// short header only the kind is read.
type quicPacket struct {
	kind        quicKind
	version     uint32
	destination []byte // connection identifiers
	source      []byte
	token       []byte // of an Initial
	versions    cryptobyte.String
	header      []byte // up to the packet number
	body        []byte // from the packet number on
	whole       bool
}

// readQUICPacket eats one packet off a datagram of which missing bytes at the
// end were not kept. It is false for what is no packet. The bit that is fixed
// is not looked at: peers may agree to grease it (RFC 9287).
func readQUICPacket(s *cryptobyte.String, missing int) (p quicPacket, ok bool) {
	// RFC 8999, section 5.1: bits 1X; uint32 version; opaque
	// destination_connection_id<0..255>, source_connection_id<0..255>
	begin := *s
	var first uint8
	if !s.ReadUint8(&first) {
		return p, false
	}
	if first&0x80 == 0 {
		p.kind, p.body, *s = quicShort, *s, nil
		return p, first != 0
	}
	if !s.ReadUint32(&p.version) || !readConnectionID(s, &p.destination) || !readConnectionID(s, &p.source) {
		return p, false
	}
	if p.version == 0 { // RFC 9000, section 17.2.1
		p.kind, p.versions, *s = quicNegotiation, *s, nil
		return p, len(p.versions) > 0 && (len(p.versions)+missing)%4 == 0
	}
	if p.kind = quicKindOf(first, p.version); p.kind == quicRetry { // RFC 9000, section 17.2.5: token, then a tag of 16 bytes
		ok, *s = len(*s)+missing >= 16, nil
		return p, ok
	}
	// RFC 9000, section 17.2.2: varint token length; token; varint length
	var length uint64
	if p.kind == quicInitial && (!readVarint(s, &length) || length > uint64(len(*s)) || !s.ReadBytes(&p.token, int(length))) ||
		!readVarint(s, &length) || length < 1+16 || length > uint64(len(*s)+missing) {
		return p, false
	}
	p.header = begin[:len(begin)-len(*s)]
	p.whole = length <= uint64(len(*s))
	return p, s.ReadBytes(&p.body, min(int(length), len(*s)))
}

// quicKindOf returns the type in a long header's first byte (RFC 9369, section
// 3.2, moves each by one).
func quicKindOf(first uint8, version uint32) quicKind {
	number := first >> 4 & 3
	if version == quicV2 {
		number = (number + 3) & 3
	}
	return quicKind(number)
}

func readConnectionID(s *cryptobyte.String, id *[]byte) bool {
	return s.ReadUint8LengthPrefixed((*cryptobyte.String)(id)) && len(*id) <= maxConnectionID
}

// readVarint eats an integer of variable length (RFC 9000, section 16).
func readVarint(s *cryptobyte.String, v *uint64) bool {
	var first uint8
	if !s.ReadUint8(&first) {
		return false
	}
	*v = uint64(first & 0x3F)
	var rest []byte
	if !s.ReadBytes(&rest, 1<<(first>>6)-1) {
		return false
	}
	for _, b := range rest {
		*v = *v<<8 | uint64(b)
	}
	return true
}

// beginsQUIC reports whether a datagram of a flow that nothing is known of
// begins with a long header: of a version that is known, or of a client's first
// Initial, which fills its datagram in every version (RFC 9000, sections 7.2
// and 14.1).
func beginsQUIC(d Datagram) bool {
	s := cryptobyte.String(d.Payload)
	p, ok := readQUICPacket(&s, d.Missing)
	switch {
	case !ok || p.kind == quicShort:
		return false
	case p.kind == quicNegotiation:
		return offersQUIC(p.versions)
	case d.Payload[0]&0x40 == 0:
		return false
	case isQUICVersion(p.version):
		return true
	}
	return p.kind == quicInitial && len(p.destination) >= 8 && len(d.Payload)+d.Missing >= 1200 && (s.Empty() || coalesced(s, p.version))
}

// coalesced reports whether s goes on with a packet of the same version.
func coalesced(s cryptobyte.String, version uint32) bool {
	var first uint8
	var v uint32
	return s.ReadUint8(&first) && first&0x80 != 0 && s.ReadUint32(&v) && v == version
}

func offersQUIC(versions cryptobyte.String) bool {
	for v := uint32(0); versions.ReadUint32(&v); {
		if isQUICVersion(v) {
			return true
		}
	}
	return false
}
