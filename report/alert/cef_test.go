package alert

import (
	"regexp"
	"strings"
	"testing"

	"spanaudit/report"
)

// readCEF takes an event apart as a receiver does: the header at pipes without a
// backslash, the extension at keys behind a blank and before an equals sign
// without one.
func readCEF(t *testing.T, text string) (head []string, extension map[string]string) {
	t.Helper()
	rest := text
	for range 7 {
		var field strings.Builder
		for i := 0; ; i++ {
			if i == len(rest) {
				t.Fatalf("the header ends early: %q", text)
			}
			if rest[i] == '|' {
				rest = rest[i+1:]
				break
			}
			if rest[i] == '\\' {
				i++
			}
			field.WriteByte(rest[i])
		}
		head = append(head, field.String())
	}
	extension = map[string]string{}
	unescape := strings.NewReplacer(`\\`, `\`, `\=`, `=`, `\n`, "\n", `\r`, "\r")
	// With what is escaped out of the way, a key is a word before an equals sign.
	veiled := strings.NewReplacer(`\\`, "\x00\x00", `\=`, "\x00\x00").Replace(rest)
	keys := regexp.MustCompile(`(?:^| )([A-Za-z0-9]+)=`).FindAllStringSubmatchIndex(veiled, -1)
	for i, k := range keys {
		end := len(rest)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		key := rest[k[2]:k[3]]
		if _, twice := extension[key]; twice {
			t.Errorf("%s twice in %q", key, text)
		}
		extension[key] = unescape.Replace(rest[k[1]:end])
	}
	return head, extension
}

func TestCEFOfHostileTextParsesToWhatWasMeant(t *testing.T) {
	for _, text := range hostileTexts() {
		a := fill(text)
		head, ext := readCEF(t, NewCEF(text).Line(&a))
		if head[0] != "CEF:0" || head[3] != cut(report.Line(text), 31) || head[4] != cut(report.Line(text), 1023) || head[6] != "8" {
			t.Errorf("header of %.40q is %q", text, head)
		}
		if ext["msg"] != cut(report.Line(text), 1023) || ext["cs1"] != cut(report.Line(text), 4000) || ext["dhost"] != cut(report.Line(text), 1023) {
			t.Errorf("extension of %.40q is %q", text, ext)
		}
		if ext["src"] != "10.20.0.10" || ext["dpt"] != "443" {
			t.Errorf("%.40q: src %q, dpt %q", text, ext["src"], ext["dpt"])
		}
	}
}

func TestCEFNamesWhoBegan(t *testing.T) {
	list := samples()
	_, out := readCEF(t, NewCEF("1").Line(&list[0]))
	_, in := readCEF(t, NewCEF("1").Line(&list[3]))
	if out["src"] != "10.20.0.10" || out["smac"] != "02:00:5e:00:53:10" || out["dst"] != "198.51.100.11" || out["dhost"] != "iot.example.com" || out["dpt"] != "443" {
		t.Errorf("outbound: %q", out)
	}
	if in["dst"] != "10.20.0.10" || in["dmac"] != "02:00:5e:00:53:10" || in["src"] != "198.51.100.11" || in["shost"] != "iot.example.com" {
		t.Errorf("inbound: %q", in)
	}
}

func TestCEFInSyslogIsCutBetweenEscapes(t *testing.T) {
	for _, text := range hostileTexts() {
		a := fill(text)
		line := NewCEF("1").Line(&a)
		for limit := 1000; limit < 1020; limit++ {
			out := string(Syslog{Facility: 16, Max: limit}.Around(&a, line))
			m, err := readSyslog(out)
			if err != nil || !strings.HasPrefix(m.said, "CEF:0|spanaudit|") || len(out) > limit {
				t.Fatalf("%d octets, %v: %q", len(out), err, out)
			}
			if body, isCut := strings.CutSuffix(m.said, "…"); isCut && len(line) > len(m.said) {
				if n := len(body) - len(strings.TrimRight(body, `\`)); n%2 == 1 {
					t.Fatalf("cut in an escape: %q", m.said)
				}
			}
		}
	}
}
