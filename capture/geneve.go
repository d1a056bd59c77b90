package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// geneve reads RFC 8926, section 3.4, and goes past its options. A control
// packet (the O flag) carries nothing of anybody else's.
func geneve(data []byte) (c carried, ok bool) {
	const control, optionUnits = 0x80, 0x3f
	s := cryptobyte.String(data)
	var first, flags, reserved uint8
	var protocol uint16
	if !s.ReadUint8(&first) || !s.ReadUint8(&flags) || !s.ReadUint16(&protocol) || !s.Skip(3) || !s.ReadUint8(&reserved) {
		return c, false
	}
	if first&^optionUnits != 0 || flags&control != 0 || reserved != 0 || !s.Skip(4*int(first&optionUnits)) {
		return c, false
	}
	return carried{kind: flow.TunnelGENEVE, next: protocol, data: s}, true
}
