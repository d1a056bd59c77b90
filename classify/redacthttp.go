package classify

import "bytes"

// redactHTTP redacts both halves of an HTTP/1 connection, and what it goes over
// to: TLS behind CONNECT or an upgrade, MQTT in WebSocket frames.
func redactHTTP(s Stream) {
	c := &httpConn{}
	seen, _, _ := readHTTP(s)
	webSocket := seen.http.Upgrade == "websocket" || len(s.Server) == 0
	inner, _ := mqttStream(s, nil)
	mqtt := inner.Protocol == ProtoMQTT
	(&httpRedaction{httpReader{httpConn: c}, webSocket, mqtt}).half(s.Client, s.ClientJoined)
	(&httpRedaction{httpReader{httpConn: c, server: true}, webSocket, mqtt}).half(s.Server, s.ServerJoined)
}

// httpRedaction goes through one half as httpReader does, and lets it say where
// each message ends.
type httpRedaction struct {
	httpReader
	webSocket bool // the connection went over to it
	mqtt      bool // which carries MQTT
}

func (r *httpRedaction) half(b []byte, joined bool) {
	b = trimLines(b)
	line, _, _ := cutLine(b)
	if _, ok := r.start(line); !ok && joined {
		at := max(findStart(b, httpSlash), 0)
		blankAll(b[:at])
		b = b[at:]
	}
	frames := false // what follows may be WebSocket's
	for len(b) > 0 {
		if b[0] == '\r' || b[0] == '\n' {
			b = b[1:]
			continue
		}
		line, _, whole := cutLine(b)
		if _, ok := r.start(line); !ok || !whole {
			r.tail(b, frames)
			return
		}
		h, rest := readHead(b)
		frames = r.webSocket && h.whole && isWebSocket(h)
		chunked := isChunked(h)
		after := r.message(b)
		redactHead(b[:len(b)-len(rest)], httpSlash)
		if after == nil {
			r.tail(rest, frames)
			return
		}
		if body := rest[:len(rest)-len(after)]; chunked {
			redactChunks(body)
		} else {
			redactBody(body)
		}
		b = after
	}
}

// tail redacts what is no HTTP.
func (r *httpRedaction) tail(b []byte, frames bool) {
	switch {
	case beginsTLS(b, r.server):
		redactTLS(b, r.server)
	case frames && r.mqtt:
		redactWebSocket(b, func(inner []byte) { redactMQTT(inner, r.server) })
	case frames:
		redactWebSocket(b, blankAll)
	default:
		blankAll(b)
	}
}

// redactChunks blanks the data of a chunked body that is whole and keeps what
// frames it (RFC 9112, section 7.1).
func redactChunks(b []byte) {
	for {
		line, rest, ok := cutLine(b)
		size, extension, _ := bytes.Cut(line, []byte{';'})
		n := number(string(size), 16, 31)
		blank(extension)
		if !ok || n == 0 || n > uint64(len(rest)) {
			for len(rest) > 0 { // trailers
				field := fieldOf(rest)
				redactField(field)
				rest = rest[len(field):]
			}
			return
		}
		blank(rest[:n])
		line, b, ok = cutLine(rest[n:])
		if blank(line); !ok { // of what is longer than it said
			return
		}
	}
}

// redactWebSocket hands the payload of data frames, unmasked and joined, to
// redact and writes it back; of control frames the payload is overwritten.
func redactWebSocket(b []byte, redact func(inner []byte)) {
	inner := webSocketPayload(b)
	redact(inner)
	for len(b) > 0 {
		f, ok := cutMaskedFrame(b)
		if !ok {
			clear(b)
			return
		}
		if f.opcode <= 2 {
			for i := range f.payload {
				f.payload[i] = inner[i]
				if f.key != nil {
					f.payload[i] ^= f.key[i%4]
				}
			}
			inner = inner[len(f.payload):]
		} else {
			clear(f.payload)
		}
		b = b[f.length:]
	}
}

// maskedFrame is a WebSocket frame where it lies.
type maskedFrame struct {
	opcode       uint8
	key, payload []byte
	length       int // of all of it that is there
}

// cutMaskedFrame finds the parts of the frame that b begins with, as
// readWebSocketFrame reads it.
func cutMaskedFrame(b []byte) (f maskedFrame, ok bool) {
	if len(b) < 2 || b[0]&0x70 != 0 {
		return f, false
	}
	header, length := 2, uint64(b[1]&0x7f)
	if extra := map[uint64]int{126: 2, 127: 8}[length]; extra > 0 {
		if header += extra; len(b) < header {
			return f, false
		}
		length = 0
		for _, c := range b[2:header] {
			length = length<<8 | uint64(c)
		}
	}
	if b[1]&0x80 != 0 {
		if header += 4; len(b) < header {
			return f, false
		}
		f.key = b[header-4 : header]
	}
	n := int(min(length, uint64(len(b)-header)))
	f.opcode, f.payload, f.length = b[0]&0xf, b[header:header+n], header+n
	return f, true
}
