package classify

import (
	"bytes"
	"strings"
)

// cleanURL returns a URL, or the target of a request, without user information,
// that of URLs in it too, as relays are given them, and without the values of
// parameters that are named like a secret; password tells that it held one. It is
// given hostile and sloppy text (passwords with @ and / in them) and rather
// removes too much. At most 512 bytes are returned.
func cleanURL(raw []byte) (clean string, password bool) {
	var out []byte
	for {
		i := bytes.Index(raw, []byte("://"))
		if i < 0 {
			break
		}
		user, rest := cutUserInfo(raw[i+3:])
		password = password || bytes.IndexByte(user, ':') >= 0
		out = append(out, raw[:i+3]...)
		raw = rest
	}
	s, secret := cutSecrets(string(append(out, raw...)))
	return s[:min(len(s), 512)], password || secret
}

// cutUserInfo splits off user information (RFC 3986, section 3.2.1) from what
// follows "://". A password may contain an unescaped slash: an authority that
// ends in no port shows it.
func cutUserInfo(b []byte) (user, rest []byte) {
	authority := b
	if i := bytes.IndexAny(b, "/?#"); i >= 0 {
		authority = b[:i]
	}
	at := bytes.LastIndexByte(authority, '@')
	if at < 0 && !isHostPort(authority) {
		at = bytes.LastIndexByte(b, '@')
	}
	if at < 0 {
		return nil, b
	}
	return b[:at], b[at+1:]
}

// isHostPort reports whether what follows a colon in b, if there is one, is a
// port; an IPv6 address has its colons in brackets.
func isHostPort(b []byte) bool {
	if i := bytes.LastIndexByte(b, ']'); i >= 0 {
		b = b[i+1:]
	}
	_, port, _ := bytes.Cut(b, []byte{':'})
	return len(bytes.Trim(port, "0123456789")) == 0
}

// passwordNames and tokenNames are the parameter names, as cameras and web
// services write them in URLs, whose values are never kept. Only the first are
// a password beyond doubt.
var (
	passwordNames = [...]string{"password=", "passwd=", "passwort=", "pass=", "pwd=", "psw=", "passphrase="}
	tokenNames    = [...]string{
		"token=", "secret=", "auth=", "signature=", "credential=", "key=", "session=", "sessionid=", "sid=", "sig=", "code=",
	}
)

// cutSecrets removes the value after each secret name. In a path
// (/user=admin_password=x_channel=1, as some cameras want it) nothing tells
// where the value ends, so all up to the next separator goes.
func cutSecrets(s string) (clean string, password bool) {
	var out strings.Builder
	for len(s) > 0 {
		end := len(s)
		if i := strings.IndexAny(s[1:], "&?;/#"); i >= 0 {
			end = i + 1
		}
		part := s[:end]
		s = s[end:]
		if n := afterName(part, passwordNames[:]); n > 0 {
			part, password = part[:n], password || n < len(part)
		}
		if n := afterName(part, tokenNames[:]); n > 0 {
			part = part[:n]
		}
		out.WriteString(part)
	}
	return out.String(), password
}

// afterName returns where the value of the first of names in s begins, 0 when
// none is there.
func afterName(s string, names []string) (n int) {
	lower := asciiLower(s)
	for _, name := range names {
		if i := strings.Index(lower, name); i >= 0 && (n == 0 || i+len(name) < n) {
			n = i + len(name)
		}
	}
	return n
}

// asciiLower changes no byte's position, which strings.ToLower may.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// URLHost returns the host of a URL, lower case, without user information and
// port; "" when there is none.
func URLHost(raw []byte) string {
	_, rest, ok := bytes.Cut(raw, []byte("://"))
	if !ok {
		return ""
	}
	_, rest = cutUserInfo(rest)
	if i := bytes.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if inner, ok := bytes.CutPrefix(rest, []byte{'['}); ok {
		rest, _, _ = bytes.Cut(inner, []byte{']'})
	} else {
		rest, _, _ = bytes.Cut(rest, []byte{':'})
	}
	return strings.ToLower(text(rest))
}
