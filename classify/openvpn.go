package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

const openVPNPort = 1194

// Opcodes of OpenVPN, in the upper five bits of the first byte.
const (
	openVPNResetClientV2 = 7
	openVPNResetServerV2 = 8
	openVPNResetClientV3 = 10
	openVPNFirst         = 1
	openVPNLast          = 11
)

// openVPNDatagram recognises OpenVPN on its port by the reset that a session
// begins with.
func openVPNDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	b := d.Payload
	if len(b) == 0 {
		return NoMatch, false
	}
	opcode := b[0] >> 3
	if f.Protocol == ProtoOpenVPN && opcode >= openVPNFirst && opcode <= openVPNLast {
		return Matched, false
	}
	reset, server := isOpenVPNReset(b[0], d.size())
	if !d.on(openVPNPort) || !reset {
		return NoMatch, false
	}
	f.Protocol = ProtoOpenVPN
	return Matched, server != d.FromServer
}

// isOpenVPNReset knows a hard reset by its first byte, opcode and key 0, and its
// length: a session ID of eight bytes, then perhaps a HMAC and a packet ID,
// acknowledgements, a packet ID.
func isOpenVPNReset(first byte, length int) (ok, server bool) {
	if length < 14 || length > 600 || first&7 != 0 {
		return false, false
	}
	switch first >> 3 {
	case openVPNResetClientV2, openVPNResetClientV3:
		return true, false
	case openVPNResetServerV2:
		return true, true
	}
	return false, false
}

// openVPNStream recognises OpenVPN over TCP, where a length of two bytes stands
// before each packet: the server's reset acknowledges the client's, so it holds
// the client's session ID.
func openVPNStream(s Stream, _ *Learned) (Facts, Answer) {
	client, request := readOpenVPN(s.Client, false)
	server, answer := readOpenVPN(s.Server, true)
	switch {
	case client == refused, server == refused:
		return Facts{}, NoMatch
	case client == recognised && server == recognised:
		if bytes.Contains(answer, request[1:9]) {
			return Facts{Protocol: ProtoOpenVPN, Marks: []Mark{{What: "HARD_RESET_CLIENT"}}}, Matched
		}
		return Facts{}, NoMatch
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

func readOpenVPN(b []byte, server bool) (verdict, []byte) {
	s := cryptobyte.String(b)
	var length uint16
	var packet []byte
	switch {
	case len(b) > 0 && b[0] > 2:
		return refused, nil
	case !s.ReadUint16(&length) || len(s) == 0:
		return unsure, nil
	}
	if reset, fromServer := isOpenVPNReset(s[0], int(length)); !reset || fromServer != server {
		return refused, nil
	}
	if !s.ReadBytes(&packet, int(length)) {
		return unsure, nil
	}
	return recognised, packet
}
