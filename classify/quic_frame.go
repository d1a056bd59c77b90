package classify

import "golang.org/x/crypto/cryptobyte"

// Frames that an Initial packet can hold (RFC 9000, sections 12.4 and 19).
const (
	framePadding         = 0x00
	framePing            = 0x01
	frameACK             = 0x02
	frameACKWithECN      = 0x03
	frameCrypto          = 0x06
	frameConnectionClose = 0x1C
)

// readQUICFrames hands the CRYPTO frames among those of an Initial packet to
// crypto, and the code of a CONNECTION_CLOSE to closed. It is false when the
// frames break their syntax.
func readQUICFrames(s cryptobyte.String, crypto func(offset uint64, data []byte), closed func(code uint64)) bool {
	for !s.Empty() {
		var kind, code uint64
		if !readVarint(&s, &kind) {
			return false
		}
		switch kind {
		case framePadding, framePing:
		case frameACK, frameACKWithECN:
			if !skipACK(&s, kind == frameACKWithECN) {
				return false
			}
		case frameCrypto: // RFC 9000, section 19.6: varint offset, length; data
			var offset, length uint64
			var data []byte
			if !readVarint(&s, &offset) || !readVarint(&s, &length) || length > uint64(len(s)) || !s.ReadBytes(&data, int(length)) {
				return false
			}
			crypto(offset, data)
		case frameConnectionClose: // RFC 9000, section 19.19: varint error code
			if !readVarint(&s, &code) {
				return false
			}
			closed(code)
			return true
		default:
			return false
		}
	}
	return true
}

// skipACK eats an ACK frame after its type (RFC 9000, section 19.3): varint
// largest, delay, range count, first range; of each range gap and length; of
// ECN three counts.
func skipACK(s *cryptobyte.String, ecn bool) bool {
	var largest, delay, count, v uint64
	if !readVarint(s, &largest) || !readVarint(s, &delay) || !readVarint(s, &count) || !readVarint(s, &v) || count > uint64(len(*s)) {
		return false
	}
	rest := 2 * count
	if ecn {
		rest += 3
	}
	for range rest {
		if !readVarint(s, &v) {
			return false
		}
	}
	return true
}
