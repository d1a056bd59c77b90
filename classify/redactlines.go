package classify

import (
	"bytes"
	"slices"
	"strings"
)

// lineRedaction redacts a protocol of command lines and reply lines up to where
// TLS begins.
type lineRedaction struct {
	commands string // that are kept, without what follows them
	reply    func(line []byte)
}

func (r lineRedaction) stream(s Stream) {
	redactLines(s.Client, false, r.command)
	redactLines(s.Server, true, r.reply)
}

// redactLines hands each line of text to redact, and what is TLS to redactTLS.
// Where the classifiers stop to read, so do we: all behind it is overwritten.
func redactLines(b []byte, server bool, redact func(line []byte)) {
	for begin := b; len(b) > 0; {
		if beginsTLS(b, server) && len(b) < len(begin) {
			redactTLS(b, server)
			return
		}
		line, rest, ok := cutTextLine(b)
		if !ok || !isText(line) {
			clear(b)
			return
		}
		redact(line)
		b = rest
	}
}

// command keeps a command that is known, and of what follows it only what has
// a say in whether a secret was sent, or TLS asked for.
func (r lineRedaction) command(line []byte) {
	word, rest := command(string(line))
	if !slices.Contains(strings.Fields(r.commands), word) {
		blankLine(line)
		return
	}
	rest = strings.ToLower(rest)
	arguments := line[min(len(word)+1, len(line)):]
	switch {
	case word == "AUTH":
		redactSASL(arguments)
	case word == "USER" && (rest == "anonymous" || rest == "ftp"): // meant for anybody
	case word == "CAP" && (strings.HasPrefix(rest, "ls") || strings.HasPrefix(rest, "req")):
	default:
		blankWords(arguments)
	}
}

// redactSASL keeps the mechanism and blanks the initial response behind it.
func redactSASL(b []byte) {
	mechanism, response, _ := bytes.Cut(bytes.TrimLeft(b, " "), []byte{' '})
	switch m := strings.ToUpper(string(mechanism)); {
	case saslClear(m) != "", isAuthTLS("AUTH " + m), m == "CRAM-MD5", m == "DIGEST-MD5", m == "GSSAPI", m == "NTLM", m == "XOAUTH2", m == "EXTERNAL",
		m == "OAUTHBEARER", m == "SCRAM-SHA-1", m == "SCRAM-SHA-256":
	default:
		blankLine(mechanism)
	}
	blankWords(response)
}

// blankLine blanks a line of which nothing is known. It stays base64 if it was,
// because such a line may answer a challenge, and is none otherwise.
func blankLine(b []byte) {
	fill := byte('*')
	if isBase64(string(b)) {
		fill = 'x'
	}
	for i := range b {
		b[i] = fill
	}
}

// blankWords blanks what follows a command and leaves the spaces.
func blankWords(b []byte) {
	for i, c := range b {
		if c != ' ' {
			b[i] = 'x'
		}
	}
}

// redactReply keeps a reply code and the words of a greeting that name the
// protocol.
func redactReply(line []byte) {
	if !isReply(string(line)) {
		blankLine(line)
		return
	}
	keepWords(line[min(4, len(line)):], "TP") // SMTP, LMTP, FTP
}

func redactPOP3Reply(line []byte) {
	word, _ := command(string(line))
	if word != "+OK" && word != "-ERR" {
		blankLine(line)
		return
	}
	keepWords(line[min(len(word)+1, len(line)):], "POP")
}

func redactIRCReply(line []byte) {
	for i, word := range bytes.Fields(line) {
		switch w := strings.ToUpper(string(word)); {
		case w == "NOTICE", w == "PING", w == "CAP", i == 1 && len(w) == 3 && isDigits(w):
		case word[0] == ':':
			blankAll(word[1:])
		default:
			blankAll(word)
		}
	}
}

// redactIMAP keeps commands, or the states of replies, behind their tags.
func redactIMAP(b []byte, server bool) {
	known := strings.Fields("APPEND AUTHENTICATE CAPABILITY CHECK CLOSE ENABLE EXAMINE FETCH ID IDLE LIST LOGIN LOGOUT LSUB NOOP SEARCH SELECT STARTTLS STATUS STORE UID")
	if server {
		known = strings.Fields("BAD BYE CAPABILITY NO OK PREAUTH")
	}
	redactLines(b, server, func(line []byte) {
		tag, word, _ := imapCommand(string(line))
		if !slices.Contains(known, word) {
			blankLine(line)
			return
		}
		if tag != "*" && tag != "+" {
			blankAll(line[:len(tag)])
		}
		arguments := line[min(len(tag)+len(word)+2, len(line)):]
		switch {
		case server:
			keepWords(arguments, "IMAP")
		case word == "AUTHENTICATE":
			redactSASL(arguments)
		default:
			blankWords(arguments)
		}
	})
}

// keepWords blanks all words but short ones with name in them, in letters of
// either case.
func keepWords(b []byte, name string) {
	for word := range bytes.FieldsSeq(b) {
		if len(word) > 16 || !strings.Contains(strings.ToUpper(string(word)), name) {
			blankAll(word)
		}
	}
}

// redactSIPStream redacts SIP messages, one behind the other.
func redactSIPStream(b []byte, _ bool) {
	for b = trimLines(b); len(b) > 0; b = trimLines(b) {
		line, _, _ := cutLine(b)
		if _, ok := parseStart(line, sipSlash); !ok {
			blankAll(b)
			return
		}
		h, rest := readHead(b)
		n, _, _ := h.contentLength()
		n = min(n, len(rest))
		redactHead(b[:len(b)-len(rest)], sipSlash)
		redactBody(rest[:n])
		b = rest[n:]
	}
}

// redactXMPP redacts XML up to where TLS begins.
func redactXMPP(b []byte, server bool) {
	tag := "<starttls"
	if server {
		tag = "<proceed"
	}
	end := len(b)
	if at := tlsBehindTag(b, tag, server); at > 0 {
		redactTLS(b[at:], server)
		end = at
	}
	redactXML(b[:end])
}

// redactTelnet keeps the negotiation that Telnet begins with. What is typed is
// typed byte by byte, passwords too.
func redactTelnet(b []byte, _ bool) {
	n, _ := readTelnet(b)
	keepFirst(b, 3*n)
}
