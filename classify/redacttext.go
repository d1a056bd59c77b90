package classify

import (
	"bytes"
	"strings"
)

// blank overwrites text. Line ends stay, and the white space behind each, by
// which a header field goes on in the next line.
func blank(b []byte) {
	for i, c := range b {
		folded := i > 0 && b[i-1] == '\n' && (c == ' ' || c == '\t')
		if c != '\r' && c != '\n' && !folded {
			b[i] = 'x'
		}
	}
}

// blankAll overwrites text and its line ends.
func blankAll(b []byte) {
	for i := range b {
		b[i] = 'x'
	}
}

// redactURL blanks user information, of URLs in the path too, all values of the
// query and the fragment, and what follows a parameter in the path that is named
// like a secret; the classifiers then still find where a password was. Of X-Amz-
// parameters what is no secret stays.
func redactURL(b []byte) {
	rest := b
	if i := bytes.Index(b, []byte("://")); i >= 0 {
		if i < 16 {
			user, after := cutUserInfo(b[i+3:])
			blankUser(user)
			rest = after
		}
		for inner := rest; ; {
			_, after, more := bytes.Cut(inner, []byte("://"))
			if !more {
				break
			}
			user, after := cutUserInfo(after)
			blankUser(user)
			inner = after
		}
	} else if i := bytes.IndexByte(b, ':'); i >= 0 && len(b) > 0 && b[0] != '/' {
		head := b
		if q := bytes.IndexAny(b, "?;"); q >= 0 {
			head = b[:q]
		}
		if at := bytes.LastIndexByte(head, '@'); at > i { // sip:user:password@host
			blankUser(b[i+1 : at])
		}
	}
	query := false
	for len(rest) > 0 {
		end := len(rest)
		if i := bytes.IndexAny(rest[1:], "&?;/#"); i >= 0 {
			end = i + 1
		}
		p := rest[:end]
		query = query || p[0] == '?' || p[0] == '#'
		redactParameter(p, query)
		rest = rest[end:]
	}
}

// blankUser blanks user information but for the colon behind the name.
func blankUser(b []byte) {
	colon := bytes.IndexByte(b, ':')
	blankAll(b)
	if colon >= 0 {
		b[colon] = ':'
	}
}

// redactParameter blanks the value in one part of a URL, which the separator
// before it begins.
func redactParameter(p []byte, query bool) {
	name, value, ok := bytes.Cut(p, []byte{'='})
	if query && !ok {
		blankAll(p[1:]) // a bare word of a query or fragment may be a token
		return
	}
	at, end := findName(string(p), passwordNames[:])
	if end == 0 {
		at, end = findName(string(p), tokenNames[:])
	}
	if query {
		switch strings.ToLower(strings.Trim(string(name), "?&;")) {
		case "x-amz-algorithm", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-region-set":
			return
		case "x-amz-credential":
			redactScope(value)
			return
		}
		from := len(p) - len(value)
		if end == 0 || at < from {
			blankAll(value)
			return
		}
		blankAll(p[from:at])
	}
	if end > 0 {
		blankAll(p[end:])
	}
}

// findName returns where the first of names in s begins and ends, ends with 0
// when none is there.
func findName(s string, names []string) (begin, end int) {
	lower := asciiLower(s)
	for _, name := range names {
		if i := strings.Index(lower, name); i >= 0 && (end == 0 || i+len(name) < end) {
			begin, end = i, i+len(name)
		}
	}
	return begin, end
}
