package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// l2tp reads the header of a data message (RFC 2661, section 3.1). missing
// bytes of the datagram's end were not captured.
func l2tp(data []byte, missing int) (c carried, ok bool) {
	const hasLength, hasSequence, hasOffset, priority, version2 = 0x4000, 0x0800, 0x0200, 0x0100, 0x0002
	s := cryptobyte.String(data)
	var flags, length, offset uint16
	if !s.ReadUint16(&flags) || flags&^(hasLength|hasSequence|hasOffset|priority) != version2 {
		return c, false
	}
	if flags&hasLength != 0 && (!s.ReadUint16(&length) || int(length) > len(data)+missing) ||
		!s.Skip(2+2) || // tunnel and session
		flags&hasSequence != 0 && !s.Skip(2+2) ||
		flags&hasOffset != 0 && (!s.ReadUint16(&offset) || !s.Skip(int(offset))) {
		return c, false
	}
	return carried{kind: flow.TunnelL2TP, next: etherPPP, data: s}, true
}
