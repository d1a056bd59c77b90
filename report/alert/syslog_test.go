package alert

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"spanaudit/report"
	"spanaudit/rules"
)

// syslogMessage is a message as a receiver takes it apart.
type syslogMessage struct {
	priority, host, app, id, sdid string
	parameters                    map[string]string
	said                          string
}

var syslogHead = regexp.MustCompile(`^<([0-9]{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) `)

// readSyslog parses a message by the grammar of RFC 5424, section 6.
func readSyslog(text string) (m syslogMessage, err error) {
	head := syslogHead.FindStringSubmatch(text)
	if head == nil {
		return m, errors.New("the header is not one")
	}
	if _, err := time.Parse("2006-01-02T15:04:05.999999Z07:00", head[2]); err != nil {
		return m, err
	}
	m.priority, m.host, m.app, m.id, m.parameters = head[1], head[3], head[4], head[6], map[string]string{}
	rest := text[len(head[0]):]
	if after, none := strings.CutPrefix(rest, "-"); none {
		rest = after
	} else if rest, err = m.readData(rest); err != nil {
		return m, err
	}
	rest, ok := strings.CutPrefix(rest, " ")
	if !ok {
		return m, errors.New("no blank before MSG")
	}
	m.said = rest
	return m, nil
}

func (m *syslogMessage) readData(rest string) (string, error) {
	end := strings.IndexAny(rest, " ]")
	if rest[0] != '[' || end < 0 {
		return "", errors.New("no SD-ELEMENT")
	}
	m.sdid, rest = rest[1:end], rest[end:]
	for rest[0] == ' ' {
		name, after, ok := strings.Cut(rest[1:], `="`)
		if !ok || name == "" || len(name) > 32 || strings.ContainsAny(name, ` ="]`) {
			return "", fmt.Errorf("no SD-PARAM at %q", rest)
		}
		var value strings.Builder
		for after[0] != '"' {
			switch {
			case after[0] == ']':
				return "", errors.New("a ] is not escaped")
			case after[0] == '\\' && strings.ContainsRune(`"\]`, rune(after[1])):
				after = after[1:]
			}
			value.WriteByte(after[0])
			after = after[1:]
		}
		if _, twice := m.parameters[name]; twice {
			return "", errors.New("SD-PARAM twice")
		}
		m.parameters[name], rest = value.String(), after[1:]
	}
	if rest[0] != ']' {
		return "", fmt.Errorf("SD-ELEMENT ends in %q", rest)
	}
	return rest[1:], nil
}

func TestSyslogOfHostileTextParsesToWhatWasMeant(t *testing.T) {
	for _, limit := range []int{0, 480, 1400, 8192} {
		for _, text := range hostileTexts() {
			a := fill(text)
			out := string(Syslog{Facility: 16, SDID: DefaultSDID, Max: limit}.Message(&a))
			if len(out) > max(limit, 480) || !utf8.ValidString(out) {
				t.Errorf("%d octets of %.40q, want at most %d of UTF-8", len(out), text, limit)
			}
			m, err := readSyslog(out)
			if err != nil {
				t.Fatalf("%.40q: %v in %q", text, err, out)
			}
			if m.priority != "131" || m.app != "spanaudit" || m.sdid != DefaultSDID || !strings.HasPrefix(m.said, bom) {
				t.Errorf("%.40q: %+v", text, m)
			}
			if got, want := m.parameters["device_id"], cut(report.Line(text), maxParameter); limit == 8192 && got != want {
				t.Errorf("device_id of %.40q is %q, want %q", text, got, want)
			}
			if limit == 8192 && m.parameters["peer_port"] != "443" {
				t.Errorf("%.40q: peer_port %q", text, m.parameters["peer_port"])
			}
		}
	}
}

func TestSyslogSeverities(t *testing.T) {
	for severity, want := range map[rules.Severity]string{rules.Critical: "34", rules.High: "35", rules.Medium: "36", rules.Low: "37", rules.Info: "38"} {
		a := newAlert("f-1")
		a.Severity = severity
		if m, err := readSyslog(string(Syslog{Facility: 4, SDID: DefaultSDID, Max: 2048}.Message(&a))); err != nil || m.priority != want || m.id != "tls-version" {
			t.Errorf("%s is PRI %s, MSGID %s, want %s: %v", severity, m.priority, m.id, want, err)
		}
	}
}

func TestSyslogWithoutStructuredData(t *testing.T) {
	a := newAlert("f-1")
	if m, err := readSyslog(string(Syslog{Facility: 16, Max: 2048}.Message(&a))); err != nil || m.sdid != "" || !strings.Contains(m.said, "TLS 1.0") {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestSyslogKeepsTheIDWhereThereIsLittleRoom(t *testing.T) {
	a := newAlert("f-1")
	a.Message = strings.Repeat("long ", 1000)
	m, err := readSyslog(string(Syslog{Facility: 16, SDID: DefaultSDID, Max: 480}.Message(&a)))
	if err != nil || m.parameters["id"] != "f-1" || m.parameters["kind"] != "new" || !strings.HasSuffix(m.said, "…") {
		t.Errorf("%+v, %v", m, err)
	}
}
