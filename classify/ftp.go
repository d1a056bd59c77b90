package classify

import "strings"

// ftpStream reads the control connection of FTP (RFC 959) up to the login, with
// AUTH TLS (RFC 4217). A login that is meant for anybody is no secret.
func ftpStream(s Stream, _ *Learned) (Facts, Answer) {
	return lineProtocol{
		protocol: ProtoFTP,
		opens: func(line string) bool {
			switch word, rest := command(line); word {
			case "USER", "PASS", "HOST":
				return rest != ""
			case "FEAT", "SYST", "PASV", "EPSV", "PWD", "CLNT", "OPTS", "PBSZ", "TYPE":
				return true
			case "AUTH":
				return isAuthTLS(line)
			}
			return false
		},
		greets: isReply,
		alone: func(line string, server bool) bool {
			return server && strings.HasPrefix(line, "220") && strings.Contains(line, "FTP") && !namesSMTP(line)
		},
		startTLS: isAuthTLS,
		refuses:  refusesTLS,
		last:     func(string) bool { return false },
		secret: func(line, previous string) string {
			if word, rest := command(line); word != "PASS" || rest == "" {
				return ""
			}
			switch _, user := command(previous); strings.ToLower(user) {
			case "anonymous", "ftp":
				return ""
			}
			return "pass"
		},
	}.stream(s)
}

func isAuthTLS(line string) bool {
	word, mechanism := command(line)
	switch strings.ToUpper(mechanism) {
	case "TLS", "TLS-C", "SSL", "TLS-P":
		return word == "AUTH"
	}
	return false
}
