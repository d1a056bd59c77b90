package classify

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
)

// maxGoogleTags bounds the tags of a CHLO.
const maxGoogleTags = 128

// readGoogleVersion reads the version in a packet of Google's QUIC before the
// header of RFC 8999: up to 43 a public header whose flags say that a version
// follows, then a long header with both identifiers' lengths in one byte.
func readGoogleVersion(b []byte) (version uint32, ok bool) {
	s := cryptobyte.String(b)
	var flags uint8
	if !s.ReadUint8(&flags) {
		return 0, false
	}
	const hasVersion, reset, hasConnectionID, unused = 0x01, 0x02, 0x08, 0xC0
	switch {
	case flags&0xC0 == 0xC0:
		ok = s.ReadUint32(&version) && version >= quicGoogleQ+0x3434 && version < quicGoogleQ50
	case flags&(unused|reset) == 0 && flags&hasVersion != 0 && flags&hasConnectionID != 0:
		ok = s.Skip(8) && s.ReadUint32(&version) && version < quicGoogleQ+0x3434
	}
	return version, ok && isGoogleQUIC(version)
}

func beginsGoogleQUIC(d Datagram) bool {
	_, ok := readGoogleVersion(d.Payload)
	return ok
}

// googleDatagram reads a datagram of Google's QUIC whose hello is not TLS and
// not encrypted. Only its client names a version once the flow is under way.
func googleDatagram(d Datagram, f *Facts) (swap bool) {
	version, ok := readGoogleVersion(d.Payload)
	if !ok {
		return false
	}
	first := f.QUIC.Version == 0
	f.QUIC.Version = version
	f.QUIC.Versions = addOnce(f.QUIC.Versions, version, maxQUICVersions)
	if f.TLS == nil {
		t := &TLS{}
		if readGoogleHello(d.Payload, t) {
			f.TLS = t
			return d.FromServer
		}
	}
	return first && d.FromServer
}

// readGoogleFrames hands the CRYPTO frames with which Google's frames begin to
// crypto. They are those of RFC 9000 but for the type, which is 8.
func readGoogleFrames(s cryptobyte.String, crypto func(offset uint64, data []byte)) {
	for {
		var kind uint8
		var offset, length uint64
		var data []byte
		if !s.ReadUint8(&kind) || kind != 0 && kind != 8 {
			return
		}
		if kind == 0 { // padding
			continue
		}
		if !readVarint(&s, &offset) || !readVarint(&s, &length) || length > uint64(len(s)) || !s.ReadBytes(&data, int(length)) {
			return
		}
		crypto(offset, data)
	}
}

// readGoogleHello looks for a CHLO with a server's name in the frames of a
// packet, and writes the name to t.
func readGoogleHello(frames []byte, t *TLS) bool {
	// QUIC Crypto, 2016: "CHLO"; uint16 number of tags; 2 bytes of padding; of
	// each tag 4 characters and uint32 where its value ends, counted from the
	// end of this list; the values. Numbers are little-endian.
	_, hello, found := bytes.Cut(frames, []byte("CHLO"))
	if !found || len(hello) < 4 {
		return false
	}
	tags := int(binary.LittleEndian.Uint16(hello))
	s := cryptobyte.String(hello[4:])
	var list []byte
	if tags > maxGoogleTags || !s.ReadBytes(&list, 8*tags) {
		return false
	}
	begin := uint32(0)
	for ; len(list) > 0; list = list[8:] {
		end := binary.LittleEndian.Uint32(list[4:])
		if string(list[:4]) == "SNI\x00" && begin <= end && uint64(end) <= uint64(len(s)) {
			t.ServerName = string(s[begin:min(end, begin+maxServerName)])
			return true
		}
		begin = end
	}
	return false
}
