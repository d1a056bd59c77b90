package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

const (
	ikePort     = 500
	ikeNATTPort = 4500
)

// ikeDatagram recognises IKE versions 1 and 2 (RFC 2408, RFC 7296) by a header
// whose length is the datagram's, and ESP in UDP (RFC 3948) where IKE was seen
// or both ports are its own.
func ikeDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	s := cryptobyte.String(d.Payload)
	if d.on(ikeNATTPort) {
		known := f.Protocol == ProtoIKE || f.Protocol == ProtoESP
		if known && d.size() == 1 && bytes.Equal(d.Payload, []byte{0xff}) {
			return Matched, false // NAT keep-alive
		}
		var marker uint32
		if !s.ReadUint32(&marker) {
			return NoMatch, false
		}
		if marker != 0 {
			return espDatagram(d, f, known, marker)
		}
	} else if !d.on(ikePort) && f.Protocol != ProtoIKE {
		return NoMatch, false
	}
	asks, ok := readIKE(s, d.Missing)
	if !ok {
		return NoMatch, false
	}
	f.Protocol = ProtoIKE
	return Matched, asks && d.FromServer
}

// espDatagram takes a security parameter index and a sequence number for ESP
// (RFC 4303, section 2); values below 256 are reserved.
func espDatagram(d Datagram, f *Facts, known bool, spi uint32) (Answer, bool) {
	if spi < 256 || d.size() < 24 || !known && d.Src.Port() != d.Dst.Port() {
		return NoMatch, false
	}
	if !known {
		f.Protocol = ProtoESP
	}
	return Matched, false
}

// readIKE checks a header (RFC 7296, section 3.1): initiator's and responder's
// SPI, next payload, version, exchange type, flags, message ID, length. asks
// says that the message is the first of an exchange that begins a security
// association.
func readIKE(s cryptobyte.String, missing int) (asks, ok bool) {
	size := len(s) + missing
	var initiator, responder uint64
	var payload, version, exchange, flags uint8
	var id, length uint32
	if !s.ReadUint64(&initiator) || !s.ReadUint64(&responder) || !s.ReadUint8(&payload) || !s.ReadUint8(&version) ||
		!s.ReadUint8(&exchange) || !s.ReadUint8(&flags) || !s.ReadUint32(&id) || !s.ReadUint32(&length) {
		return false, false
	}
	ok = initiator != 0 && int64(length) == int64(size) &&
		(version == 0x10 && exchange >= 1 && exchange <= 34 || version == 0x20 && exchange >= 34 && exchange <= 43)
	return responder == 0 && id == 0, ok
}
