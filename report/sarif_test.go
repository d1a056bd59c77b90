package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"spanaudit/fixtures/hostile"
)

func sarifForms() []form { return []form{{"sarif", SARIF}, {"github.sarif", SARIFForGitHub}} }

const sarifSchemaFile = "../../shared/reference/sarif-schema-2.1.0.json"

var sarifSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	file, err := os.Open(sarifSchemaFile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	doc, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("sarif.json")
})

func TestSARIFIsValid(t *testing.T) {
	schema, err := sarifSchema()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(sarifSchemaFile + " is not here")
	} else if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(doc)
	}
	site := form{"", SARIF}.of(t, siteAudit())
	if valid(strings.Replace(site, `"kind": "open"`, `"kind": "fine"`, 1)) == nil || valid(strings.Replace(site, `"uri": "`, `"uri": "%%`, 1)) == nil {
		t.Error("the schema accepts anything")
	}
	for _, f := range sarifForms() {
		for name, audit := range audits() {
			if err := valid(f.of(t, audit())); err != nil {
				t.Errorf("%s of %s: %v", f.name, name, err)
			}
		}
		for _, text := range hostile.Texts() {
			if err := valid(f.of(t, fill(text))); err != nil {
				t.Errorf("%s of %q: %v", f.name, text, err)
			}
		}
	}
}

// TestSARIF holds what is written to golden files, with the first rule alone.
func TestSARIF(t *testing.T) {
	for name, audit := range map[string]func() *Audit{"site": siteAudit, "nasty": nastyAudit} {
		run := newSARIF(audit())
		run.Tool.Driver.Rules = run.Tool.Driver.Rules[:1]
		var b bytes.Buffer
		if err := writeSARIF(&b, run); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".sarif", b.Bytes())
	}
}

func readSARIF(t *testing.T, text string) sarifRun {
	t.Helper()
	var doc sarifLog
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Runs[0]
}

func TestSARIFHasAResultForEachFindingAndRequirement(t *testing.T) {
	run := readSARIF(t, form{"", SARIF}.of(t, siteAudit()))
	var got []string
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s is said to be rule %d", r.RuleID, r.RuleIndex)
		}
		got = append(got, strings.Join([]string{r.RuleID, r.Kind, r.Level}, " "))
	}
	for i, want := range []string{
		"rtsp-boundary fail error", "tls-version fail error", "device-address open none", // the findings
		"tls-forward-secrecy-offered pass none", "media-boundary open none", "ntp-source open none", "tls-certificate review none",
		"device-address notApplicable none", "egress-allow-list fail error",
	} {
		if i >= len(got) || got[i] != want {
			t.Fatalf("got %q, want %s at %d", got, want, i)
		}
	}
	if f := run.Results[0]; f.Count != 4 || f.Fingerprints["findingId/v1"] != "f-1" || f.Properties.Evidence[0].Frame != 240 ||
		f.Locations[0].Physical.File.URI != "site.pcapng" || *f.Locations[0].Physical.File.Index != 0 || *run.Results[1].Locations[0].Physical.File.Index != 1 {
		t.Errorf("%+v", f)
	}
	if s := run.Results[2].Suppressions; len(s) != 1 || s[0].Status != "accepted" || !strings.Contains(s[0].Justification, "until 2027-01-31 by W-7: replacement ordered") {
		t.Errorf("%+v", s)
	}
	if v := run.Invocations[0]; v.Successful || v.Notifications[0].Message.Text != "broken.pcap was not read whole: record 13 is cut off" {
		t.Errorf("%+v", v)
	}
}

// What code scanning refuses or does not show is looked up in GitHub's "SARIF
// support for code scanning".
func TestSARIFForGitHubIsWhatCodeScanningTakes(t *testing.T) {
	unread := siteAudit()
	unread.Inputs = nil
	for _, a := range []*Audit{siteAudit(), quietAudit(), emptyAudit(), nastyAudit(), unread, fill("=x")} {
		run := readSARIF(t, form{"", SARIFForGitHub}.of(t, a))
		for _, r := range run.Results {
			at := r.Locations[0].Physical
			if r.Kind != "fail" || len(r.Suppressions) > 0 || at.File.URI == "" || at.Region == nil || r.Message.Text == "" || r.Fingerprints["primaryLocationLineHash"] == "" {
				t.Errorf("%+v", r)
			}
		}
		for _, r := range run.Tool.Driver.Rules {
			if len(r.Properties.Tags) > 10 || r.Short.Text == "" || r.Full.Text == "" || r.Help.Text == "" ||
				len(r.Short.Text) > 1024 || len(r.Full.Text) > 1024 || len(r.Name) > 255 {
				t.Errorf("%s: %d tags, texts of %d and %d bytes", r.ID, len(r.Properties.Tags), len(r.Short.Text), len(r.Full.Text))
			}
		}
	}
	if run := readSARIF(t, form{"", SARIFForGitHub}.of(t, siteAudit())); len(run.Results) != 2 { // three fail, and one of them is waived
		t.Errorf("%d alerts", len(run.Results))
	}
	run := readSARIF(t, form{"", SARIFForGitHub}.of(t, manyFindings(25_010)))
	if n := run.Invocations[0].Notifications; len(run.Results) != 25_000 || n[len(n)-1].Descriptor.ID != "left-out" || !strings.HasPrefix(n[len(n)-1].Message.Text, "11 more failures") {
		t.Errorf("%d results, %v", len(run.Results), n)
	}
}

func TestFileURI(t *testing.T) {
	for name, want := range map[string]string{
		"site.pcapng": "site.pcapng", "captures/a b.pcap": "captures/a%20b.pcap", "/tmp/x.pcap": "file:///tmp/x.pcap", "-": "-", "eth0": "eth0",
		"a:b": "./a:b", "": "unknown", "//evil.example/x": "file:////evil.example/x", "javascript:x": "./javascript:x", "\u202ex": "%E2%80%AEx", "a#b?c": "a%23b%3Fc", "\xff": "%FF",
	} {
		if got := fileURI(name); got != want {
			t.Errorf("fileURI(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestSARIFMessageHasNoLinkAndNoPlaceholder(t *testing.T) {
	for in, want := range map[string]string{
		"[text](http://evil.example)": `[text\](http://evil.example)`, "{0} of {1}": "{{0}} of {{1}}", "[::1]:443": "[::1]:443",
	} {
		if got := sarifMessage(in).Text; got != want {
			t.Errorf("%s is written %s, want %s", in, got, want)
		}
	}
}

// Text makes no key of JSON, and no value other than a string.
func TestFormsInJSONKeepTheirShape(t *testing.T) {
	for _, f := range sarifForms() {
		shapeOf := func(text string) string {
			var v any
			if err := json.Unmarshal([]byte(f.of(t, fill(text))), &v); err != nil {
				t.Errorf("%s of %q: %v", f.name, text, err)
			}
			return shape(v)
		}
		want := shapeOf("text")
		for _, text := range hostile.Texts() {
			if shapeOf(text) != want {
				t.Errorf("%s of %q has another shape than that of a word", f.name, text)
			}
		}
	}
}

// shape writes a JSON value without its strings.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(k + ":" + shape(v[k]) + ",")
		}
		return "{" + b.String() + "}"
	case []any:
		return "[" + strings.Join(mapped(v, shape), ",") + "]"
	case string:
		return "text"
	}
	return fmt.Sprint(v)
}
