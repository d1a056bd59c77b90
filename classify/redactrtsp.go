package classify

import "bytes"

// redactRTSP redacts RTSP: plain, in the two connections of an HTTP tunnel, in
// WebSocket frames, and behind a SOCKS proxy's opening.
func redactRTSP(s Stream) {
	if f, _ := socksStream(s, nil); f.Protocol != "" {
		s.Client, s.Server = redactSOCKSOpening(s)
	}
	if _, a := readWebSocket(s); a == Matched {
		redactRTSPWebSocket(s.Client, false)
		redactRTSPWebSocket(s.Server, true)
		return
	}
	redactRTSPHalf(s.Client, false, s.ClientJoined)
	redactRTSPHalf(s.Server, true, s.ServerJoined)
}

func redactRTSPWebSocket(b []byte, server bool) {
	_, rest := readHead(b)
	redactHead(b[:len(b)-len(rest)], httpSlash)
	redactWebSocket(rest, func(inner []byte) { redactRTSPMessages(inner, server, true) })
}

func redactRTSPHalf(b []byte, server, joined bool) {
	b = trimLines(b)
	line, _, whole := cutLine(b)
	_, rtsp := parseStart(line, rtspSlash)
	_, http := parseStart(line, httpSlash)
	if !whole || !http {
		redactRTSPMessages(b, server, whole && rtsp)
		return
	}
	h, rest := readHead(b)
	post := bytes.HasPrefix(h.start, []byte("POST "))
	redactHead(b[:len(b)-len(rest)], httpSlash)
	if post && !joined || post && looksBase64(rest) {
		redactBase64(rest, func(inner []byte) { redactRTSPMessages(inner, server, true) })
		return
	}
	redactRTSPMessages(rest, server, !joined)
}

// looksBase64 tells the body of a tunnel's POST from messages in clear.
func looksBase64(b []byte) bool {
	b = bytes.TrimRight(b, "\r\n")
	return len(b) > 0 && bytes.IndexByte(b[:min(len(b), 64)], ' ') < 0 && b[0] != '$'
}

// redactRTSPMessages goes through messages and frames as rtspReader.read does.
func redactRTSPMessages(b []byte, server, synced bool) {
	r := &rtspReader{rtspConn: &rtspConn{}, server: server, end: len(b), text: -2}
	for len(b) > 0 {
		if !synced {
			skip := r.sync(b)
			if skip < 0 {
				blankAll(b)
				return
			}
			blankAll(b[:skip])
			b = b[skip:]
		}
		rest, ok := r.next(b, synced)
		redactRTSPPiece(b[:len(b)-len(rest)], ok)
		b, synced = rest, ok
	}
}

// redactRTSPPiece redacts what next took for a line end, a frame or a message.
// Where it was mistaken it took one byte.
func redactRTSPPiece(p []byte, ok bool) {
	switch {
	case p[0] == '\r' || p[0] == '\n':
	case p[0] == '$' && ok && len(p) > 4:
		redactRTP(p[4:])
	case p[0] == '$' && ok:
	case len(p) == 1:
		blankAll(p)
	default:
		_, body := readHead(p)
		redactHead(p[:len(p)-len(body)], rtspSlash)
		redactBody(body)
	}
}

// redactBase64 hands what the body of a tunnel's POST decodes to to redact, and
// encodes the outcome in the same places. What decodeBase64 leaves out, behind
// a byte that is not of base64, is overwritten.
func redactBase64(b []byte, redact func(inner []byte)) {
	inner := decodeBase64(b)
	redact(inner)
	var group []int // where the characters stand of which the next bytes were made
	flush := func(n int) {
		bits := uint32(0)
		for i := range 3 {
			bits <<= 8
			if i < n {
				bits |= uint32(inner[i])
			}
		}
		for i, at := range group {
			b[at] = base64Alphabet[bits>>(18-6*i)&0x3f]
		}
		inner, group = inner[n:], group[:0]
	}
	for i, c := range b {
		switch {
		case bytes.IndexByte([]byte(base64Alphabet), c) >= 0:
			if group = append(group, i); len(group) == 4 {
				flush(3)
			}
		case c == '=' && len(group) > 1:
			flush(len(group) - 1)
		case c == '=':
			group = group[:0]
		case c != '\r' && c != '\n' && c != ' ':
			for j := i; j < len(b); j++ {
				b[j] = '!'
			}
			for _, at := range group {
				b[at] = 'A'
			}
			return
		}
	}
	for _, at := range group {
		b[at] = 'A'
	}
}

// redactRTP keeps the header of an RTP packet, and all of RTCP that is in clear.
func redactRTP(b []byte) {
	if isMedia(b) && isRTCP(b) {
		if _, ok := readRTCP(b); !ok {
			keepFirst(b, 8)
		}
		return
	}
	if !isMedia(b) || len(b) < 12 {
		clear(b)
		return
	}
	n := 12 + 4*int(b[0]&0xf)
	if b[0]&0x10 != 0 {
		n += 4 // profile and length of the extension, which is overwritten
	}
	padding := b[len(b)-1]
	blankAll(b[min(n, len(b)):]) // not zeros, which behind what only looks like RTP may be DNS
	if b[0]&0x20 != 0 && len(b) > n {
		b[len(b)-1] = padding
	}
}
