package classify

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
)

// MQTT control packet types (MQTT 5.0, section 2.1.2).
const (
	mqttConnect     = 1
	mqttConnack     = 2
	mqttPublish     = 3
	mqttPuback      = 4
	mqttPubrec      = 5
	mqttPubrel      = 6
	mqttPubcomp     = 7
	mqttSubscribe   = 8
	mqttSuback      = 9
	mqttUnsubscribe = 10
	mqttUnsuback    = 11
	mqttPingreq     = 12
	mqttPingresp    = 13
	mqttDisconnect  = 14
	mqttAuth        = 15
)

// mqttPacket is a control packet: what its fixed header says, and the bytes
// after it as far as they are there.
type mqttPacket struct {
	kind, flags uint8
	length      int
	body        cryptobyte.String
}

// readMQTTPacket reads the packet at the beginning of b (MQTT 5.0, section
// 2.1). ok is false when no packet begins so; whole is false when its end is
// missing.
func readMQTTPacket(b []byte) (p mqttPacket, rest []byte, whole, ok bool) {
	s := cryptobyte.String(b)
	var first uint8
	if !s.ReadUint8(&first) {
		return p, nil, false, true
	}
	p.kind, p.flags = first>>4, first&0xf
	if !p.flagsValid() {
		return p, nil, false, false
	}
	length, whole, ok := readMQTTInteger(&s)
	if !ok || !whole {
		return p, nil, false, ok
	}
	p.length = length
	whole = length <= len(s)
	s.ReadBytes((*[]byte)(&p.body), min(length, len(s)))
	return p, s, whole, p.lengthValid()
}

// readMQTTInteger reads a variable byte integer (MQTT 5.0, section 1.5.5): at
// most four bytes, in the fewest possible.
func readMQTTInteger(s *cryptobyte.String) (n int, whole, ok bool) {
	for shift := 0; shift < 28; shift += 7 {
		var c uint8
		if !s.ReadUint8(&c) {
			return 0, false, true
		}
		n |= int(c&0x7f) << shift
		if c&0x80 == 0 {
			return n, true, shift == 0 || c != 0
		}
	}
	return 0, false, false
}

// flagsValid checks the flags that each type reserves (MQTT 5.0, section
// 2.1.3).
func (p mqttPacket) flagsValid() bool {
	switch p.kind {
	case 0:
		return false
	case mqttPublish:
		return p.flags&6 != 6 // QoS 3
	case mqttPubrel:
		return p.flags == 2
	case mqttSubscribe, mqttUnsubscribe:
		return p.flags&^8 == 2 // 3.1 has the DUP flag here
	}
	return p.flags == 0
}

// lengthValid checks the least and, where there is one, the greatest length of
// a type in any version.
func (p mqttPacket) lengthValid() bool {
	switch p.kind {
	case mqttConnect:
		return p.length >= 12
	case mqttPingreq, mqttPingresp:
		return p.length == 0
	case mqttDisconnect, mqttAuth:
		return true
	case mqttPublish, mqttSuback:
		return p.length >= 3
	case mqttSubscribe, mqttUnsubscribe:
		return p.length >= 5
	}
	return p.length >= 2
}

// allowed reports whether a side may send the type.
func (p mqttPacket) allowed(server bool) bool {
	switch p.kind {
	case mqttConnect, mqttSubscribe, mqttUnsubscribe, mqttPingreq:
		return !server
	case mqttConnack, mqttSuback, mqttUnsuback, mqttPingresp:
		return server
	}
	return true
}

// opens reports whether a side's first packet may be of the type.
func (p mqttPacket) opens(server bool) bool {
	return server && (p.kind == mqttConnack || p.kind == mqttAuth) || p.kind == mqttConnect
}

// plausible checks the content of a whole packet that is neither CONNECT nor
// CONNACK as far as every version agrees on it.
func (p mqttPacket) plausible() bool {
	s := p.body
	var id uint16
	switch p.kind {
	case mqttPublish:
		topic, ok := readMQTTString(&s)
		ok = ok && !bytes.ContainsAny(topic, "#+")
		if p.flags&6 != 0 {
			ok = ok && s.ReadUint16(&id) && id != 0
		}
		return ok
	case mqttPuback, mqttPubrec, mqttPubrel, mqttPubcomp:
		return s.ReadUint16(&id) && id != 0 && (s.Empty() || mqttCodes(s[:1]))
	case mqttSubscribe, mqttUnsubscribe:
		options := p.kind == mqttSubscribe
		return s.ReadUint16(&id) && id != 0 && (mqttFilters(s, options) || skipMQTTProperties(&s) && mqttFilters(s, options))
	case mqttSuback, mqttUnsuback:
		return s.ReadUint16(&id) && id != 0 && (mqttCodes(s) || skipMQTTProperties(&s) && mqttCodes(s))
	}
	return true
}

// mqttFilters reports whether s is one topic filter or more, each with its
// options in SUBSCRIBE, and nothing else (MQTT 5.0, sections 3.8.3 and 3.10.3).
func mqttFilters(s cryptobyte.String, options bool) bool {
	n := 0
	for ; !s.Empty(); n++ {
		filter, ok := readMQTTString(&s)
		var o uint8
		if !ok || len(filter) == 0 || options && (!s.ReadUint8(&o) || o&0xc0 != 0 || o&3 == 3) {
			return false
		}
	}
	return n > 0
}

// mqttCodes reports whether s holds nothing but reason codes (MQTT 5.0, section
// 2.4): a QoS, that nobody subscribed, or an error.
func mqttCodes(s cryptobyte.String) bool {
	for _, code := range s {
		if code > 2 && code < 0x80 && code != 0x10 && code != 0x11 {
			return false
		}
	}
	return true
}

// skipMQTTProperties skips a property list (MQTT 5.0, section 2.2.2).
func skipMQTTProperties(s *cryptobyte.String) bool {
	n, whole, ok := readMQTTInteger(s)
	return whole && ok && s.Skip(n)
}

// readMQTTString reads a UTF-8 string (MQTT 5.0, section 1.5.4), which holds no
// null character.
func readMQTTString(s *cryptobyte.String) ([]byte, bool) {
	var b cryptobyte.String
	ok := s.ReadUint16LengthPrefixed(&b) && utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
	return b, ok
}
