package classify

import (
	"bytes"
	"strings"
)

const tftpPort = 69

// tftpDatagram recognises the request that a TFTP transfer begins with (RFC
// 1350, section 5): opcode 1 or 2, file name and mode, each ended by a zero. The
// transfer itself runs between other ports and is not told.
func tftpDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	b := d.Payload
	if d.Dst.Port() != tftpPort && f.Protocol != ProtoTFTP || len(b) < 4 || b[0] != 0 {
		return NoMatch, false
	}
	if f.Protocol == ProtoTFTP {
		return Matched, false
	}
	name, rest, named := bytes.Cut(b[2:], []byte{0})
	mode, _, ended := bytes.Cut(rest, []byte{0})
	if b[1] != 1 && b[1] != 2 || !named || !ended || len(name) == 0 || !isText(name) {
		return NoMatch, false
	}
	switch strings.ToLower(string(mode)) {
	case "octet", "netascii", "mail":
		f.Protocol = ProtoTFTP
		return Matched, false
	}
	return NoMatch, false
}
