package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// gtpu reads the header of a G-PDU, GTP-U's message that carries a packet, with
// its extension headers (3GPP TS 29.281, sections 5.1 and 5.2). missing bytes
// of the datagram's end were not captured.
func gtpu(data []byte, missing int) (c carried, ok bool) {
	const versionAndType, version1, optional, extended, gpdu = 0xf0, 0x30, 0x07, 0x04, 255
	s := cryptobyte.String(data)
	var flags, kind, next uint8
	var length uint16
	if !s.ReadUint8(&flags) || !s.ReadUint8(&kind) || !s.ReadUint16(&length) || !s.Skip(4) {
		return c, false
	}
	if flags&versionAndType != version1 || kind != gpdu || int(length) != len(s)+missing {
		return c, false
	}
	if flags&optional != 0 && (!s.Skip(3) || !s.ReadUint8(&next)) {
		return c, false
	}
	for flags&extended != 0 && next != 0 {
		var units uint8
		if !s.ReadUint8(&units) || units == 0 || !s.Skip(4*int(units)-2) || !s.ReadUint8(&next) {
			return c, false
		}
	}
	if len(s) == 0 {
		return c, false
	}
	c = carried{kind: flow.TunnelGTP, next: etherIPv4, data: s}
	if s[0]>>4 == 6 {
		c.next = etherIPv6
	}
	return c, true
}
