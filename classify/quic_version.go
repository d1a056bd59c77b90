package classify

// Versions of QUIC whose Initial packets are protected in a way of their own.
const (
	quicV1 = 0x00000001 // RFC 9000
	quicV2 = 0x6B3343CF // RFC 9369

	quicDraft     = 0xFF000000 // and the number of draft-ietf-quic-transport
	quicDraft22   = quicDraft + 22
	quicDraft34   = quicDraft + 34
	quicFacebook  = 0xFACEB000 // and a number of its own
	quicGoogleQ   = 0x51300000 // "Q0" and two digits
	quicGoogleT   = 0x54300000 // "T0" and two digits: with the handshake of TLS
	quicGoogleQ46 = quicGoogleQ + 0x3436
	quicGoogleQ50 = quicGoogleQ + 0x3530
)

// Salts of the Initial packets: RFC 9369, section 3.3.1; RFC 9001, section 5.2,
// and the drafts of both; those of Google's versions stand in QUICHE.
const (
	saltV2      = "\x0D\xED\xE3\xDE\xF7\x00\xA6\xDB\x81\x93\x81\xBE\x6E\x26\x9D\xCB\xF9\xBD\x2E\xD9"
	saltV1      = "\x38\x76\x2C\xF7\xF5\x59\x34\xB3\x4D\x17\x9A\xE6\xA4\xC8\x0C\xAD\xCC\xBB\x7F\x0A"
	saltDraft29 = "\xAF\xBF\xEC\x28\x99\x93\xD2\x4C\x9E\x97\x86\xF1\x9C\x61\x11\xE0\x43\x90\xA8\x99"
	saltDraft23 = "\xC3\xEE\xF7\x12\xC7\x2E\xBB\x5A\x11\xA7\xD2\x43\x2B\xB4\x63\x65\xBE\xF9\xF5\x02"
	saltDraft22 = "\x7F\xBC\xDB\x0E\x7C\x66\xBB\xE9\x19\x3A\x96\xCD\x21\x51\x9E\xBD\x7A\x02\x64\x4A"
	saltQ050    = "\x50\x45\x74\xEF\xD0\x66\xFE\x2F\x9D\x94\x5C\xFC\xDB\xD3\xA7\xF0\xD3\xB5\x6B\x45"
	saltT050    = "\x7F\xF5\x79\xE5\xAC\xD0\x72\x91\x55\x80\x30\x4C\x43\xA2\x36\x7C\x60\x48\x83\x10"
	saltT051    = "\x7A\x4E\xDE\xF4\xE7\xCC\xEE\x5F\xA4\x50\x6C\x19\x12\x4F\xC8\xCC\xDA\x6E\x03\x3D"
)

// quicSalt returns the salt of a version's Initial packets; it is empty for a
// version that has none, or whose is not known.
func quicSalt(version uint32) string {
	switch {
	case version == quicV2:
		return saltV2
	case version == quicV1, version == quicDraft+33, version == quicDraft34:
		return saltV1
	case version >= quicDraft+29 && version <= quicDraft+32:
		return saltDraft29
	case version >= quicDraft+23 && version <= quicDraft+28, version == quicFacebook+2, version == quicFacebook+0xE:
		return saltDraft23
	case version == quicDraft22, version == quicFacebook+1:
		return saltDraft22
	case version == quicGoogleQ50:
		return saltQ050
	case version == quicGoogleT+0x3530:
		return saltT050
	case version == quicGoogleT+0x3531:
		return saltT051
	}
	return ""
}

// isQUICVersion reports whether version is one that long headers of the shape
// of RFC 9000 carry.
func isQUICVersion(version uint32) bool {
	return quicSalt(version) != "" || version&^0xF == quicFacebook
}

// isGoogleQUIC reports whether version is one of Google's, "Q0" or "T0" and two
// digits.
func isGoogleQUIC(version uint32) bool {
	digit := func(b uint32) bool { return b >= '0' && b <= '9' }
	prefix := version &^ 0xFFFF
	return (prefix == quicGoogleQ || prefix == quicGoogleT) && digit(version>>8&0xFF) && digit(version&0xFF)
}
