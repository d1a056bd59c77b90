package classify

import "golang.org/x/crypto/cryptobyte"

// relayed returns the datagram that TURN relays in d, in a channel or in a Send or
// Data indication (RFC 8656, sections 11 and 12), and whether it does; else d itself.
// Of what is relayed the relay stands for the other end.
func relayed(d Datagram) (inner Datagram, turn bool) {
	if inner, turn = channelData(d); turn {
		return inner, true
	}
	if m, ok := readSTUN(d.Payload); ok && m.relays() {
		return d.within(m.data, m.size), true
	}
	return d, false
}

// channelData recognises ChannelData by its channel number and length (RFC 8656,
// section 12.4), and returns what it carries.
func channelData(d Datagram) (inner Datagram, ok bool) {
	s := cryptobyte.String(d.Payload)
	var channel, length uint16
	if !s.ReadUint16(&channel) || !s.ReadUint16(&length) || channel < 0x4000 || channel > 0x4fff ||
		int(length)+4 > d.size() || d.size() > int(length)+7 {
		return d, false
	}
	return d.within(s, int(length)), true
}

// within returns the datagram of size bytes that d carries; b begins with those of
// them that were captured.
func (d Datagram) within(b []byte, size int) Datagram {
	kept := min(size, len(b))
	d.Payload, d.Missing = b[:kept], size-kept
	return d
}
