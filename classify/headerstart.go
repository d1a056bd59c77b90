package classify

import (
	"bytes"
	"strings"
)

// startLine is the first line of an HTTP/1 or RTSP message (RFC 9112, section
// 2.1; RFC 2326, sections 6.1 and 7.1).
type startLine struct {
	version string // "1.0"
	method  []byte // of a request
	target  []byte // of a request
	status  int    // of a response; 0 in a request
}

// A line grammar's protocol names with their slash.
const (
	httpSlash = "HTTP/"
	rtspSlash = "RTSP/"
)

// parseStart reads a start line of the protocol whose version begins with
// slash. The version token decides: what else a line looks like is shared by
// HTTP, RTSP and SIP. It is as lenient as servers are: a version in letters of
// either case, any number of spaces and tabs.
func parseStart(line []byte, slash string) (startLine, bool) {
	line = bytes.TrimRight(line, blanks)
	if s, ok := parseStatus(line, slash); ok {
		return s, true
	}
	first, last := bytes.IndexAny(line, blanks), bytes.LastIndexAny(line, blanks)
	if first <= 0 || last <= first {
		return startLine{}, false
	}
	version, ok := parseVersion(line[last+1:], slash)
	s := startLine{version: version, method: line[:first], target: bytes.TrimSpace(line[first:last])}
	return s, ok && len(line)-last == len(slash)+4 && isMethod(s.method) && len(s.target) > 0
}

// blanks are what separates the parts of a start line.
const blanks = " \t"

// parseStatus reads "RTSP/1.0 200 OK".
func parseStatus(line []byte, slash string) (s startLine, ok bool) {
	if s.version, ok = parseVersion(line, slash); !ok {
		return s, false
	}
	after := line[len(slash)+len(s.version):]
	code := bytes.TrimLeft(after, blanks)
	if len(code) < 3 || len(code) == len(after) || len(code) > 3 && code[3] != ' ' && code[3] != '\t' {
		return s, false
	}
	for _, c := range code[:3] {
		if c < '0' || c > '9' {
			return s, false
		}
		s.status = s.status*10 + int(c-'0')
	}
	return s, s.status >= 100
}

// parseVersion reads the version after slash, which must be one digit, a dot
// and one digit.
func parseVersion(b []byte, slash string) (string, bool) {
	if len(b) < len(slash) || !strings.EqualFold(string(b[:len(slash)]), slash) {
		return "", false
	}
	v := b[len(slash):]
	if len(v) < 3 || v[0] < '0' || v[0] > '9' || v[1] != '.' || v[2] < '0' || v[2] > '9' {
		return "", false
	}
	return string(v[:3]), true
}

// isMethod accepts the names that methods have in practice: capitals, with _ or
// - inside. A token of RFC 9110 may be more; nothing that is sent is.
func isMethod(b []byte) bool { return len(b) >= 3 && mayBeMethod(b) }

func mayBeMethod(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return false
		}
	}
	return len(b) <= 20
}

// mayStart reports whether more bytes can turn b, which holds no line end, into
// a start line.
func mayStart(b []byte, slash string) bool {
	if n := min(len(b), len(slash)); strings.EqualFold(string(b[:n]), slash[:n]) {
		return len(b) < maxReason
	}
	i := bytes.IndexAny(b, blanks)
	if i < 0 {
		return mayBeMethod(b)
	}
	for _, c := range b[i:] {
		if c < ' ' && c != '\r' && c != '\t' {
			return false
		}
	}
	return isMethod(b[:i]) && len(b) < maxRequestLine
}

const (
	maxReason      = 256  // bytes of a status line
	maxRequestLine = 8192 // RFC 9112, section 3, wants 8000
)

// findStart returns the offset of the first start line in b that is whole,
// or −1. It serves a half that was joined in the middle of a connection, where
// a message may begin right after binary data.
func findStart(b []byte, slash string) int {
	for from := 0; ; {
		at := indexFold(b, slash, from)
		if at < 0 {
			return -1
		}
		line, _, whole := cutLine(b[at:min(len(b), at+maxReason)])
		if _, ok := parseStatus(line, slash); ok && whole {
			return at
		}
		if len(line) == len(slash)+3 && whole {
			if start := beginOfRequest(b[from:at]); start >= 0 {
				if _, ok := parseStart(b[from+start:at+len(line)], slash); ok {
					return from + start
				}
			}
		}
		from = at + len(slash)
	}
}

// indexFold returns where slash, whose last byte is a slash, stands in b at from
// or behind it, in letters of either case, or −1.
func indexFold(b []byte, slash string, from int) int {
	name := len(slash) - 1
	for at := from + name; at < len(b); at++ {
		i := bytes.IndexByte(b[at:], '/')
		if i < 0 {
			return -1
		}
		if at += i; strings.EqualFold(string(b[at-name:at]), slash[:name]) {
			return at - name
		}
	}
	return -1
}

// beginOfRequest returns where the "METHOD target " at the end of b begins.
func beginOfRequest(b []byte) int {
	b, ok := bytes.CutSuffix(b, []byte{' '})
	if !ok {
		return -1
	}
	i := len(b)
	for i > 0 && b[i-1] > ' ' && b[i-1] < 0x7f {
		i--
	}
	if i == len(b) || i < 1 || b[i-1] != ' ' {
		return -1
	}
	end := i - 1
	for i = end; i > 0 && end-i < 20 && (b[i-1] >= 'A' && b[i-1] <= 'Z' || b[i-1] == '_'); i-- {
	}
	return i
}
