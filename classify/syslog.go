package classify

import (
	"bytes"
	"strconv"
)

const syslogPort = 514

// syslogDatagram recognises syslog: on its port by the priority (RFC 3164,
// section 4.1.1), on any by the header of RFC 5424 with its timestamp.
func syslogDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	rest, ok := cutSyslogPriority(d.Payload)
	if !ok || d.Dst.Port() != syslogPort && f.Protocol != ProtoSyslog && !isSyslogHeader(rest) {
		return NoMatch, false
	}
	f.Protocol = ProtoSyslog
	return Matched, false
}

// cutSyslogPriority reads "<191>": facilities to 23, severities to 7.
func cutSyslogPriority(b []byte) (rest []byte, ok bool) {
	digits, _, ok := bytes.Cut(b[:min(len(b), 6)], []byte{'>'})
	if !ok || len(digits) < 2 || len(digits) > 4 || digits[0] != '<' || !isDigits(string(digits[1:])) {
		return nil, false
	}
	n, err := strconv.Atoi(string(digits[1:]))
	rest = b[len(digits)+1:]
	return rest, err == nil && n <= 191 && len(rest) > 0 && rest[0] >= ' ' && rest[0] != 0x7f
}

// isSyslogHeader reports whether b begins with "1 2003-10-11T22:14:15" (RFC
// 5424, section 6.2).
func isSyslogHeader(b []byte) bool {
	const like = "1 0000-00-00T00:00:00"
	if len(b) < len(like) {
		return false
	}
	for i, c := range []byte(like) {
		if digit := b[i] >= '0' && b[i] <= '9'; i > 1 && c == '0' && !digit || (i < 2 || c != '0') && b[i] != c {
			return false
		}
	}
	return true
}
