package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// Bits of the first two bytes of a GRE header (RFC 2784, section 2.1, RFC 2890,
// section 2, RFC 1701 and, for version 1, RFC 2637, section 4.1).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080 // of version 1
	greVersion  = 0x0007
)

// Aruba's access points send the 802.11 frames of their radios in GRE; the low
// byte of the protocol says of which.
const (
	etherAruba     = 0x8200
	etherArubaMask = 0xff00
)

// gre reads a GRE header with those of its options that RFC 2890 left, of
// version 0, or of version 1 with a payload, which is PPTP's and always PPP.
func gre(data []byte) (c carried, ok bool) {
	s := cryptobyte.String(data)
	var flags, protocol uint16
	if !s.ReadUint16(&flags) || !s.ReadUint16(&protocol) || flags&greRouting != 0 {
		return c, false
	}
	optional := []uint16{greChecksum, greKey, greSequence}
	switch flags & greVersion {
	case 0:
	case 1:
		optional = []uint16{greKey, greSequence, greAck}
		if flags&(greChecksum|greKey|greSequence) != greKey|greSequence || protocol != etherPPP {
			return c, false
		}
	default:
		return c, false
	}
	for _, bit := range optional {
		if flags&bit != 0 && !s.Skip(4) {
			return c, false
		}
	}
	if protocol == etherERSPAN || protocol == etherERSPAN3 {
		return erspan(protocol, s)
	}
	return carried{kind: flow.TunnelGRE, next: protocol, data: s}, true
}

// erspan reads what a mirror port of Cisco's kind puts before the frame
// (draft-foschiano-erspan-03): of type I nothing, of type II eight bytes, of
// type III twelve and, if the last bit says so, eight more. Type I is told by
// the frame's EtherType: that it has no sequence number does not tell it, for
// Linux sends type II without one.
func erspan(protocol uint16, s cryptobyte.String) (c carried, ok bool) {
	c = carried{kind: flow.TunnelERSPAN, next: etherTransparent, data: s}
	var first uint16
	if !s.ReadUint16(&first) {
		return c, false
	}
	c.vlan = first & 0x0fff
	switch version := first >> 12; {
	case protocol == etherERSPAN && version == 1 && len(s) >= 6 && framed(s[6:]):
		c.data = s[6:]
	case protocol == etherERSPAN && framed(c.data):
		c.vlan = 0
	case protocol == etherERSPAN3 && version == 2:
		return erspan3(c, s)
	default:
		return c, false
	}
	return c, true
}

// erspan3 goes on with a header of type III (section 4.3).
func erspan3(c carried, s cryptobyte.String) (carried, bool) {
	const subheader, typeMask, typeIP = 0x0001, 0x7c00, 2 << 10
	var flags uint16
	if !s.Skip(2+4+2) || !s.ReadUint16(&flags) || flags&subheader != 0 && !s.Skip(8) {
		return c, false
	}
	c.data = s
	switch flags & typeMask {
	case 0:
		return c, true
	case typeIP:
		if len(s) > 0 && s[0]>>4 == 4 {
			c.next = etherIPv4
		} else {
			c.next = etherIPv6
		}
		return c, true
	}
	return c, false
}
