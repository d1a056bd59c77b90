package classify

// Telnet commands (RFC 854).
const (
	telnetWill = 251
	telnetDont = 254
	telnetIAC  = 255
)

// telnetRun is how many negotiations in a row are believed.
const telnetRun = 2

// telnetStream recognises Telnet by the option negotiation that it begins with
// (RFC 854, RFC 855). What is typed, passwords included, has no form that could
// be recognised.
func telnetStream(s Stream, _ *Learned) (Facts, Answer) {
	client, clientBegins := readTelnet(s.Client)
	server, serverBegins := readTelnet(s.Server)
	switch {
	case clientBegins == refused && serverBegins != recognised, serverBegins == refused:
		return Facts{}, NoMatch
	case client+server >= telnetRun:
		return Facts{Protocol: ProtoTelnet}, Matched
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// readTelnet counts the negotiations that b begins with: IAC, WILL, WONT, DO or
// DONT, and an option below 50 or the list of further options.
func readTelnet(b []byte) (n int, begins verdict) {
	for len(b) > 0 {
		switch {
		case b[0] != telnetIAC,
			len(b) > 1 && (b[1] < telnetWill || b[1] > telnetDont),
			len(b) > 2 && b[2] >= 50 && b[2] != 255:
			if n > 0 {
				return n, recognised
			}
			return 0, refused
		case len(b) < 3:
			return n, unsure
		}
		n++
		b = b[3:]
	}
	if n > 0 {
		return n, recognised
	}
	return 0, unsure
}
