package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// returnCode reads a CONNACK's return code, or reason code in 5.0 (MQTT 5.0,
// section 3.2.2).
func (p mqttPacket) returnCode() (code uint8, ok bool) {
	s := p.body
	var flags uint8
	ok = s.ReadUint8(&flags) && flags <= 1 && s.ReadUint8(&code) && (code < 6 || code >= 0x80)
	return code, ok
}

// mqttConnectPacket is what a CONNECT says (MQTT 5.0, section 3.1), and none of
// its will, user name and password.
type mqttConnectPacket struct {
	version  string
	clientID string
	flags    uint8
	complete bool // every field that the flags announce was there
	mayBe    bool // what is there of it does not contradict
}

// readConnect reads a CONNECT up to its client identifier; ok is false when
// that much is not there or the protocol is another.
func (p mqttPacket) readConnect() (c mqttConnectPacket, ok bool) {
	s := p.body
	var name cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&name) {
		c.mayBe = bytes.HasPrefix([]byte("\x00\x04MQTT"), p.body) || bytes.HasPrefix([]byte("\x00\x06MQIsdp"), p.body)
		return c, false
	}
	if string(name) != "MQTT" && string(name) != "MQIsdp" {
		return c, false
	}
	c.mayBe = true
	var level uint8
	var keepAlive uint16
	if !s.ReadUint8(&level) || !s.ReadUint8(&c.flags) || !s.ReadUint16(&keepAlive) {
		return c, false
	}
	switch level & 0x7f { // brokers that bridge set the highest bit
	case 3:
		c.version = "3.1"
	case 4:
		c.version = "3.1.1"
	case 5:
		c.version = "5.0"
		if !skipMQTTProperties(&s) {
			return c, false
		}
	}
	id, ok := readMQTTString(&s)
	if !ok {
		return c, false
	}
	c.clientID = text(id)
	c.complete = c.skipPayload(s)
	return c, true
}

// skipPayload checks that will, user name and password are where the flags say
// (MQTT 5.0, section 3.1.3), and nothing after them.
func (c mqttConnectPacket) skipPayload(s cryptobyte.String) bool {
	fields := 0
	if c.flags&4 != 0 {
		if c.version == "5.0" && !skipMQTTProperties(&s) {
			return false
		}
		fields = 2
	}
	if c.flags&0x80 != 0 {
		fields++
	}
	if c.flags&0x40 != 0 {
		fields++
	}
	for range fields {
		var field cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&field) {
			return false
		}
	}
	return s.Empty()
}
