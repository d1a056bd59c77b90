package classify

import "bytes"

const (
	rtmpVersion = 3
	rtmpPacket  = 1536 // C1, S1, C2 and S2
)

// rtmpStream recognises RTMP by its handshake (Adobe's RTMP 1.0, section 5.2):
// each side sends the version, 1536 bytes with a time, and an echo of the other
// side's. The version alone is a byte like many, so an echo or the connect
// command after the handshake must follow.
func rtmpStream(s Stream, _ *Learned) (Facts, Answer) {
	if len(s.Client) > 0 && s.Client[0] != rtmpVersion || len(s.Server) > 0 && s.Server[0] != rtmpVersion {
		return Facts{}, NoMatch
	}
	c1, c2, commands := rtmpPackets(s.Client)
	s1, s2, _ := rtmpPackets(s.Server)
	// Flash players and digests replace the four zero bytes by a version.
	switch {
	case isRTMPEcho(c1, s2), isRTMPEcho(s1, c2), bytes.Contains(commands[:min(len(commands), 64)], []byte("\x02\x00\x07connect")):
		return Facts{Protocol: ProtoRTMP, Marks: []Mark{{What: "C0"}}}, Matched
	case s.Final, len(commands) > 64:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// rtmpPackets cuts a half behind its version.
func rtmpPackets(b []byte) (first, second, rest []byte) {
	b = b[min(1, len(b)):]
	first, b = b[:min(rtmpPacket, len(b))], b[min(rtmpPacket, len(b)):]
	second, rest = b[:min(rtmpPacket, len(b))], b[min(rtmpPacket, len(b)):]
	return first, second, rest
}

// isRTMPEcho compares time and random bytes, and leaves out the time at which
// the packet was read.
func isRTMPEcho(packet, echo []byte) bool {
	return len(packet) == rtmpPacket && len(echo) == rtmpPacket &&
		bytes.Equal(packet[:4], echo[:4]) && bytes.Equal(packet[8:], echo[8:])
}
