package classify

import "strings"

// imapStream reads IMAP (RFC 9051) up to the login, with STARTTLS (section
// 6.2.1).
func imapStream(s Stream, _ *Learned) (Facts, Answer) {
	return lineProtocol{
		protocol: ProtoIMAP,
		opens:    func(line string) bool { return isIMAPCommand(line) },
		greets: func(line string) bool {
			return strings.HasPrefix(line, "* OK") || strings.HasPrefix(line, "* PREAUTH") ||
				strings.HasPrefix(line, "* BYE") || strings.HasPrefix(line, "* CAPABILITY")
		},
		alone: func(line string, server bool) bool {
			return !server || strings.Contains(line, "IMAP")
		},
		startTLS: func(line string) bool {
			_, word, _ := imapCommand(line)
			return word == "STARTTLS"
		},
		refuses: func(line string) bool {
			_, word, _ := imapCommand(line)
			return word == "NO" || word == "BAD" || word == "BYE"
		},
		last:   func(string) bool { return false },
		secret: imapSecret,
	}.stream(s)
}

// imapSecret knows LOGIN (RFC 9051, section 6.2.3) and AUTHENTICATE.
func imapSecret(line, previous string) string {
	_, word, rest := imapCommand(line)
	switch {
	case word == "LOGIN" && rest != "":
		return "login"
	case word == "AUTHENTICATE":
		return saslSecret(word+" "+rest, "", word)
	}
	_, word, mechanism := imapCommand(previous)
	return saslSecret(line, word+" "+mechanism, "AUTHENTICATE")
}

// imapCommand splits a command line behind its tag.
func imapCommand(line string) (tag, word, rest string) {
	tag, rest, _ = strings.Cut(line, " ")
	word, rest = command(rest)
	return tag, word, rest
}

func isIMAPCommand(line string) bool {
	tag, word, _ := imapCommand(line)
	if tag == "" || len(tag) > 32 || tag == "*" || tag == "+" {
		return false
	}
	switch word {
	case "CAPABILITY", "LOGIN", "STARTTLS", "AUTHENTICATE", "ID", "NOOP", "LOGOUT", "SELECT", "LIST", "EXAMINE", "ENABLE":
		return true
	}
	return false
}
