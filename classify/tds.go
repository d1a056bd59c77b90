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
	if o.upgraded = len(client.inside)+len(server.inside) > 0; o.upgraded {
		o.client, o.server = 0, 0
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
func readTDS(b []byte, first byte) tdsHalf {
	h := tdsHalf{}
	handshaking := false // the packet before was TLS, and its message goes on
	for at := 0; at < len(b); {
		p := b[at:]
		if h.verdict == recognised && p[0] >= 20 && p[0] <= 23 { // a record of TLS
			h.take(b, at, len(b), 0)
			break
		}
		if h.verdict == unsure && p[0] != first {
			h.verdict = refused
			break
		}
		if len(p) < tdsHeader {
			break
		}
		length := int(binary.BigEndian.Uint16(p[2:]))
		if length < tdsHeader || h.verdict == unsure && !isTDSPrelogin(p, length) {
			if h.verdict == unsure {
				h.verdict = refused
			}
			break
		}
		payload := p[tdsHeader:min(length, len(p))]
		switch {
		case h.verdict == unsure:
			if len(payload) < tdsOption {
				return h
			}
			h.verdict = recognised
		case p[0] == tdsPrelogin, p[0] == tdsResponse && (handshaking || len(payload) > 1 && payload[0] >= 20 && payload[0] <= 23 && payload[1] == 3):
			h.take(b, at+tdsHeader, at+tdsHeader+len(payload), tdsHeader)
			handshaking = p[1]&1 == 0
		default:
			h.over = p[0] != tdsLogin7 || len(payload) >= tdsPassword+2
			if p[0] == tdsLogin7 {
				h.login = at
				h.password = h.over && binary.LittleEndian.Uint16(payload[tdsPassword:]) > 0
			}
			return h
		}
		at += length
	}
	return h
}

// isTDSPrelogin reports whether a packet looks like a PRELOGIN, as far as it is there:
// the last of its message, the first option is VERSION, which has six bytes.
func isTDSPrelogin(p []byte, length int) bool {
	ok := p[1] == 1 && length <= 1024 && p[7] == 0
	for i, want := range []int{0, 0, -1, 0, 6} {
		if at := tdsHeader + i; at < len(p) && want >= 0 {
			ok = ok && int(p[at]) == want
		}
	}
	return ok
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
