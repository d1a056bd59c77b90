package classify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// tunnelType is the media type of RTSP tunnelled through HTTP (QuickTime's
// "Tunnelling RTSP and RTP over HTTP"). The GET connection carries what the
// server says, in clear; the POST connection carries the requests in base64.
const tunnelType = "application/x-rtsp-tunnelled"

// tunnel reads a half that begins with an HTTP head.
func (r *rtspReader) tunnel(b []byte, joined bool) verdict {
	h, rest := readHead(b)
	cookie := h.get("x-sessioncookie")
	r.end = len(b)
	if cookie != nil {
		sum := sha256.Sum256(cookie)
		r.rtsp.SessionCookie = hex.EncodeToString(sum[:16])
	}
	next, _, _ := cutLine(rest)
	_, direct := parseStatus(next, rtspSlash)
	switch {
	case r.rtsp.Tunnel, direct, opensTunnel(h):
	case !h.whole:
		return unsure
	case joined:
		r.offset += len(b) - len(rest)
		r.read(rest, false)
		return unsure
	case len(rest) == 0 && r.server:
		return unsure // the RTSP response may follow an HTTP head that does not announce it
	default:
		return refused
	}
	if !r.rtsp.Tunnel {
		r.mark("tunnel", len(b))
	}
	r.seen, r.rtsp.Tunnel = true, true
	if bytes.HasPrefix(h.start, []byte(httpSlash)) {
		r.answered[r.side()] = true
	} else {
		r.asked[r.side()] = true
	}
	r.common(h, len(b))
	r.offset += len(b) - len(rest)
	if bytes.HasPrefix(h.start, []byte("POST ")) {
		r.fixed = true
		rest = decodeBase64(rest)
	}
	r.read(rest, true)
	return recognised
}

// opensTunnel reports whether an HTTP head is that of a tunnel's connection.
func opensTunnel(h head) bool {
	for name, value := range h.all() {
		switch {
		case named(name, "x-sessioncookie"):
			return true
		case named(name, "Accept"), named(name, "Content-Type"):
			if strings.Contains(strings.ToLower(text(value)), tunnelType) {
				return true
			}
		}
	}
	return false
}

// decodeBase64 decodes the body of a tunnel's POST connection. Each message is
// encoded by itself, so padding stands wherever one ends (encoding/base64 takes
// it for the end of all). It stops at the first byte that is not of base64.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)*3/4)
	bits, n := uint32(0), 0
	for _, c := range b {
		v := strings.IndexByte(base64Alphabet, c)
		switch {
		case v >= 0:
			bits, n = bits<<6|uint32(v), n+1
		case c == '\r' || c == '\n' || c == ' ':
			continue
		case c != '=':
			return out
		}
		switch {
		case n == 4:
			out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
		case c == '=' && n == 3:
			out = append(out, byte(bits>>10), byte(bits>>2))
		case c == '=' && n == 2:
			out = append(out, byte(bits>>4))
		case c != '=':
			continue
		}
		bits, n = 0, 0
	}
	return out
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
