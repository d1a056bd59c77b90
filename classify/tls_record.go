package classify

import (
	"golang.org/x/crypto/cryptobyte"
)

// Content types of records (RFC 8446, section 5.1; RFC 6520).
const (
	recordChangeCipherSpec = 20
	recordAlert            = 21
	recordHandshake        = 22
	recordApplicationData  = 23
	recordHeartbeat        = 24
)

// maxRecord bounds a record's length field: 2^14 bytes and what encryption may
// add (RFC 5246, section 6.2.3).
const maxRecord = 1<<14 + 2048

// maxHello bounds a hello's length field. Two lists of 2^16 bytes and what
// stands around them are the most that its syntax can hold.
const maxHello = 1<<17 + 1<<9

// tlsRecord is one record of the record layer. Its body is short when the half
// ends within it.
type tlsRecord struct {
	contentType uint8
	offset      int // of its first byte in the half
	body        cryptobyte.String
	whole       bool
}

// tlsHalf reads the records of one half and puts handshake messages together
// from them. A message's bytes are copied only where it spans records.
type tlsHalf struct {
	tlsSide
	length int               // of the whole half
	unread cryptobyte.String // the half from the next record on

	message cryptobyte.String // handshake bytes not yet eaten
	start   int               // offset of the record in which message begins
	copied  bool              // message is this type's own memory
}

func newTLSHalf(b []byte, server bool) *tlsHalf {
	return &tlsHalf{tlsSide: tlsSide{server: server}, length: len(b), unread: b}
}

// tlsSide is what is noted of one side of a handshake, whatever carries it.
type tlsSide struct {
	server bool
	marks  []Mark
	broken bool // something that is no record, or no message, was met
}

// mark notes where a message begins that decides something.
func (s *tlsSide) mark(what string, offset int) {
	if len(s.marks) < maxMarks/2 {
		s.marks = append(s.marks, Mark{What: what, Server: s.server, Offset: offset})
	}
}

// record eats one record. It is false at the half's end and where the next
// bytes are no record.
func (h *tlsHalf) record() (r tlsRecord, ok bool) {
	// RFC 8446, section 5.1: ContentType type; ProtocolVersion
	// legacy_record_version; uint16 length; opaque fragment[length]
	if !plausibleRecord(h.unread) {
		h.broken = true
		return r, false
	}
	r.offset = h.length - len(h.unread)
	var version, length uint16
	if !h.unread.ReadUint8(&r.contentType) || !h.unread.ReadUint16(&version) || !h.unread.ReadUint16(&length) {
		return r, false
	}
	r.whole = int(length) <= len(h.unread)
	h.unread.ReadBytes((*[]byte)(&r.body), min(int(length), len(h.unread)))
	return r, true
}

// plausibleRecord reports whether b, of which any number of bytes may be there,
// can be the beginning of a record. Receivers ignore the version of handshake
// records (RFC 8446, section 5.1), and several that they are empty.
func plausibleRecord(b []byte) bool {
	if len(b) > 0 && (b[0] < recordChangeCipherSpec || b[0] > recordHeartbeat) ||
		len(b) > 1 && b[1] != 3 || len(b) > 2 && b[2] > 4 && b[0] != recordHandshake {
		return false
	}
	if len(b) < 5 {
		return true
	}
	length := int(b[3])<<8 | int(b[4])
	return length <= maxRecord && (length > 0 || b[0] == recordApplicationData || b[0] == recordHandshake)
}

// messages eats the handshake messages that are whole with the body of r, and
// hands each to read until that returns false.
func (h *tlsHalf) messages(r tlsRecord, read func(messageType uint8, body cryptobyte.String, offset int) bool) {
	if len(h.message) == 0 {
		h.message, h.start, h.copied = r.body, r.offset, false
	} else {
		if !h.copied {
			h.message, h.copied = append(make([]byte, 0, len(h.message)+len(r.body)), h.message...), true
		}
		h.message = append(h.message, r.body...)
	}
	// RFC 8446, section 4: HandshakeType msg_type; uint24 length
	for {
		s := h.message
		var messageType uint8
		var body cryptobyte.String
		if !s.ReadUint8(&messageType) || !s.ReadUint24LengthPrefixed(&body) {
			return
		}
		if !read(messageType, body, h.start) {
			return
		}
		h.message, h.start = s, r.offset
	}
}

// handshaking reports whether both sides speak TLS and one of them has sent
// nothing but handshake messages in clear: what ends the handshake, and with it
// tells all of it, is still to come.
func handshaking(client, server []byte) bool {
	return onlyHandshake(client) && helloBeginning(server, true) == beginsHello ||
		onlyHandshake(server) && helloBeginning(client, false) == beginsHello
}

// onlyHandshake reports whether b, which is not empty, holds handshake records
// and no others.
func onlyHandshake(b []byte) bool {
	for n := 0; ; n++ {
		if len(b) < 5 {
			return n > 0
		}
		if b[0] != recordHandshake || b[1] != 3 {
			return false
		}
		b = b[min(len(b), 5+(int(b[3])<<8|int(b[4]))):]
	}
}

// beginning is what the first bytes of a half can be.
type beginning int

const (
	beginsOther  beginning = iota // no TLS
	beginsShort                   // too few bytes to say
	beginsHello                   // a hello, or an alert that answers one
	beginsSSLv2                   // the SSLv2 framing of either
	beginsWithin                  // records, but not those that begin a connection
)

// tlsBeginning says what b begins with. joined allows for a half of which the
// first bytes were not seen: two records in a row, or one that fills it, are
// then taken for TLS.
func tlsBeginning(b []byte, server, joined bool) beginning {
	if isHello := helloBeginning(b, server); isHello != beginsOther {
		return isHello
	}
	if !joined || helloBeginning(b, !server) == beginsHello { // the other side's hello: the sides are swapped
		return beginsOther
	}
	return joinedBeginning(b)
}

func helloBeginning(b []byte, server bool) beginning {
	b = skipIdle(b, server)
	if len(b) == 0 {
		return beginsShort
	}
	if b[0] >= 0x80 {
		return sslv2Beginning(b, server)
	}
	if !plausibleRecord(b) || b[0] != recordHandshake && b[0] != recordAlert {
		return beginsOther
	}
	if len(b) < 6 {
		return beginsShort
	}
	if b[0] == recordAlert { // RFC 8446, section 6: level, description
		if b[3] == 0 && b[4] == 2 && (b[5] == alertWarning || b[5] == alertFatal) {
			return beginsHello
		}
		return beginsOther
	}
	first := b[5]
	if server && first != serverHelloType && first != helloRequestType && first != helloRetryType || !server && first != clientHelloType {
		return beginsOther
	}
	// A first record may end before the message's length.
	if len(b) >= 9 && int(b[3])<<8|int(b[4]) >= 4 && int(b[6])<<16|int(b[7])<<8|int(b[8]) > maxHello {
		return beginsOther
	}
	return beginsHello
}

// skipIdle skips records that say nothing before a hello: empty ones and, of a
// server, the ChangeCipherSpec of RFC 8446, section 5, which may come at any time.
func skipIdle(b []byte, server bool) []byte {
	for {
		switch {
		case len(b) >= 5 && b[0] == recordHandshake && b[1] == 3 && b[3] == 0 && b[4] == 0:
			b = b[5:]
		case server && len(b) > 0 && b[0] == recordChangeCipherSpec && plausibleRecord(b):
			if len(b) >= 6 && (b[3] != 0 || b[4] != 1 || b[5] != 1) {
				return b
			}
			b = b[min(len(b), 6):]
		default:
			return b
		}
	}
}

func joinedBeginning(b []byte) beginning {
	h := newTLSHalf(b, false)
	for records := 0; ; records++ {
		if len(h.unread) == 0 {
			if records == 0 {
				return beginsShort
			}
			return beginsWithin
		}
		r, ok := h.record()
		switch {
		case h.broken || ok && r.contentType == recordHeartbeat:
			return beginsOther
		case !ok || !r.whole && records == 0:
			return beginsShort
		case records > 0:
			return beginsWithin
		}
	}
}
