package report

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"spanaudit/flow"
)

// oscalString returns what OSCAL's StringDatatype takes: one line without white
// space around it; "" where nothing is left.
func oscalString(s string) string { return strings.TrimSpace(Line(s)) }

// oscalMarkup returns one line of text as OSCAL's markup, which is Markdown and
// may be rendered as HTML: every character that could mean something is escaped.
func oscalMarkup(s string) string {
	s = oscalString(s)
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte("\\`*_~^[]{}<>&!#|", c) >= 0,
			i == 0 && strings.IndexByte("-+=:", c) >= 0,
			(c == '.' || c == ')') && strings.Trim(s[:i], "0123456789") == "" && i > 0: // a list's "1." begins the line
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// oscalLines returns lines of text as items of a list in markup.
func oscalLines(lines []string) string {
	items := make([]string, len(lines))
	for i, l := range lines {
		items[i] = "- " + oscalMarkup(l)
	}
	return strings.Join(items, "\n")
}

// oscalCode returns a line of JSON as a block of code, which it cannot end.
func oscalCode(line []byte) string {
	return "```json\n" + strings.ReplaceAll(string(line), "`", `\u0060`) + "\n```"
}

// oscalToken returns a text that can be a TokenDatatype, and reports whether s is
// one.
func oscalToken(s string) (string, bool) {
	token := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, s)
	if token == "" || !('a' <= token[0]|0x20 && token[0]|0x20 <= 'z') && token[0] != '_' {
		token = "_" + token
	}
	return token, token == s
}

// oscalTime writes a time. OSCAL has none before the year 1900.
func oscalTime(t Instant) string {
	earliest := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	return string(appendInstant(nil, max(flow.Time(t), flow.Time(earliest))))
}

// oscalDay returns the time on a day that is written YYYY-MM-DD, "" of another
// text.
func oscalDay(day, clock string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil || t.Year() < 1900 || t.Year() > 2999 {
		return ""
	}
	return day + "T" + clock + "Z"
}

// oscalHref returns a reference to a file, or to a part of it.
func oscalHref(name, fragment string) string {
	u := url.URL{Path: name, Fragment: fragment}
	if strings.HasPrefix(name, "/") {
		u.Scheme = "file"
	}
	return u.String()
}

// oscalProps returns properties of this program's own vocabulary: names and values by
// turns, those left out that are empty.
func oscalProps(namesAndValues ...any) (props []oscalProp) {
	for i := 0; i < len(namesAndValues); i += 2 {
		value := oscalString(fmt.Sprint(namesAndValues[i+1]))
		if value != "" {
			props = append(props, oscalProp{namesAndValues[i].(string), namespaceURI, value})
		}
	}
	return props
}

// nist80053 is how controls of NIST SP 800-53 revision 5 begin.
const nist80053 = "NIST SP 800-53r5 "

var nistControl = regexp.MustCompile(`^([A-Z]{2})-([0-9]{1,2})(?:\(([0-9]{1,2})\))?$`)

// oscalControlID returns the id of a control in the OSCAL catalog of NIST SP
// 800-53 revision 5, as sc-7.5 for SC-7(5), and whether the control is one.
func oscalControlID(control string) (string, bool) {
	name, ok := strings.CutPrefix(control, nist80053)
	m := nistControl.FindStringSubmatch(name)
	if !ok || m == nil {
		return "", false
	}
	id := strings.ToLower(m[1]) + "-" + m[2]
	if m[3] != "" {
		id += "." + m[3]
	}
	return id, true
}
