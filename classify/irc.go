package classify

import "strings"

// ircStream reads IRC (RFC 2812) while it registers, with STARTTLS of the
// IRCv3 extension "tls".
func ircStream(s Stream, _ *Learned) (Facts, Answer) {
	return lineProtocol{
		protocol: ProtoIRC,
		opens: func(line string) bool {
			switch word, rest := command(line); word {
			case "CAP":
				return strings.HasPrefix(rest, "LS") || strings.HasPrefix(rest, "REQ")
			case "NICK", "PASS":
				return rest != "" && !strings.Contains(rest, " ")
			case "USER":
				return len(strings.Fields(rest)) >= 4
			case "STARTTLS":
				return true
			}
			return false
		},
		greets: func(line string) bool {
			word, rest := command(line)
			if source, ok := strings.CutPrefix(word, ":"); ok {
				numeric, _ := command(rest)
				return source != "" && (len(numeric) == 3 && isDigits(numeric) || numeric == "NOTICE" || numeric == "CAP")
			}
			return word == "NOTICE" || word == "PING" && strings.HasPrefix(rest, ":")
		},
		alone:    func(string, bool) bool { return false },
		startTLS: func(line string) bool { return strings.EqualFold(line, "STARTTLS") },
		refuses: func(line string) bool {
			_, rest := command(line)
			numeric, _ := command(rest)
			return numeric == "691" || numeric >= "400" && numeric < "600" && isDigits(numeric)
		},
		last: func(line string) bool {
			word, _ := command(line)
			return word == "JOIN" || word == "PRIVMSG" // it has registered
		},
		secret: func(line, _ string) string {
			if word, rest := command(line); word == "PASS" && rest != "" {
				return "pass"
			}
			return ""
		},
	}.stream(s)
}
