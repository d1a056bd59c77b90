package classify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// redactScope blanks the key ID of an AWS credential but for its first four
// characters, which tell its kind; date, region and service stay. The slash may
// be escaped.
func redactScope(b []byte) {
	end := bytes.IndexAny(b, "/%")
	if end < 0 {
		end = len(b)
	}
	if end > 4 {
		blankAll(b[4:end])
	}
	if parts := strings.Count(unescape(b), "/"); parts > 4 || parts < 3 {
		blankAll(b[min(4, len(b)):])
	}
}

// redactCredentials blanks the value of an Authorization field, or of one that
// offers schemes, but for a scheme that is known and what tells its kind.
func redactCredentials(b []byte) {
	b = bytes.Trim(b, " \t\r\n")
	word, rest := b, []byte(nil)
	if i := bytes.IndexAny(b, " \t\r\n"); i >= 0 {
		word, rest = b[:i], b[i+1:]
	}
	switch strings.ToLower(string(word)) {
	case "basic":
		redactBasic(rest)
	case "digest":
		redactParameters(rest)
	case "aws4-hmac-sha256", "aws4-ecdsa-p256-sha256":
		redactSignature(rest)
	case "bearer", "negotiate", "ntlm", "hawk", "mutual", "scram-sha-1", "scram-sha-256":
		blank(rest)
	default:
		blank(b)
	}
}

// redactBasic leaves base64 that can be decoded and holds a colon; a challenge's
// parameters are treated as Digest's.
func redactBasic(b []byte) {
	if bytes.IndexByte(b, '"') >= 0 {
		redactParameters(b)
		return
	}
	const colons = "eDp4" // "x:x"
	for i, c := range bytes.TrimRight(b, "=") {
		if c != '\r' && c != '\n' && c != ' ' && c != '\t' {
			b[i] = colons[i%4]
		}
	}
}

// redactParameters blanks the values of name="value" lists but for those that
// name algorithms.
func redactParameters(b []byte) {
	first := true
	for p := range splitQuoted(b, ',') {
		if first { // a second scheme may stand there
			p = p[bytes.LastIndexByte(p[:max(bytes.IndexByte(p, '='), 0)], ' ')+1:]
			first = false
		}
		name, value, ok := bytes.Cut(p, []byte{'='})
		if !ok {
			blank(p)
			continue
		}
		switch strings.ToLower(string(bytes.TrimSpace(name))) {
		case "algorithm", "qop", "stale", "charset", "nc":
			if isToken(bytes.Trim(value, `" ,`)) && len(value) < 20 || bytes.Equal(value, []byte(`"auth,auth-int"`)) {
				continue
			}
		}
		if !isToken(bytes.TrimSpace(name)) || len(name) > 20 {
			blank(name)
		}
		blank(bytes.Trim(value, `"`))
	}
}

// redactSignature blanks what follows the algorithm of AWS Signature Version 4.
func redactSignature(b []byte) {
	for p := range bytes.SplitSeq(b, []byte{','}) {
		p = bytes.TrimSpace(p)
		name, value, ok := bytes.Cut(p, []byte{'='})
		switch {
		case ok && string(name) == "Credential":
			redactScope(value)
		case ok && string(name) == "SignedHeaders":
		case ok && string(name) == "Signature":
			blank(value)
		default:
			blank(p)
		}
	}
}

// redactCookie replaces a tunnel's cookie by its digest, so that its two
// connections still find each other.
func redactCookie(b []byte) {
	sum := sha256.Sum256(b)
	digest := hex.EncodeToString(sum[:])
	for i := range b {
		b[i] = digest[i%len(digest)]
	}
}
