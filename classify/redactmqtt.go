package classify

import "golang.org/x/crypto/cryptobyte"

// redactMQTT keeps what a half's packets are, client identifier and topics, and
// blanks will, user name, password, and what is published.
func redactMQTT(b []byte, _ bool) {
	for rest := b; len(rest) > 0; {
		p, after, whole, ok := readMQTTPacket(rest)
		if !ok {
			clear(rest)
			return
		}
		redactMQTTPacket(p)
		if !whole {
			return
		}
		rest = after
	}
}

func redactMQTTPacket(p mqttPacket) {
	s := p.body
	switch p.kind {
	case mqttConnect:
		redactMQTTConnect(p)
	case mqttPublish:
		var id uint16
		_, ok := readMQTTString(&s)
		if ok && p.flags&6 != 0 {
			ok = s.ReadUint16(&id)
		}
		if !ok {
			s = p.body
		}
		blankAll(s)
	case mqttConnack:
		keepFirst(s, 2)
	case mqttPuback, mqttPubrec, mqttPubrel, mqttPubcomp:
		keepFirst(s, 3)
	case mqttSubscribe, mqttUnsubscribe:
		options := p.kind == mqttSubscribe
		if !s.Skip(2) {
			return
		}
		if !mqttFilters(s, options) {
			redactMQTTProperties(&s)
			if !mqttFilters(s, options) {
				clear(s)
			}
		}
	case mqttSuback, mqttUnsuback:
		if !s.Skip(2) {
			return
		}
		if !mqttCodes(s) {
			redactMQTTProperties(&s)
			if !mqttCodes(s) {
				clear(s)
			}
		}
	default:
		keepFirst(s, 1) // a reason code
	}
}

// redactMQTTConnect keeps a CONNECT up to its client identifier and the lengths
// of what follows.
func redactMQTTConnect(p mqttPacket) {
	s := p.body
	var name cryptobyte.String
	var level, flags uint8
	var keepAlive uint16
	if c, _ := p.readConnect(); !c.mayBe {
		clear(p.body)
		return
	}
	if !s.ReadUint16LengthPrefixed(&name) || !s.ReadUint8(&level) || !s.ReadUint8(&flags) || !s.ReadUint16(&keepAlive) {
		return // which holds no secret yet
	}
	v5 := level&0x7f == 5
	if v5 && !redactMQTTProperties(&s) {
		clear(s)
		return
	}
	id := s
	if _, ok := readMQTTString(&s); !ok {
		blankMQTTField(&id)
		s = id
	}
	if v5 && flags&4 != 0 {
		redactMQTTProperties(&s)
	}
	for !s.Empty() {
		blankMQTTField(&s)
	}
}

// blankMQTTField blanks a field behind its length, whether whole or not.
func blankMQTTField(s *cryptobyte.String) {
	var length uint16
	var field []byte
	if !s.ReadUint16(&length) {
		clear(*s)
		*s = nil
		return
	}
	s.ReadBytes(&field, min(int(length), len(*s)))
	blankAll(field)
}

// redactMQTTProperties overwrites a property list behind its length, whether
// whole or not; it is false when it is not.
func redactMQTTProperties(s *cryptobyte.String) bool {
	n, whole, ok := readMQTTInteger(s)
	if !whole || !ok || n > len(*s) {
		clear(*s)
		return false
	}
	clear((*s)[:n])
	return s.Skip(n)
}
