package classify

import "golang.org/x/crypto/cryptobyte"

// RTCP packet types (RFC 3550, section 12.1).
const (
	rtcpSenderReport      = 200
	rtcpReceiverReport    = 201
	rtcpSourceDescription = 202
)

// rtcpCompound is what a compound packet says of its sender.
type rtcpCompound struct {
	ssrc  uint32
	cname bool // it held a source description with a CNAME
}

// readRTCP reads a compound packet by the rules of RFC 3550, appendix A.2: the
// first packet is a report, every packet has version 2, the lengths add up to
// the datagram's, and only the last packet is padded.
func readRTCP(b []byte) (c rtcpCompound, ok bool) {
	if !isRTCP(b) || b[1] != rtcpSenderReport && b[1] != rtcpReceiverReport {
		return c, false
	}
	s := cryptobyte.String(b)
	for first := true; !s.Empty(); first = false {
		var flags, packetType uint8
		var words uint16
		var body cryptobyte.String
		if !s.ReadUint8(&flags) || !s.ReadUint8(&packetType) || !s.ReadUint16(&words) || !s.ReadBytes((*[]byte)(&body), 4*int(words)) {
			return c, false
		}
		padded := flags&0x20 != 0
		if flags>>6 != 2 || packetType < 192 || packetType > 223 || padded && !s.Empty() {
			return c, false
		}
		if !c.packet(packetType, flags&0x1f, body, first) {
			return c, false
		}
	}
	return c, true
}

func (c *rtcpCompound) packet(packetType, count uint8, body cryptobyte.String, first bool) bool {
	var ssrc uint32
	switch packetType {
	case rtcpSenderReport, rtcpReceiverReport:
		fixed := 0
		if packetType == rtcpSenderReport {
			fixed = 20 // RFC 3550, section 6.4.1
		}
		if !body.ReadUint32(&ssrc) || !body.Skip(fixed+24*int(count)) {
			return false
		}
		if first {
			c.ssrc = ssrc
		}
	case rtcpSourceDescription:
		var item, length uint8
		if count > 0 && body.ReadUint32(&ssrc) && body.ReadUint8(&item) && body.ReadUint8(&length) {
			c.cname = c.cname || item == 1 && length > 0 && body.Skip(int(length))
		}
	}
	return true
}
