package alert

import (
	"fmt"
	"strconv"
	"strings"

	"spanaudit/report"
	"spanaudit/rules"
)

// Syslog writes alerts as messages of RFC 5424.
type Syslog struct {
	Facility int // RFC 5424, section 6.2.1; 16 is local0

	// SDID is the SD-ID of the structured data, "" for none. RFC 5424 wants a
	// name of one's own to end in @ and a private enterprise number (section
	// 6.3.2). This program has none, and without structured data a collector
	// would have to take sentences apart; so DefaultSDID has the number that
	// RFC 5612 sets aside for examples, which nobody else's data carries with
	// this name. A site that has a number of its own sets it.
	SDID string

	// Max bounds the message's octets; what is longer loses the end of its
	// sentence, then parameters. At least 480, which any receiver takes
	// (section 6.1).
	Max int
}

// DefaultSDID is the SD-ID of alerts where none is set.
const DefaultSDID = "spanaudit@32473"

// Bounds of a message's parts in octets. Those of the header are the RFC's.
const (
	maxHostname  = 255
	maxMsgID     = 32
	maxParameter = 256 // before escapes
	minSentence  = 128 // that parameters leave room for
	minMessage   = 480
)

// bom stands before a MSG that is UTF-8 (RFC 5424, section 6.4).
const bom = "\xef\xbb\xbf"

// Message returns an alert as a message, its MSG the sentence that FindingLine
// writes for people. Characters that are not visible, which section 8.2 warns
// of, are escaped as by report.Line.
func (s Syslog) Message(a *Alert) []byte {
	room := max(s.Max, minMessage)
	text := s.header(a)
	text += " " + s.data(a, room-len(text)-1-minSentence) + " " + bom
	said := report.FindingLine(&a.Finding, report.Screen{})
	if more := a.more(); more != "" {
		said += " (" + more + ")"
	}
	return []byte(text + cut(said, room-len(text)))
}

// Around returns a message whose MSG is text, without structured data and
// without the octets that would tell that it is UTF-8, since those who read CEF
// look for it at the start.
func (s Syslog) Around(a *Alert, text string) []byte {
	head := s.header(a) + " - "
	said := cut(text, max(s.Max, minMessage)-len(head))
	if said != text {
		said = wholeEscapes(said)
	}
	return []byte(head + said)
}

// wholeEscapes takes away a backslash at the end of a text that was cut, which would
// escape the mark behind it.
func wholeEscapes(said string) string {
	body := strings.TrimSuffix(said, cutMark)
	if n := len(body) - len(strings.TrimRight(body, `\`)); n%2 == 1 {
		body = body[:len(body)-1]
	}
	return body + cutMark
}

// header is that of section 6.2: PRI, VERSION, TIMESTAMP, HOSTNAME, APP-NAME,
// PROCID and MSGID. TIMESTAMP has at most six decimals.
func (s Syslog) header(a *Alert) string {
	return fmt.Sprintf("<%d>1 %s %s spanaudit - %s", s.Facility*8+syslogSeverity(a.Severity),
		a.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), headerField(a.Sensor, maxHostname), headerField(a.Rule, maxMsgID))
}

// syslogSeverity returns the severity of section 6.2.1, table 2: critical,
// error, warning, notice or informational.
func syslogSeverity(s rules.Severity) int { return 6 - int(min(max(s, rules.Info), rules.Critical)) }

// headerField returns text as PRINTUSASCII: what is not is a question mark.
func headerField(text string, bound int) string {
	plain := func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}
	if text = strings.Map(plain, text); text == "" {
		return "-"
	}
	return text[:min(len(text), bound)]
}

// data returns the structured data, as many of its parameters as there is room for.
func (s Syslog) data(a *Alert, room int) string {
	if s.SDID == "" {
		return "-"
	}
	text := "[" + s.SDID
	for _, p := range parameters(a) {
		if p.value == "" {
			continue
		}
		next := " " + p.name + `="` + sdEscapes.Replace(cut(report.Line(p.value), maxParameter)) + `"`
		if len(text)+len(next)+1 <= room {
			text += next
		}
	}
	return text + "]"
}

// sdEscapes escapes the three characters of PARAM-VALUE (section 6.3.3).
var sdEscapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, `]`, `\]`)

type parameter struct{ name, value string }

// parameters lists what structured data says of an alert, what matters most
// first. The names are those of the JSON form, with _ between the steps.
func parameters(a *Alert) []parameter {
	f := &a.Finding
	list := []parameter{
		{"kind", string(a.Kind)}, {"id", f.ID}, {"rule", f.Rule}, {"severity", f.Severity.String()}, {"verdict", string(f.Verdict)},
		{"device_id", f.Device.ID}, {"device_ip", address(f.Device.IP)}, {"device_mac", f.Device.MAC}, {"device_role", f.Device.Role},
		{"peer_ip", address(f.Peer.IP)}, {"peer_port", number(int(f.Peer.Port))}, {"peer_name", f.Peer.Name},
		{"count", number(f.Count)}, {"since", number(a.Since)}, {"first", moment(f.First)}, {"last", moment(f.Last)},
		{"sensor", a.Sensor}, {"site", a.Site}, {"policy", a.Policy},
	}
	if a.Was != nil {
		list = append(list, parameter{"was", a.Was.String()})
	}
	if len(f.Flows) > 0 {
		list = append(list, parameter{"flow", f.Flows[0]})
	}
	return list
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
