package classify

import "strings"

const sipSlash = "SIP/"

// sipStream recognises SIP over TCP (RFC 3261) by its first start line. Either
// side may ask first.
func sipStream(s Stream, _ *Learned) (Facts, Answer) {
	client, asks := sipBeginning(s.Client)
	server, _ := sipBeginning(s.Server)
	switch {
	case client == refused && !s.ClientJoined, server == refused && !s.ServerJoined, client == refused && server == refused:
		return Facts{}, NoMatch
	case client == recognised && asks, server == recognised && client != unsure, s.Final && (client == recognised || server == recognised):
		return Facts{Protocol: ProtoSIP, Marks: []Mark{{What: "SIP", Server: client != recognised}}}, Matched
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// sipDatagram recognises SIP over UDP.
func sipDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	if f.Protocol == ProtoSIP && strings.Trim(string(d.Payload[:min(len(d.Payload), 5)]), "\r\n\x00") == "" {
		return Matched, false // keep-alive (RFC 5626, section 3.5.1)
	}
	if v, _ := sipBeginning(d.Payload); v != recognised {
		return NoMatch, false
	}
	f.Protocol = ProtoSIP
	return Matched, false
}

// sipBeginning says whether b begins with a start line of SIP/2.0, behind empty
// lines, and whether that is a request.
func sipBeginning(b []byte) (v verdict, request bool) {
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	line, _, whole := cutLine(b[:min(len(b), maxTextLine)])
	if !whole {
		if len(line) < maxTextLine && mayStart(b, sipSlash) {
			return unsure, false
		}
		if len(b) == 0 {
			return unsure, false
		}
		return refused, false
	}
	start, ok := parseStart(line, sipSlash)
	if !ok || start.version != "2.0" || start.status == 0 && !isSIPTarget(string(start.target)) {
		return refused, false
	}
	return recognised, start.status == 0
}

// isSIPTarget reports whether a Request-URI has a scheme that SIP is used with
// (RFC 3261, section 19.1; RFC 3966; RFC 3860).
func isSIPTarget(target string) bool {
	name, rest, ok := strings.Cut(target, ":")
	switch strings.ToLower(name) {
	case "sip", "sips", "tel", "im", "pres", "urn":
		return ok && rest != ""
	}
	return false
}
