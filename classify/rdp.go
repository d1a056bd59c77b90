package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// TPDU codes of X.224 connections.
const (
	x224ConnectionRequest = 0xe0
	x224ConnectionConfirm = 0xd0
)

// rdpStream recognises the Remote Desktop Protocol by its X.224 connection
// ([MS-RDPBCGR], sections 2.2.1.1 and 2.2.1.2), which may go over to TLS.
func rdpStream(s Stream, _ *Learned) (Facts, Answer) {
	client, request, afterRequest := readX224(s.Client, x224ConnectionRequest)
	server, confirm, afterConfirm := readX224(s.Server, x224ConnectionConfirm)
	client, server = rdpRequest(client, request), rdpConfirm(server, confirm)
	switch {
	case client == refused, server == refused:
		return Facts{}, NoMatch
	case client == recognised && (server == recognised || len(request) > 0),
		server == recognised && len(confirm) > 0 && s.Final:
	case s.Final:
		return Facts{}, NoMatch
	default:
		return Facts{}, NeedMore
	}
	o := newOpening(s)
	if client == recognised {
		o.mark("ConnectionRequest", 0, false)
	}
	if server == recognised {
		o.last = len(confirm) == 0 || confirm[0] != 2 || confirm[4] == 0
		if !o.last {
			if len(afterRequest) > 0 {
				o.begin(len(s.Client)-len(afterRequest), false)
			}
			o.begin(len(s.Server)-len(afterConfirm), true)
		}
	}
	return o.answer(s, Facts{Protocol: ProtoRDP})
}

// readX224 reads a TPKT (RFC 1006, section 6) with a connection TPDU of class 0
// and returns its variable part and what follows it.
func readX224(b []byte, code byte) (v verdict, variable, rest []byte) {
	// version 3, reserved, uint16 length; length indicator, code, uint16
	// destination, uint16 source, class
	if v := beginsWith(b, "\x03\x00"); v != recognised {
		return v, nil, nil
	}
	var length uint16
	var indicator, tpdu, class uint8
	var destination uint16
	s := cryptobyte.String(b)
	if !s.Skip(2) || !s.ReadUint16(&length) || !s.ReadUint8(&indicator) || !s.ReadUint8(&tpdu) {
		return unsure, nil, nil
	}
	if length < 11 || length > 1024 || int(indicator) != int(length)-5 && indicator != 0xfe || tpdu != code {
		return refused, nil, nil
	}
	ok := s.ReadUint16(&destination) && s.Skip(2) && s.ReadUint8(&class)
	switch {
	case !ok:
		return unsure, nil, nil
	case class != 0, code == x224ConnectionRequest && destination != 0:
		return refused, nil, nil
	case !s.ReadBytes(&variable, int(length)-11):
		return unsure, nil, nil
	}
	return recognised, variable, s
}

// rdpRequest tells an RDP request by its variable part: a routing token or
// cookie, and RDP_NEG_REQ; old clients send none.
func rdpRequest(v verdict, variable []byte) verdict {
	if v != recognised || len(variable) == 0 || bytes.HasPrefix(variable, []byte("Cookie: ")) {
		return v
	}
	if len(variable) >= 8 && variable[0] == 1 && variable[2] == 8 && variable[3] == 0 {
		return recognised
	}
	return refused
}

// rdpConfirm tells RDP_NEG_RSP and RDP_NEG_FAILURE.
func rdpConfirm(v verdict, variable []byte) verdict {
	if v != recognised || len(variable) == 0 {
		return v
	}
	if len(variable) == 8 && (variable[0] == 2 || variable[0] == 3) && variable[2] == 8 && variable[3] == 0 {
		return recognised
	}
	return refused
}
