package panel

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"spanaudit/fixtures/hostile"
	"spanaudit/report"
)

// trick puts a text wherever a value has one.
func trick(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if !v.IsNil() {
			trick(v.Elem(), text)
		}
	case reflect.Slice:
		if _, is := v.Interface().(json.RawMessage); is {
			return
		}
		for i := range v.Len() {
			trick(v.Index(i), text)
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String && v.Len() > 0 {
			v.SetMapIndex(reflect.ValueOf(text).Convert(v.Type().Key()), v.MapIndex(v.MapKeys()[0]))
		}
	case reflect.Struct:
		if _, is := v.Interface().(netip.Addr); is {
			v.Set(reflect.ValueOf(netip.MustParseAddr("fe80::1").WithZone(text)))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				trick(v.Field(i), text)
			}
		}
	}
}

// tricky is a panel that was told nothing but a text.
func tricky(t *testing.T, text string) *Panel {
	p := newPanel(t, Options{Tool: report.Tool{Name: text, Version: text}})
	s := stateAt(audit(t, "site"), 1)
	trick(reflect.ValueOf(&s).Elem(), text)
	s.Sinks = append(s.Sinks, s.Sinks...)
	p.State(s)
	f := alertOf(1)
	trick(reflect.ValueOf(&f).Elem(), text)
	p.Alert(f)
	return p
}

var (
	inlined = regexp.MustCompile(`(?s)<(style|script)>(.*?)</(style|script)>`)
	voidTag = regexp.MustCompile(`<(meta|br|link)\b([^>]*)>`)
)

// elements reads a page as XML, which it is once what HTML leaves open is closed.
func elements(t *testing.T, page string) (list []xml.StartElement) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(voidTag.ReplaceAllString(inlined.ReplaceAllString(page, ""), "<$1$2/>")))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, is := token.(xml.StartElement); is {
			list = append(list, e.Copy())
		}
	}
}

// Without its script the page shows the state as of when it was loaded.
func TestThePageShowsTheState(t *testing.T) {
	p := newPanel(t, Options{Render: func(io.Writer, *report.Audit) error { return nil }})
	a := audit(t, "site")
	if page := ask(p, "/").Body.String(); !strings.Contains(page, "The engine has not begun") {
		t.Error("nothing is said before the engine begins")
	}
	p.State(stateAt(a, 1))
	s := stateAt(nil, 2)
	s.Up, s.Policy.Error, s.Record.Error, s.Dropped.Kernel = false, "line 3: unknown key", "disk full", 12
	p.State(s)
	p.Alert(alertOf(3))
	page := ask(p, "/").Body.String()
	for _, want := range []string{
		"Sensor at span0", "span0, down", "2026-11-23 10:00:00 UTC, 2s", "<b>1.0 k</b>", "<b>7.2 Mbit/s</b>", "<b>19</b>", "12 by the kernel, 7 by the ring", "<b>1,312</b>",
		"Nothing is captured: the interface span0 is down.", "Packets are being lost, 10 a second", "The last policy was refused", "line 3: unknown key", "disk full",
		"Alerts are not told to webhook: connection refused", "1 alert not told to syslog", "fixtures-site, 1", sum, "190 MB of 400 MB", "48 MB, last written 2026-11-23 10:00:02 UTC",
		"rtsp-boundary", "not observable", "TLS 1.3 encrypts it", "the server chose TLS 1.0, wanted at least TLS 1.2 (3)", "DESCRIBE",
		"Judged: 12,804 packets", "7.0 MB, 812 flows", "11 told, 2 waiting, 1 lost", `href="/report.html"`, "1 critical, 1 high, 1 more waived",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if at, other := strings.Index(page, "TLS 1.2 (3)"), strings.Index(page, "DESCRIBE"); at > other {
		t.Error("the newest finding is not the first")
	}
	if strings.Contains(strings.ToLower(page), "complian") {
		t.Error("the word stands in the page")
	}
	if page != ask(p, "/").Body.String() {
		t.Error("the same state is not the same page")
	}
}

// Only this style and this script hold, and the page asks for nothing of others.
func TestThePageRunsOnlyItsOwn(t *testing.T) {
	for _, text := range append(hostile.Texts(), "plain") {
		p := tricky(t, text)
		w := ask(p, "/")
		page := w.Body.String()
		parts := inlined.FindAllStringSubmatch(page, -1)
		if len(parts) != 2 || strings.Count(page, "<script") != 1 || strings.Count(page, "<style") != 1 {
			t.Fatalf("%q: %d styles and scripts", text, len(parts))
		}
		for _, part := range parts {
			hash := sha256.Sum256([]byte(part[2]))
			if want := part[1] + "-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"; !strings.Contains(w.Header().Get("Content-Security-Policy"), want) {
				t.Errorf("%q: the policy has no %s", text, want)
			}
		}
		ids := map[string]bool{}
		for _, e := range elements(t, page) {
			switch e.Name.Local {
			case "img", "iframe", "object", "embed", "base", "form", "use", "image":
				t.Errorf("%q: there is an element %s", text, e.Name.Local)
			}
			for _, attr := range e.Attr {
				switch is := attr.Name.Local; {
				case is == "id" && ids[attr.Value]:
					t.Errorf("%q: the id %q stands twice", text, attr.Value)
				case is == "id":
					ids[attr.Value] = true
				case strings.HasPrefix(is, "on"), is == "style", is == "src", is == "srcset",
					is == "href" && !strings.HasPrefix(attr.Value, "/") && !strings.HasPrefix(attr.Value, "#") && attr.Value != "data:,":
					t.Errorf("%q: an element %s has %s=%q", text, e.Name.Local, is, attr.Value)
				}
			}
		}
		if strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%q stands where none may", text)
		}
	}
}

// Nothing of the wire is shown, or told to a page, that is not visible.
func TestNothingInvisibleIsShown(t *testing.T) {
	for _, text := range hostile.Texts() {
		p := tricky(t, text)
		p.mu.Lock()
		told, err := json.Marshal(p.parts())
		p.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		for name, out := range map[string]string{"page": ask(p, "/").Body.String(), "events": string(told), "metrics": ask(p, "/metrics").Body.String()} {
			if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%s of %q has %q", name, text, out[max(0, i-40):min(len(out), i+8)])
			}
			for _, escape := range []string{`\u202e`, `\u2028`, `\u0000`} {
				if name == "events" && strings.Contains(strings.ReplaceAll(out, `\`+escape, ""), escape) {
					t.Errorf("%s of %q has %s, which a page takes for the character", name, text, escape)
				}
			}
		}
	}
}

// However much there is, the page stays one that a browser opens.
func TestThePageIsBounded(t *testing.T) {
	long := strings.Repeat("漢", 5_000)
	a := audit(t, "site")
	for len(a.Findings) < 20_000 {
		a.Findings = append(a.Findings, a.Findings[0])
	}
	for len(a.Requirements) < 1000 {
		a.Requirements = append(a.Requirements, a.Requirements[0])
	}
	for i := range 5000 {
		a.Coverage.Protocols[strings.Repeat("x", i)] = 1
	}
	p := newPanel(t, Options{})
	s := stateAt(a, 1)
	trick(reflect.ValueOf(&s.Audit.Requirements).Elem(), long)
	trick(reflect.ValueOf(&s.Audit.Coverage).Elem(), long)
	trick(reflect.ValueOf(&s.Policy).Elem(), long)
	for range 100 {
		s.Sinks = append(s.Sinks, Sink{Name: long, Error: long, Failing: true})
	}
	p.State(s)
	f := alertOf(1)
	trick(reflect.ValueOf(&f).Elem(), long)
	for range 200 {
		p.Alert(f)
	}
	if page := ask(p, "/").Body.Len(); page > 1<<20 {
		t.Errorf("%d bytes", page)
	}
	_, first, err := p.join("")
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, m := range first {
		told += len(m)
	}
	if told > 1<<20 {
		t.Errorf("%d bytes are told", told)
	}
	p.mu.Lock()
	for c := range p.clients {
		p.drop(c)
	}
	p.mu.Unlock()
	p.streams.Done()
}
