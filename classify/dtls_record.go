package classify

import "golang.org/x/crypto/cryptobyte"

// Content types that only DTLS has (RFC 9146, section 3; RFC 9147, section 7).
const (
	recordConnectionID = 25
	recordACK          = 26
)

// minConnectionIDRecord is the least that follows the sequence number: an
// identifier of one byte, the length, a content type, an explicit nonce and a
// tag of 8 bytes each.
const minConnectionIDRecord = 1 + 2 + 1 + 8 + 8

// dtlsRecord is one record of a datagram.
type dtlsRecord struct {
	contentType uint8  // 0 with a unified header, where it is encrypted
	epoch       uint16 // of a unified header only the lowest two bits
	number      uint64 // 0 with a unified header, where it is encrypted
	unified     bool   // the header is that of DTLS 1.3's encrypted records
	body        cryptobyte.String
}

// isDTLS reports whether a datagram's first byte is that of a record, where
// DTLS shares a port with STUN, TURN and RTP (RFC 7983, section 7).
func isDTLS(b []byte) bool { return len(b) > 0 && b[0] >= 20 && b[0] <= 63 }

// readDTLSRecord eats one record off a datagram, of which missing bytes at the
// end were not kept. connectionID is the length of the connection identifier
// that the sender puts in, negative when that is not known: a record with one
// is then taken to fill the datagram.
func readDTLSRecord(s *cryptobyte.String, connectionID, missing int) (r dtlsRecord, ok bool) {
	if len(*s) > 0 && (*s)[0]&0xE0 == 0x20 {
		return readUnifiedRecord(s, connectionID, missing)
	}
	// RFC 6347, section 4.1: ContentType type; ProtocolVersion version; uint16
	// epoch; uint48 sequence_number; opaque cid (RFC 9146, section 4); uint16
	// length; opaque fragment[length]
	var version, high uint16
	var low uint32
	if !s.ReadUint8(&r.contentType) || r.contentType < recordChangeCipherSpec || r.contentType > recordACK ||
		!s.ReadUint16(&version) || !isDTLSVersion(version) ||
		!s.ReadUint16(&r.epoch) || !s.ReadUint16(&high) || !s.ReadUint32(&low) {
		return r, false
	}
	r.number = uint64(high)<<32 | uint64(low)
	if r.contentType == recordConnectionID {
		if connectionID < 0 {
			r.body, *s = *s, nil
			return r, r.epoch > 0 && len(r.body) >= minConnectionIDRecord
		}
		if !s.Skip(connectionID) {
			return r, false
		}
	}
	return r, readDTLSBody(s, &r.body, missing)
}

// isDTLSVersion reports whether version can stand in a record's header. DTLS
// 1.3 writes 1.2 there.
func isDTLSVersion(version uint16) bool {
	switch TLSVersion(version) {
	case DTLS10, DTLS12, 0x0100:
		return true
	}
	return false
}

// readUnifiedRecord eats an encrypted record of DTLS 1.3.
func readUnifiedRecord(s *cryptobyte.String, connectionID, missing int) (r dtlsRecord, ok bool) {
	// RFC 9147, section 4: bits 001CSLEE; connection identifier if C; sequence
	// number of 16 bits if S, else of 8; uint16 length if L
	var first uint8
	s.ReadUint8(&first)
	r.unified, r.epoch = true, uint16(first&3)
	if first&0x10 != 0 {
		if connectionID < 0 {
			r.body, *s = *s, nil
			return r, true
		}
		if !s.Skip(connectionID) {
			return r, false
		}
	}
	number := 1
	if first&0x08 != 0 {
		number = 2
	}
	if !s.Skip(number) {
		return r, false
	}
	if first&0x04 == 0 {
		r.body, *s = *s, nil
		return r, true
	}
	return r, readDTLSBody(s, &r.body, missing)
}

func readDTLSBody(s, body *cryptobyte.String, missing int) bool {
	var length uint16
	if !s.ReadUint16(&length) || length > maxRecord || int(length) > len(*s)+missing {
		return false
	}
	return s.ReadBytes((*[]byte)(body), min(int(length), len(*s)))
}

// isDTLSDatagram reports whether a datagram of a flow that nothing is known of
// is DTLS: records from its first byte to its last, the first with a version in
// its header, and those in clear such as they are defined.
func isDTLSDatagram(d Datagram) bool {
	s := cryptobyte.String(d.Payload)
	for first := true; !s.Empty(); first = false {
		r, ok := readDTLSRecord(&s, -1, d.Missing)
		if !ok || first && r.unified || r.epoch == 0 && !r.unified && !plausibleClear(r, d.Missing) {
			return false
		}
	}
	return isDTLS(d.Payload)
}

// plausibleClear reports whether the body of a record that is not encrypted is
// of its content type.
func plausibleClear(r dtlsRecord, missing int) bool {
	switch r.contentType {
	case recordHandshake:
		s := r.body
		f, ok := readDTLSFragment(&s, missing)
		return ok && f.known()
	case recordAlert:
		return len(r.body) == 2 && (r.body[0] == alertWarning || r.body[0] == alertFatal)
	case recordChangeCipherSpec: // 3 bytes before RFC 4347
		return (len(r.body) == 1 || len(r.body) == 3) && r.body[0] == 1
	case recordACK:
		return true
	}
	return false
}
