package classify

import "strings"

// smtpStream reads SMTP (RFC 5321) and LMTP up to the first message, with
// STARTTLS (RFC 3207).
func smtpStream(s Stream, _ *Learned) (Facts, Answer) {
	return lineProtocol{
		protocol: ProtoSMTP,
		opens: func(line string) bool {
			switch word, _ := command(line); word {
			case "EHLO", "HELO", "LHLO", "STARTTLS", "MAIL", "XCLIENT":
				return true
			}
			return false
		},
		greets: isReply,
		alone: func(line string, server bool) bool {
			word, rest := command(line)
			if server {
				return strings.HasPrefix(word, "220") && namesSMTP(line)
			}
			return (word == "EHLO" || word == "HELO" || word == "LHLO") && rest != ""
		},
		startTLS: func(line string) bool { return strings.EqualFold(line, "STARTTLS") },
		refuses:  refusesTLS,
		last: func(line string) bool {
			word, _ := command(line)
			return word == "DATA" || word == "BDAT" // messages follow
		},
		secret: func(line, previous string) string { return saslSecret(line, previous, "AUTH") },
	}.stream(s)
}

// namesSMTP reports whether a greeting says SMTP, as a word of its own: a host
// name may hold it, too.
func namesSMTP(line string) bool {
	for word := range strings.FieldsSeq(line) {
		if word == "SMTP" || word == "ESMTP" || word == "LMTP" {
			return true
		}
	}
	return false
}
