package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// redactDNS keeps a message, and overwrites what stands behind it.
func redactDNS(d Datagram) {
	m, _ := readDNS(d.Payload, true, nil)
	clear(d.Payload[len(d.Payload)-min(m.rest, len(d.Payload)):])
}

// redactSSDP redacts a head of HTTP over UDP.
func redactSSDP(d Datagram) {
	_, rest := readHead(d.Payload)
	redactHead(d.Payload[:len(d.Payload)-len(rest)], httpSlash)
	blankAll(rest)
}

// redactWSDiscovery keeps a SOAP envelope's elements and namespaces.
func redactWSDiscovery(d Datagram) { redactXML(d.Payload) }

// redactSIP redacts a message of SIP; a keep-alive holds nothing.
func redactSIP(d Datagram) { redactSIPStream(d.Payload, false) }

// redactPCP keeps what a mapping is of. Its nonce, by which it may be changed
// (RFC 6887, section 11.1), and options are overwritten.
func redactPCP(d Datagram) {
	const header, nonce, mapping = 24, 12, 36
	b := d.Payload
	keepFirst(b, header+mapping)
	if len(b) > header {
		clear(b[header:min(header+nonce, len(b))])
	}
}

// redactSNMP blanks the community and keeps of the message what it is.
func redactSNMP(d Datagram) {
	s := cryptobyte.String(d.Payload)
	_, message, _, ok := readBER(&s)
	clear(s)
	version, versionOK := readBERInteger(&message, berInteger)
	if !ok || !versionOK {
		clear(d.Payload)
		return
	}
	if version == 3 {
		readBERElement(&message, berSequence) // which names no user
		clear(message)
		return
	}
	community, _ := readBERElement(&message, berOctetString)
	blankAll(community)
	_, pdu, _, _ := readBER(&message)
	clear(pdu)
	clear(message)
}

// redactIKE keeps the exchanges before encryption that prove no secret:
// IKE_SA_INIT, and Main Mode of version 1. Of ESP the header stays.
func redactIKE(d Datagram) {
	const header, mainMode, saInit = 28, 2, 34
	b := d.Payload
	if len(b) >= 4 && d.on(ikeNATTPort) {
		if !bytes.Equal(b[:4], make([]byte, 4)) {
			keepFirst(b, 8) // SPI and sequence number
			return
		}
		b = b[4:]
	}
	if len(b) < header || b[18] != mainMode && b[18] != saInit {
		keepFirst(b, header)
	}
}

// redactWireGuard keeps handshakes.
func redactWireGuard(d Datagram) {
	if len(d.Payload) > 0 && d.Payload[0] == wireGuardTransport {
		keepFirst(d.Payload, 16)
	}
}

// redactOpenVPN keeps resets, and of other packets what they are.
func redactOpenVPN(d Datagram) {
	if len(d.Payload) == 0 {
		return
	}
	if reset, _ := isOpenVPNReset(d.Payload[0], d.size()); !reset {
		keepFirst(d.Payload, 1)
	}
}

// redactSRT keeps the handshake without its extensions, in which keys are, and
// of other packets the header.
func redactSRT(d Datagram) {
	if isSRTHandshake(d.Payload) {
		keepFirst(d.Payload, 16+48)
		return
	}
	keepFirst(d.Payload, 16)
}

// redactTFTP keeps the operation and the mode of a transfer.
func redactTFTP(d Datagram) {
	b := d.Payload
	if len(b) < 4 || b[0] != 0 || b[1] != 1 && b[1] != 2 {
		keepFirst(b, 4)
		return
	}
	name, rest, ok := bytes.Cut(b[2:], []byte{0})
	blankAll(name)
	mode, after, ended := bytes.Cut(rest, []byte{0})
	if !ok || !ended || len(mode) > 8 {
		clear(rest)
	}
	clear(after)
}

// redactSyslog keeps priority and, of RFC 5424, version and time.
func redactSyslog(d Datagram) {
	rest, ok := cutSyslogPriority(d.Payload)
	if !ok {
		clear(d.Payload)
		return
	}
	if isSyslogHeader(rest) {
		rest = rest[len("1 0000-00-00T00:00:00"):]
	}
	blankAll(rest)
}

// redactCoAP keeps the options that say what kind of resource is asked for, and
// blanks queries and payloads (RFC 7252, section 5.10).
func redactCoAP(d Datagram) {
	s := cryptobyte.String(d.Payload)
	if len(s) < 4 || !s.Skip(4) || !s.Skip(int(d.Payload[0]&0xf)) {
		keepFirst(d.Payload, 4)
		return
	}
	number := 0
	for !s.Empty() {
		begin := s
		var option uint8
		s.ReadUint8(&option)
		if option == 0xff {
			blankAll(s)
			return
		}
		delta, ok := coapNibble(&s, option>>4)
		length, lengthOK := coapNibble(&s, option&0xf)
		var value []byte
		if !ok || !lengthOK || !s.ReadBytes(&value, length) {
			keepFirst(begin, 1)
			return
		}
		switch number += delta; number {
		case 3, 6, 7, 11, 12, 14, 17, 23, 27, 28, 60: // host, observe, port, path, formats, age, blocks, sizes
		default:
			blankAll(value)
		}
	}
}

// redactNTP keeps time keeping, and of control and private messages the header.
func redactNTP(d Datagram) {
	if len(d.Payload) > 0 && d.Payload[0]&7 >= ntpControl {
		keepFirst(d.Payload, 12)
	}
}
