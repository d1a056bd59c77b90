package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// vxlan reads RFC 7348, section 5. The I flag is set and all the others are
// not, save the one of a group policy (draft-smith-vxlan-group-policy-05).
func vxlan(data []byte) (c carried, ok bool) {
	s := cryptobyte.String(data)
	var flags, reserved uint8
	if !s.ReadUint8(&flags) || !s.Skip(3+3) || !s.ReadUint8(&reserved) || flags&^0x80 != 0x08 || reserved != 0 {
		return c, false
	}
	return carried{kind: flow.TunnelVXLAN, next: etherTransparent, data: s}, true
}

// vxlanGPE reads the generic protocol extension (draft-ietf-nvo3-vxlan-gpe-12,
// section 3.1); without its P flag the header is VXLAN's own.
func vxlanGPE(data []byte) (c carried, ok bool) {
	const instance, nextProtocol = 0x08, 0x04
	s := cryptobyte.String(data)
	var flags, next, reserved uint8
	if !s.ReadUint8(&flags) || !s.Skip(2) || !s.ReadUint8(&next) || !s.Skip(3) || !s.ReadUint8(&reserved) || reserved != 0 {
		return c, false
	}
	c = carried{kind: flow.TunnelVXLAN, data: s}
	if flags == instance && next == 0 {
		next = 3
	} else if flags != instance|nextProtocol {
		return c, false
	}
	switch next {
	case 1:
		c.next = etherIPv4
	case 2:
		c.next = etherIPv6
	case 3:
		c.next = etherTransparent
	case 5:
		c.next = etherMPLS
	default:
		return c, false
	}
	return c, true
}
