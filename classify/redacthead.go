package classify

import (
	"bytes"
	"strings"
)

// redactHead blanks, in the head of an HTTP, RTSP, SIP or SSDP message, the
// secrets of the start line and the values of all fields that are not known to
// hold none. Of a head that is cut off the last line is blanked.
func redactHead(b []byte, slash string) {
	line, rest, whole := cutLine(b)
	if start, ok := parseStart(line, slash); !ok || !whole {
		blank(line)
	} else if start.status != 0 {
		redactReason(line)
	} else {
		redactURL(start.target)
	}
	for len(rest) > 0 {
		field := fieldOf(rest)
		redactField(field)
		rest = rest[len(field):]
	}
}

// redactReason blanks the reason of a status line unless it is words.
func redactReason(line []byte) {
	f := bytes.SplitN(line, []byte{' '}, 3)
	if len(f) < 3 || len(f[2]) <= 40 && len(bytes.Trim(f[2], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -")) == 0 {
		return
	}
	blank(f[2])
}

// fieldOf returns the first line of b with its end and with the lines in which
// its value goes on.
func fieldOf(b []byte) []byte {
	n := 0
	for {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			return b
		}
		n += i + 1
		if n == len(b) || b[n] != ' ' && b[n] != '\t' {
			return b[:n]
		}
	}
}

func redactField(b []byte) {
	if len(bytes.Trim(b, "\r\n")) == 0 {
		return
	}
	name, value, ok := bytes.Cut(b, []byte{':'})
	if name = bytes.TrimSpace(name); !ok || !isToken(name) || len(name) > 64 || !bytes.HasSuffix(b, []byte{'\n'}) {
		blank(b)
		return
	}
	value = bytes.Trim(value, " \t\r\n")
	switch strings.ToLower(string(name)) {
	case "content-type", "content-length", "content-encoding", "transfer-encoding", "cseq", "user-agent", "server",
		"upgrade", "connection", "sec-websocket-version", "date", "accept", "public", "allow", "range",
		"cache-control", "soapaction", "st", "usn", "nt", "nts", "mx", "man", "max-forwards", "require", "unsupported",
		"x-amz-date", "x-amz-region-set", "x-amz-target":
	case "transport":
		redactTransport(value)
	case "host":
		if at := bytes.LastIndexByte(value, '@'); at >= 0 {
			blankUser(value[:at])
		}
	case "sec-websocket-protocol":
		redactSubprotocols(value)
	case "location", "content-base", "content-location", "referer":
		redactURL(value)
	case "rtp-info":
		for p := range bytes.SplitSeq(value, []byte{','}) {
			redactURL(p)
		}
	case "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate":
		redactCredentials(value)
	case "x-sessioncookie":
		redactCookie(value)
	default:
		blank(value)
	}
}

// redactSubprotocols keeps the subprotocols by which somebody is known to look
// for what is inside; others carry tokens, since browsers have no other field
// for one.
func redactSubprotocols(b []byte) {
	for p := range bytes.SplitSeq(b, []byte{','}) {
		p = bytes.TrimSpace(p)
		switch strings.ToLower(string(p)) {
		case "mqtt", "mqttv3.1", "rtsp.onvif.org", "soap", "sip", "xmpp", "amqp", "v10.stomp", "v11.stomp", "v12.stomp", "chat":
		default:
			blank(p)
		}
	}
}

// redactTransport keeps a Transport field, but for the keys in it (RFC 7826,
// appendix C.1.4.1).
func redactTransport(b []byte) {
	for p := range bytes.FieldsFuncSeq(b, func(r rune) bool { return r == ';' || r == ',' }) {
		if name, value, _ := bytes.Cut(p, []byte{'='}); named(bytes.TrimSpace(name), "mikey") {
			blank(value)
		}
	}
}

// redactBody blanks a body, unless it is a session description: of that the
// lines that describe media stay, without keys (RFC 8866; RFC 4567; RFC 4568).
func redactBody(b []byte) {
	if !bytes.HasPrefix(b, []byte("v=0")) {
		blank(b)
		return
	}
	for line := range bytes.Lines(b) {
		redactSDP(bytes.TrimRight(line, "\r\n"))
	}
}

func redactSDP(line []byte) {
	kind, value, ok := bytes.Cut(line, []byte{'='})
	if !ok || len(kind) != 1 {
		blank(line)
		return
	}
	switch kind[0] {
	case 'v', 'o', 's', 'c', 't', 'm', 'b', 'r', 'z':
	case 'a':
		name, text, _ := bytes.Cut(value, []byte{':'})
		switch strings.ToLower(string(name)) {
		case "rtpmap", "fmtp", "range", "framerate", "framesize", "x-dimensions", "cliprect", "type", "tool", "recvonly", "sendonly", "sendrecv",
			"inactive", "setup", "mid", "rtcp", "rtcp-mux", "source-filter", "length":
		case "control":
			redactURL(text)
		default:
			blank(text)
			if len(text) == 0 {
				blank(value)
			}
		}
	default:
		blank(value)
	}
}
