package classify

import "bytes"

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
// HTTP, RTSP and SIP.
func parseStart(line []byte, slash string) (startLine, bool) {
	line = bytes.TrimRight(line, " ")
	if s, ok := parseStatus(line, slash); ok {
		return s, true
	}
	first, last := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
	if first <= 0 || last <= first {
		return startLine{}, false
	}
	version, ok := parseVersion(line[last+1:], slash)
	s := startLine{version: version, method: line[:first], target: bytes.TrimSpace(line[first:last])}
	return s, ok && len(line)-last == len(slash)+4 && isMethod(s.method) && len(s.target) > 0
}

// parseStatus reads "RTSP/1.0 200 OK".
func parseStatus(line []byte, slash string) (s startLine, ok bool) {
	n := len(slash) + len("1.0")
	if s.version, ok = parseVersion(line, slash); !ok || len(line) < n+4 || line[n] != ' ' {
		return s, false
	}
	for _, c := range line[n+1 : n+4] {
		if c < '0' || c > '9' {
			return s, false
		}
		s.status = s.status*10 + int(c-'0')
	}
	return s, s.status >= 100 && (len(line) == n+4 || line[n+4] == ' ')
}

// parseVersion reads the version after slash, which must be one digit, a dot
// and one digit.
func parseVersion(b []byte, slash string) (string, bool) {
	v, ok := bytes.CutPrefix(b, []byte(slash))
	if !ok || len(v) < 3 || v[0] < '0' || v[0] > '9' || v[1] != '.' || v[2] < '0' || v[2] > '9' {
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
	if len(b) <= len(slash) && bytes.HasPrefix([]byte(slash), b) || bytes.HasPrefix(b, []byte(slash)) {
		return len(b) < 256
	}
	method, target, spaced := bytes.Cut(b, []byte{' '})
	if !spaced {
		return mayBeMethod(method)
	}
	for _, c := range target {
		if c < ' ' && c != '\r' {
			return false
		}
	}
	return isMethod(method) && len(b) < 8192
}

// maxReason bounds what findStart looks at behind a version, a reason phrase.
const maxReason = 256

// findStart returns the offset of the first start line in b that is whole,
// or −1. It serves a half that was joined in the middle of a connection, where
// a message may begin right after binary data.
func findStart(b []byte, slash string) int {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(slash))
		if i < 0 {
			return -1
		}
		at := from + i
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
