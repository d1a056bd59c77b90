package classify

import (
	"bytes"
	"strings"
)

const (
	maxTextLine  = 4096 // bytes of a line that is read; longer ones end the reading
	maxTextLines = 256  // of each half
)

// lineProtocol is a protocol of command lines and reply lines that may go over
// to TLS in between.
type lineProtocol struct {
	protocol Protocol

	// opens and greets say whether a line can be the first that the client,
	// the server sends; alone whether it is enough without the other side.
	opens, greets func(line string) bool
	alone         func(line string, server bool) bool

	startTLS func(line string) bool // the client asks for TLS
	refuses  func(line string) bool // the server's reply denies it
	last     func(line string) bool // what follows the client's line is no command

	// secret returns the scheme by which the client's line carries a secret,
	// "" when it does not. previous is the line before.
	secret func(line, previous string) string
}

// stream recognises the protocol by the first line of both sides, reads the
// commands, and hands the rest to TLS from where that begins.
func (p lineProtocol) stream(s Stream) (Facts, Answer) {
	client, asked := firstLine(s.Client, p.opens)
	server, greeting := firstLine(s.Server, p.greets)
	switch {
	case client == refused, server == refused:
		return Facts{}, NoMatch
	case client == recognised && server == recognised:
	case !s.Final:
		return Facts{}, NeedMore
	case client == recognised && len(s.Server) == 0 && p.alone(asked, false):
	case server == recognised && len(s.Client) == 0 && p.alone(greeting, true):
	default:
		return Facts{}, NoMatch
	}
	o := newOpening(s)
	denied := p.readServer(o, s.Server)
	p.readClient(o, s.Client, denied)
	return o.answer(s, Facts{Protocol: p.protocol})
}

// readServer looks for TLS behind a reply. It reports whether the server's last
// reply is a refusal.
func (p lineProtocol) readServer(o *opening, b []byte) (denied bool) {
	rest := b
	for range maxTextLines {
		if len(rest) < len(b) && beginsTLS(rest, true) {
			o.begin(len(b)-len(rest), true)
			return false
		}
		line, after, ok := cutTextLine(rest)
		if !ok || !isText(line) {
			break
		}
		denied = p.refuses(string(line))
		rest = after
	}
	return denied
}

// readClient reads commands up to TLS. A client that sends its hello although
// the server has refused is not taken to speak TLS.
func (p lineProtocol) readClient(o *opening, b []byte, denied bool) {
	rest, asked, previous := b, false, ""
	for range maxTextLines {
		offset := len(b) - len(rest)
		if asked && !denied && beginsTLS(rest, false) {
			o.begin(offset, false)
			return
		}
		raw, after, ok := cutTextLine(rest)
		if !ok || !isText(raw) || o.last {
			return
		}
		line := string(raw)
		if p.startTLS(line) {
			asked = true
			o.mark("STARTTLS", offset, false)
		}
		if scheme := p.secret(line, previous); scheme != "" {
			o.credentials(scheme, offset)
		}
		o.last = p.last(line) || o.login.Scheme != ""
		rest, previous = after, line
	}
	o.last = true
}

// firstLine says of the first line of b whether it is one that is wanted.
func firstLine(b []byte, is func(line string) bool) (verdict, string) {
	line, _, whole := cutLine(b[:min(len(b), maxTextLine)])
	switch {
	case !isText(line):
		return refused, ""
	case whole && is(string(line)):
		return recognised, string(line)
	case whole || len(line) > 512:
		return refused, ""
	}
	return unsure, ""
}

// cutTextLine is cutLine for lines that are whole and of a sane length.
func cutTextLine(b []byte) (line, rest []byte, ok bool) {
	line, rest, ok = cutLine(b)
	return line, rest, ok && len(line) <= maxTextLine
}

// isText reports whether b holds no control characters but the tab.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// command splits a line into its first word, in capitals, and the rest.
func command(line string) (word, rest string) {
	word, rest, _ = strings.Cut(line, " ")
	if len(word) > 32 {
		return "", ""
	}
	return strings.ToUpper(word), strings.TrimSpace(rest)
}

// isReply reports whether a line begins with a reply code of three digits
// (RFC 5321, section 4.2; RFC 959, section 4.2).
func isReply(line string) bool {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return false
	}
	return line[0] >= '1' && line[0] <= '6' && isDigits(line[1:3])
}

// refusesTLS reports whether a reply with a code is an error, or the server's
// farewell.
func refusesTLS(line string) bool {
	return isReply(line) && (line[0] >= '4' || strings.HasPrefix(line, "221"))
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// saslSecret returns the SASL mechanism by which a line carries a password that
// anybody can read: PLAIN (RFC 4616) or LOGIN, with an initial response, or as
// the response that follows. word is the command that begins the exchange.
func saslSecret(line, previous, word string) string {
	if verb, rest := command(line); verb == word {
		mechanism, response, _ := strings.Cut(rest, " ")
		if response != "" {
			return saslClear(mechanism)
		}
		return ""
	}
	if verb, mechanism := command(previous); verb == word && isBase64(line) {
		return saslClear(mechanism)
	}
	return ""
}

func saslClear(mechanism string) string {
	switch m := strings.ToLower(mechanism); m {
	case "plain", "login":
		return m
	}
	return ""
}

// isBase64 tells a response from a command that takes the place of one: it is
// mixed of what base64 is made of, and no word in capitals.
func isBase64(line string) bool {
	if len(line) == 0 || len(line)%4 != 0 {
		return false
	}
	word := true
	for _, c := range []byte(line) {
		switch {
		case 'A' <= c && c <= 'Z':
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', bytes.IndexByte([]byte("+/="), c) >= 0:
			word = false
		default:
			return false
		}
	}
	return !word
}
