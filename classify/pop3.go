package classify

import "strings"

// pop3Stream reads POP3 (RFC 1939) up to the login, with STLS (RFC 2595,
// section 4).
func pop3Stream(s Stream, _ *Learned) (Facts, Answer) {
	return lineProtocol{
		protocol: ProtoPOP3,
		opens: func(line string) bool {
			switch word, _ := command(line); word {
			case "CAPA", "USER", "APOP", "AUTH", "STLS", "QUIT", "NOOP", "PASS", "STAT", "LIST", "UIDL", "RETR":
				return true
			}
			return false
		},
		greets: func(line string) bool {
			word, _ := command(line)
			return word == "+OK" || word == "-ERR"
		},
		alone: func(line string, server bool) bool {
			word, rest := command(line)
			return server && word == "+OK" && strings.Contains(strings.ToUpper(rest), "POP")
		},
		startTLS: func(line string) bool { return strings.EqualFold(line, "STLS") },
		refuses:  func(line string) bool { return strings.HasPrefix(line, "-ERR") },
		last:     func(string) bool { return false },
		secret: func(line, previous string) string {
			if word, rest := command(line); word == "PASS" && rest != "" {
				return "pass"
			}
			return saslSecret(line, previous, "AUTH")
		},
	}.stream(s)
}
