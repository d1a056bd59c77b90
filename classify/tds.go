package classify

import "encoding/binary"

// Types of TDS packets ([MS-TDS], section 2.2.3.1.1).
const (
	tdsResponse = 0x04
	tdsLogin7   = 0x10
	tdsPrelogin = 0x12
)

const (
	tdsHeader = 8 // bytes: type, status, length of all, SPID, number, window
	tdsOption = 5 // bytes of the first option of a PRELOGIN: VERSION, where it is, its length

	// Where a LOGIN7 says how long its password is ([MS-TDS], section 2.2.6.4). Who
	// logs in by Windows or by a token sends none.
	tdsPassword = 46
)

// tdsStream reads the Tabular Data Stream of SQL Server up to its login. The TLS
// handshake stands in PRELOGIN packets, and what is encrypted follows without ([MS-TDS],
// section 3.2.5.2). From version 8.0 on the connection begins with TLS.
func tdsStream(s Stream, _ *Learned) (Facts, Answer) {
	client, server := readTDS(s.Client, tdsPrelogin), readTDS(s.Server, tdsResponse)
	switch {
	case client.verdict == refused, server.verdict == refused:
		return Facts{}, NoMatch
	case client.verdict == recognised, server.verdict == recognised && s.Final:
	case s.Final:
		return Facts{}, NoMatch
	default:
		return Facts{}, NeedMore
	}
	o := newOpening(s)
	if client.verdict == recognised {
		o.mark("PRELOGIN", 0, false)
	}
	if server.verdict == recognised {
		o.mark("PRELOGIN", 0, true)
	}
	if client.password {
		o.credentials("login7", client.login) // in which it is merely turned
	}
	own := len(o.marks)
	if len(client.inside)+len(server.inside) > 0 {
		o.begin(0, false)
		o.begin(0, true)
	}
	o.last = client.over
	f, answer := o.answer(Stream{Client: client.inside, Server: server.inside, Final: s.Final}, Facts{Protocol: ProtoTDS})
	for i := own; i < len(f.Marks); i++ {
		m := &f.Marks[i]
		if m.Server {
			m.Offset = server.outside(m.Offset)
		} else {
			m.Offset = client.outside(m.Offset)
		}
	}
	return f, answer
}

// tdsHalf is what one side sent.
type tdsHalf struct {
	verdict
	inside []byte // of TLS
	pieces []tdsPiece

	login    int  // offset of a LOGIN7 in clear; 0 if there is none
	password bool // it has one
	over     bool // nothing that still follows matters
}

// tdsPiece is where a part of TLS stands in the half.
type tdsPiece struct {
	inside, outside, length int
	header                  int // bytes before it that are a packet's header
}

// readTDS reads a half that begins with a PRELOGIN in a packet of the type first.
func readTDS(b []byte, first byte) (h tdsHalf) {
	var length int
	if length, h.verdict = readTDSPrelogin(b, first); h.verdict != recognised {
		return h
	}
	handshaking := false // the packet before was TLS, and its message goes on
	for at := length; at < len(b); at += length {
		p := b[at:]
		if isTLSRecord(p[0]) {
			h.take(b, at, len(b), 0)
			return h
		}
		if len(p) < tdsHeader {
			return h
		}
		if length = int(binary.BigEndian.Uint16(p[2:])); length < tdsHeader {
			return h
		}
		payload := p[tdsHeader:min(length, len(p))]
		answered := p[0] == tdsResponse && (handshaking || len(payload) > 1 && isTLSRecord(payload[0]) && payload[1] == 3)
		if p[0] != tdsPrelogin && !answered {
			h.end(p[0], payload, at)
			return h
		}
		h.take(b, at+tdsHeader, at+tdsHeader+len(payload), tdsHeader)
		handshaking = p[1]&1 == 0
	}
	return h
}

// readTDSPrelogin reads the packet that a half begins with, as far as it is there: the
// last of its message, whose first option is VERSION, which has six bytes.
func readTDSPrelogin(b []byte, first byte) (length int, v verdict) {
	if len(b) > 0 && b[0] != first {
		return 0, refused
	}
	if len(b) < tdsHeader {
		return 0, unsure
	}
	length = int(binary.BigEndian.Uint16(b[2:]))
	ok := b[1] == 1 && length >= tdsHeader && length <= 1024 && b[7] == 0
	for i, want := range []int{0, 0, -1, 0, 6} {
		if at := tdsHeader + i; at < len(b) && want >= 0 {
			ok = ok && int(b[at]) == want
		}
	}
	switch {
	case !ok:
		return 0, refused
	case min(length, len(b)) < tdsHeader+tdsOption:
		return 0, unsure
	}
	return length, recognised
}

// isTLSRecord reports whether a record of TLS may begin so; no packet does.
func isTLSRecord(first byte) bool {
	return first >= recordChangeCipherSpec && first <= recordApplicationData
}

// end takes the first packet that is no longer of the handshake.
func (h *tdsHalf) end(kind byte, payload []byte, at int) {
	if h.over = kind != tdsLogin7; h.over {
		return
	}
	h.login, h.over = at, len(payload) >= tdsPassword+2
	h.password = h.over && binary.LittleEndian.Uint16(payload[tdsPassword:]) > 0
}

// take takes the bytes from one offset to another as TLS.
func (h *tdsHalf) take(b []byte, from, to, header int) {
	h.pieces = append(h.pieces, tdsPiece{len(h.inside), from, to - from, header})
	h.inside = append(h.inside, b[from:to]...)
}

// outside returns where in the half a byte of TLS stands.
func (h *tdsHalf) outside(inside int) int {
	at := 0
	for _, p := range h.pieces {
		if p.inside <= inside {
			at = p.outside + inside - p.inside
		}
	}
	return at
}

// redactTDS keeps the packets' headers, which version a PRELOGIN names, and TLS.
func redactTDS(s Stream) {
	redactTDSHalf(s.Client, tdsPrelogin, false)
	redactTDSHalf(s.Server, tdsResponse, true)
}

func redactTDSHalf(b []byte, first byte, server bool) {
	h := readTDS(b, first)
	if h.verdict == refused {
		clear(b)
		return
	}
	kept := make([]byte, len(b))
	copy(kept, b[:min(len(b), tdsHeader+tdsOption)])
	if h.login > 0 {
		copy(kept[h.login:], b[h.login:min(len(b), h.login+tdsHeader)])
		if length := h.login + tdsHeader + tdsPassword; h.password {
			copy(kept[length:], b[length:length+2])
		}
	}
	redactTLS(h.inside, server)
	for _, p := range h.pieces {
		copy(kept[p.outside-p.header:], b[p.outside-p.header:p.outside])
		copy(kept[p.outside:], h.inside[p.inside:p.inside+p.length])
	}
	copy(b, kept)
}
