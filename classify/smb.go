package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// smbStream recognises SMB over TCP ([MS-SMB2], section 2.1) and over NetBIOS
// sessions (RFC 1002, section 4.3), and reads the dialect that the server chose.
func smbStream(s Stream, _ *Learned) (Facts, Answer) {
	client, request := readSMB(s.Client, netbiosRequest)
	server, response := readSMB(s.Server, netbiosResponse)
	switch {
	case client == refused && !s.ClientJoined, server == refused && !s.ServerJoined, client == refused && server == refused:
		return Facts{}, NoMatch
	case client == recognised && smbReplies(request), server == recognised && !smbReplies(response):
		return Facts{}, NoMatch // the sides are swapped
	case client != recognised && server != recognised:
		if s.Final {
			return Facts{}, NoMatch
		}
		return Facts{}, NeedMore
	}
	f := Facts{Protocol: ProtoSMB, SMB: &SMB{}}
	if server == recognised {
		f.SMB.Dialect = smbDialect(response)
		if f.SMB.Dialect == "" { // a second negotiation may follow
			f.SMB.Dialect = smbDialect(secondSMB(s.Server))
		}
	}
	if s.Final || f.SMB.Dialect != "" {
		return f, Matched
	}
	return f, NeedMore
}

// Types of NetBIOS session packets.
const (
	netbiosMessage  = 0x00
	netbiosRequest  = 0x81
	netbiosResponse = 0x82
)

const smbHeader = 64 // of SMB 2 and 3

// readSMB reads the first message of a half, of which a header of SMB and the
// dialect suffice. A NetBIOS session request or its answer may come before it.
func readSMB(b []byte, before byte) (verdict, []byte) {
	s := cryptobyte.String(b)
	for {
		// type, uint24 length
		var kind uint8
		var length uint32
		switch {
		case len(s) > 0 && s[0] != netbiosMessage && s[0] != before:
			return refused, nil
		case !s.ReadUint8(&kind) || !s.ReadUint24(&length):
			return unsure, nil
		}
		if kind == netbiosMessage && length >= 32 {
			return smbMagic(s[:min(int(length), len(s))], int(length))
		}
		if kind == netbiosMessage || length > 255 {
			return refused, nil
		}
		if !s.Skip(int(length)) {
			return unsure, nil
		}
		before = netbiosMessage
	}
}

// secondSMB returns what follows the first message of a half.
func secondSMB(b []byte) []byte {
	s := cryptobyte.String(b)
	var length uint32
	if !s.Skip(1) || !s.ReadUint24(&length) || !s.Skip(int(length)) {
		return nil
	}
	_, second := readSMB(s, netbiosMessage)
	return second
}

// smbMagic checks the first bytes of a header: SMB 1, SMB 2, and the transforms
// of SMB 3 for encryption and compression.
func smbMagic(b []byte, length int) (verdict, []byte) {
	switch {
	case len(b) > 0 && bytes.IndexByte([]byte{0xff, 0xfe, 0xfd, 0xfc}, b[0]) < 0,
		len(b) > 1 && !bytes.HasPrefix([]byte("SMB"), b[1:min(4, len(b))]):
		return refused, nil
	case len(b) < min(length, smbHeader+8):
		return unsure, nil
	}
	return recognised, b
}

// smbReplies reports whether a header is that of a response: the highest bit of
// Flags in SMB 1, the lowest in SMB 2. Of an encrypted one it is not known.
func smbReplies(b []byte) bool {
	switch {
	case b[0] == 0xff:
		return b[9]&0x80 != 0
	case b[0] == 0xfe && len(b) > 16:
		return b[16]&1 != 0
	}
	return false
}

// smbDialect reads the dialect of a NEGOTIATE response ([MS-SMB2], section
// 2.2.4), or what else a server's header tells.
func smbDialect(b []byte) string {
	switch {
	case len(b) == 0:
		return ""
	case b[0] == 0xff:
		return "1"
	case b[0] == 0xfd, b[0] == 0xfc:
		return "3"
	}
	// StructureSize, SecurityMode, DialectRevision, all little-endian
	if len(b) < smbHeader+6 || b[12] != 0 || b[13] != 0 {
		return ""
	}
	switch [2]byte(b[smbHeader+4 : smbHeader+6]) {
	case [2]byte{0x02, 0x02}:
		return "2.0.2"
	case [2]byte{0x10, 0x02}:
		return "2.1"
	case [2]byte{0x00, 0x03}:
		return "3.0"
	case [2]byte{0x02, 0x03}:
		return "3.0.2"
	case [2]byte{0x11, 0x03}:
		return "3.1.1"
	}
	return "" // 2.???: a second negotiation follows
}
