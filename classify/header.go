package classify

import (
	"bytes"
	"iter"
	"strconv"
	"strings"
)

// head is the start line and the header fields of an HTTP/1 or RTSP message
// (RFC 9112, section 2.1; RFC 2326, section 4). Lines end with CRLF or, as old
// cameras write them, with LF alone. It borrows the bytes it was read from.
type head struct {
	start  []byte // nil while the start line is not whole
	fields []byte // whole lines
	whole  bool   // the empty line that ends the head was seen
}

// readHead reads a head and returns what follows it. Of a head that is cut off
// it returns the lines that are whole, and nothing follows.
func readHead(b []byte) (h head, rest []byte) {
	start, rest, ok := cutLine(b)
	if !ok {
		return head{}, nil
	}
	h = head{start: start}
	fields := rest
	for {
		line, after, ok := cutLine(rest)
		if !ok {
			h.fields = fields[:len(fields)-len(rest)]
			return h, nil
		}
		if len(line) == 0 {
			h.fields = fields[:len(fields)-len(rest)]
			h.whole = true
			return h, after
		}
		rest = after
	}
}

// maxHead is how long a head may be, in bytes: what clients and servers agree on
// is far less. One that goes on is not read to its end.
const maxHead = 32 << 10

// endless reports whether the head that was read of b is one that goes on.
func (h head) endless(b []byte) bool { return !h.whole && len(b) > maxHead }

// cutLine returns the first line without its end, and what follows it.
func cutLine(b []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest, ok
}

// trimLines removes empty lines from the beginning: a receiver ignores those
// before a start line (RFC 9112, section 2.2; RFC 2326, section 4.1).
func trimLines(b []byte) []byte { return bytes.TrimLeft(b, "\r\n") }

// all yields name and value of each field. A value that goes on in lines which
// begin with white space (RFC 9112, section 5.2) is joined by single spaces.
func (h head) all() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for b := h.fields; len(b) > 0; {
			var line []byte
			line, b, _ = cutLine(b)
			name, value, ok := bytes.Cut(line, []byte{':'})
			value = bytes.TrimSpace(value)
			value = value[:len(value):len(value)] // what is appended is not written into the message
			for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
				var more []byte
				more, b, _ = cutLine(b)
				value = append(append(value, ' '), bytes.TrimSpace(more)...)
			}
			if ok && !yield(bytes.TrimSpace(name), value) {
				return
			}
		}
	}
}

// get returns the value of the first field of that name, nil when there is
// none.
func (h head) get(name string) []byte {
	for n, v := range h.all() {
		if named(n, name) {
			return v
		}
	}
	return nil
}

// named compares a field name without regard to case.
func named(b []byte, name string) bool {
	return len(b) == len(name) && strings.EqualFold(string(b), name)
}

// contentLength returns the length of the body that follows; ok is false when
// the field is there and is no number. Without the field it is 0 and true, and
// given is false.
func (h head) contentLength() (n int, given, ok bool) {
	v := h.get("Content-Length")
	if v == nil {
		return 0, false, true
	}
	u, err := strconv.ParseUint(string(v), 10, 31)
	return int(u), true, err == nil
}

// scheme returns the authentication scheme of an Authorization,
// Proxy-Authorization or WWW-Authenticate value, lower case, and never what
// follows it. A value that is no scheme and credentials yields "".
func scheme(value []byte) string {
	s, _, _ := bytes.Cut(value, []byte{' '})
	if len(s) == 0 || len(s) > 32 || len(s) == len(value) && len(s) > 9 || !isToken(s) {
		return "" // a bare long token is more likely a credential than a scheme
	}
	return strings.ToLower(string(s))
}

// isToken reports whether b is a token of RFC 9110, section 5.6.2.
func isToken(b []byte) bool {
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return len(b) > 0
}

// text returns a header value as a string of at most 256 bytes.
func text(b []byte) string {
	return string(b[:min(len(b), 256)])
}

// addOnce appends v unless it is there or the list is full.
func addOnce[T comparable](list []T, v T, limit int) []T {
	for _, x := range list {
		if x == v {
			return list
		}
	}
	if len(list) >= limit {
		return list
	}
	return append(list, v)
}
