package classify

import "golang.org/x/crypto/cryptobyte"

const coapPort = 5683

// coapDatagram recognises CoAP (RFC 7252, section 3) on its port by a header,
// token and options that are well-formed.
func coapDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	if !d.on(coapPort) && f.Protocol != ProtoCoAP || !isCoAP(d) {
		return NoMatch, false
	}
	f.Protocol = ProtoCoAP
	return Matched, false
}

func isCoAP(d Datagram) bool {
	// version 1, type, token length; code; message ID; token; options
	s := cryptobyte.String(d.Payload)
	var first, code uint8
	if !s.ReadUint8(&first) || !s.ReadUint8(&code) || !s.Skip(2) || first>>6 != 1 || first&0xf > 8 {
		return false
	}
	class, detail := code>>5, code&0x1f
	switch {
	case code == 0: // Empty
		return first&0xf == 0 && d.size() == 4
	case class != 0 && class != 2 && class != 4 && class != 5, class == 0 && detail > 7:
		return false
	}
	if !s.Skip(int(first & 0xf)) {
		return false
	}
	for !s.Empty() {
		var option uint8
		s.ReadUint8(&option)
		if option == 0xff { // a payload follows, which is not empty
			return !s.Empty() || d.Missing > 0
		}
		_, ok := coapNibble(&s, option>>4)
		length, lengthOK := coapNibble(&s, option&0xf)
		if !ok || !lengthOK || !s.Skip(length) {
			return d.Missing > 0
		}
	}
	return true
}

// coapNibble reads an option's delta or length, which 13 and 14 extend (RFC
// 7252, section 3.1).
func coapNibble(s *cryptobyte.String, nibble uint8) (n int, ok bool) {
	var short uint8
	var long uint16
	switch nibble {
	case 13:
		ok = s.ReadUint8(&short)
		return int(short) + 13, ok
	case 14:
		ok = s.ReadUint16(&long)
		return int(long) + 269, ok
	case 15:
		return 0, false
	}
	return int(nibble), true
}
