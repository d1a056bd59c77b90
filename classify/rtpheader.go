package classify

import "golang.org/x/crypto/cryptobyte"

// rtpHeader is the fixed header of an RTP packet (RFC 3550, section 5.1).
type rtpHeader struct {
	payloadType uint8
	sequence    uint16
	timestamp   uint32
	ssrc        uint32
}

// isMedia reports whether a datagram's first byte is that of RTP or RTCP where
// they share a port with STUN, DTLS and TURN (RFC 7983, section 7). It is the
// version 2 of RFC 3550.
func isMedia(b []byte) bool { return len(b) > 0 && b[0] >= 128 && b[0] <= 191 }

// isRTCP reports whether a packet of version 2 is RTCP by its second byte (RFC
// 5761, section 4): no payload type with the marker bit has these values.
func isRTCP(b []byte) bool { return len(b) > 1 && b[1] >= 192 && b[1] <= 223 }

// readRTPHeader reads the header of an RTP packet and checks that its list of
// sources, extension and padding are within it. missing bytes of its end were
// not kept.
func readRTPHeader(b []byte, missing int) (h rtpHeader, ok bool) {
	if !isMedia(b) || isRTCP(b) {
		return h, false
	}
	s := cryptobyte.String(b)
	var first, second uint8
	if !s.ReadUint8(&first) || !s.ReadUint8(&second) || !s.ReadUint16(&h.sequence) ||
		!s.ReadUint32(&h.timestamp) || !s.ReadUint32(&h.ssrc) {
		return h, false
	}
	h.payloadType = second & 0x7f
	if missing > 0 {
		return h, true
	}
	if !s.Skip(4 * int(first&0xf)) {
		return h, false
	}
	if first&0x10 != 0 { // RFC 3550, section 5.3.1
		var profile, words uint16
		if !s.ReadUint16(&profile) || !s.ReadUint16(&words) || !s.Skip(4*int(words)) {
			return h, false
		}
	}
	if first&0x20 == 0 {
		return h, true
	}
	return h, len(s) > 0 && s[len(s)-1] > 0 && int(s[len(s)-1]) <= len(s)
}

// readRTP reads a datagram that a SETUP has promised to be RTP or RTCP. Of RTCP
// the payload type returned is the packet type of the first packet, 200 or
// more.
func readRTP(b []byte) (ssrc uint32, payloadType uint8, ok bool) {
	if isMedia(b) && isRTCP(b) {
		s := cryptobyte.String(b)
		ok = s.Skip(4) && s.ReadUint32(&ssrc)
		return ssrc, b[1], ok
	}
	h, ok := readRTPHeader(b, 0)
	return h.ssrc, h.payloadType, ok
}
