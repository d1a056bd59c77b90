package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func htmlOf(t *testing.T, a *Audit) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// htmlAudits are all audits, and one that is nasty wherever an audit has text.
func htmlAudits() map[string]func() *Audit {
	all := audits()
	all["tricky"] = trickyAudit
	return all
}

// trickyAudit is an audit as somebody may have saved it, to harm who reads it.
func trickyAudit() *Audit {
	a := siteAudit()
	trickInto(reflect.ValueOf(a).Elem(), trick)
	a.Findings = append(a.Findings, a.Findings...) // each id twice
	a.Requirements = append(a.Requirements, a.Requirements...)
	a.Timeline.Seconds = -1
	a.Timeline.Moments = append(a.Timeline.Moments, Moment{Start: -1 << 63, Flows: 1}, Moment{Start: 1<<63 - 1, Flows: 1 << 63})
	for i := range 1000 {
		a.Crossings = append(a.Crossings, Crossing{From: Zone{Name: fmt.Sprint(i)}, To: Zone{Name: "x"}, Protocol: nasty, Flows: 1 << 63})
	}
	return a
}

const trick = `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "`${1}'" + nasty

// trickRecord is a flow record of a text.
func trickRecord(text string) []byte {
	record, err := json.Marshal(map[string]any{text: []any{text, map[string]any{text: 1e300}, nil, true, []any{[]any{}}}, "a": text})
	if err != nil {
		panic(err)
	}
	return record
}

// trickInto puts a text wherever v has one, whatever is added to its type. A value
// of a type of its own, such as a protocol, has one too.
func trickInto(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if !v.IsNil() {
			trickInto(v.Elem(), text)
		}
	case reflect.Slice:
		if _, is := v.Interface().(json.RawMessage); is {
			v.SetBytes(trickRecord(text))
			return
		}
		for i := range v.Len() {
			trickInto(v.Index(i), text)
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String && v.Len() > 0 {
			v.SetMapIndex(reflect.ValueOf(text), v.MapIndex(v.MapKeys()[0]))
		}
	case reflect.Struct:
		if _, is := v.Interface().(netip.Addr); is {
			v.Set(reflect.ValueOf(addr("fe80::1").WithZone(text)))
			return
		}
		for i := range v.NumField() {
			trickInto(v.Field(i), text)
		}
	}
}

// A report leaves the house: each part that an assessor looks for is there.
func TestHTMLHasWhatAnAssessorLooksFor(t *testing.T) {
	page := htmlOf(t, siteAudit())
	for _, want := range []string{
		"fixtures-site, 1", "netsec@example.com", "ciso@example.com, 2026-11-20", "inside-nat", "aws-panorama, 1",
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "record 13 is cut off", "2026-11-24 08:00:00 UTC", "spanaudit, 1.0.0",
		"What was not observed is not shown to hold", "a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com", "1:LQU9qZlK&#43;B5F3KDmev6m5PMibrg=",
		"frame.number in {240}", "Remove the port forward.", "NIST SP 800-53r5 SC-7", "replacement ordered", "PCI DSS 4.0.1 requirement 12.3.3",
		"TLS_RSA_WITH_AES_128_CBC_SHA", "--now 2026-11-24T08:00:00.000000000Z", "Signature", "The capture itself lost 3 packets",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
}

var (
	inlined = regexp.MustCompile(`(?s)<(style|script)>(.*?)</(style|script)>`)
	voidTag = regexp.MustCompile(`<(meta|br|input)\b([^>]*)>`)
)

// elements reads a page as XML, which it is once what HTML leaves open is closed:
// every element ends where it should and every attribute is quoted.
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

// The page is well-formed, loads nothing, runs nothing but its script, and every
// link and every name leads to a part of it.
func TestHTMLIsOnePage(t *testing.T) {
	for name, audit := range htmlAudits() {
		t.Run(name, func(t *testing.T) {
			page := htmlOf(t, audit())
			ids := map[string]bool{}
			var links []string
			for _, e := range elements(t, page) {
				switch e.Name.Local {
				case "img", "link", "iframe", "object", "embed", "base", "audio", "video", "image", "use":
					t.Errorf("there is an element %s", e.Name.Local)
				}
				for _, attr := range e.Attr {
					switch is := attr.Name.Local; {
					case is == "id":
						if ids[attr.Value] {
							t.Errorf("the id %q stands twice", attr.Value)
						}
						ids[attr.Value] = true
					case is == "href":
						links = append(links, attr.Value)
					case is == "aria-labelledby", is == "for":
						for id := range strings.FieldsSeq(attr.Value) {
							links = append(links, "#"+id)
						}
					case strings.HasPrefix(is, "on"), is == "style", is == "src", is == "srcset", is == "action", is == "http-equiv" && attr.Value != "Content-Security-Policy":
						t.Errorf("an element %s has %s=%q", e.Name.Local, is, attr.Value)
					}
				}
			}
			for _, link := range links {
				if !strings.HasPrefix(link, "#") || !ids[link[1:]] {
					t.Errorf("a link leads to %q", link)
				}
			}
			for _, part := range inlined.FindAllStringSubmatch(page, -1) {
				for _, loads := range []string{"http:", "https:", "url(", "@import", "fetch(", "import("} {
					if strings.Contains(part[2], loads) {
						t.Errorf("the %s has %s", part[1], loads)
					}
				}
			}
		})
	}
}

// The browser runs this style and this script, and nothing that the audit's text
// may come to.
func TestHTMLAllowsOnlyItsOwnStyleAndScript(t *testing.T) {
	page := htmlOf(t, trickyAudit())
	parts := inlined.FindAllStringSubmatch(page, -1)
	if len(parts) != 2 || strings.Count(page, "<script") != 1 || strings.Count(page, "<style") != 1 {
		t.Fatalf("%d styles and scripts", len(parts))
	}
	for _, part := range parts {
		sum := sha256.Sum256([]byte(part[2]))
		if want := part[1] + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(page, want) {
			t.Errorf("the policy has no %s", want)
		}
	}
}

func TestHTMLShowsNoneOfTheTricksOfText(t *testing.T) {
	for _, name := range []string{"nasty", "tricky"} {
		page := htmlOf(t, htmlAudits()[name]())
		if i := strings.IndexFunc(page, func(r rune) bool { return r != '\n' && !visible(r) }); i >= 0 {
			t.Errorf("%s: %q is not escaped", name, page[max(0, i-60):i+8])
		}
		if strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: a text stands where none may", name)
		}
		if !strings.Contains(page, `\u202eevil`) {
			t.Errorf("%s: the text is not there", name)
		}
	}
}

func TestHTMLNeverSaysCompliant(t *testing.T) {
	for name, audit := range htmlAudits() {
		if strings.Contains(strings.ToLower(htmlOf(t, audit())), "complian") {
			t.Errorf("%s: the word stands in the report", name)
		}
	}
}

// With 10,000 findings the page stays one that a browser opens.
func TestHTMLOfManyFindingsIsBounded(t *testing.T) {
	a := manyFindings(10_000)
	start := time.Now()
	page := htmlOf(t, a)
	t.Logf("%.1f MB in %v", float64(len(page))/1e6, time.Since(start))
	if each := (len(page) - len(htmlOf(t, siteAudit()))) / 10_000; each > 2000 {
		t.Errorf("%d bytes for each finding", each)
	}
	if n := strings.Count(page, "<"); n > 100*10_000 {
		t.Errorf("%d tags", n)
	}
}

// What is to be copied into a shell means what it says, whatever a file is named.
func TestShellWord(t *testing.T) {
	sh, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash")
	}
	for _, text := range []string{"site.pcapng", "", "two words", "it's", "$(reboot)", "a\\b", "-x", "a;b", strings.ReplaceAll(nasty, "\x00", "")} {
		word := shellWord(text)
		if i := strings.IndexFunc(word, func(r rune) bool { return !visible(r) }); i >= 0 {
			t.Errorf("%q shows as %q", text, word)
		}
		c := exec.Command(sh, "-c", "printf %s "+word)
		c.Env = []string{"LC_ALL=C.UTF-8"}
		if got, err := c.Output(); err != nil || string(got) != text {
			t.Errorf("%s is %q, want %q: %v", word, got, text, err)
		}
	}
}

func TestFlowFacts(t *testing.T) {
	for record, want := range map[string]string{
		"":   "",
		"{}": "",
		`{"network":{"protocol":"tls"},"tls":{"client":{"offered":["1.3","1.2"]},"resumed":false},"bytes":12345678901}`: "" +
			"network.protocol               tls\n" +
			"tls.client.offered             1.3, 1.2\n" +
			"tls.resumed                    false\n" +
			"bytes                          12345678901",
		`{"a":[[1],{"b":null}]}`: "a                              1, b, none",
	} {
		if got := flowFacts(json.RawMessage(record)); got != want {
			t.Errorf("%s: %q, want %q", record, got, want)
		}
	}
	deep := strings.Repeat(`{"`+strings.Repeat("k", 1000)+`":`, 9000) + "1" + strings.Repeat("}", 9000)
	wide := `{"` + strings.Repeat("k", 1<<20) + `":{` + strings.Repeat(`"x":1,`, 1<<16) + `"x":1}}`
	for _, record := range []string{deep, wide, `["` + strings.Repeat("é", maxRecord) + `"]`} {
		if got := flowFacts(json.RawMessage(record)); len(got) > maxRecord+20 || !strings.HasSuffix(got, " … and more") {
			t.Errorf("%d bytes, which end in %.20q", len(got), got[max(0, len(got)-20):])
		}
	}
}

func TestHTMLSaysThatAddressesWereReplaced(t *testing.T) {
	a := siteAudit()
	a.Anonymized = true
	for _, want := range []string{"IP addresses and MACs were replaced", "--anonymize-key KEY-FILE"} {
		if !strings.Contains(htmlOf(t, a), want) {
			t.Errorf("no %q", want)
		}
		if strings.Contains(htmlOf(t, siteAudit()), want) {
			t.Errorf("%q where none was", want)
		}
	}
}
