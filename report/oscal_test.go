package report

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// oscalSchema compiles NIST's schema of all models, with its formats asserted.
func oscalSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	const path = "../../shared/reference/oscal_complete_schema-1.2.2.json"
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("no schema of OSCAL here: %v", err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("oscal.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("oscal.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func oscalText(t *testing.T, a *Audit) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := OSCAL(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostileAudit was written by somebody who wanted the forms to break.
func hostileAudit() *Audit {
	a := nastyAudit()
	a.Findings = append(a.Findings, a.Findings...)
	a.Requirements = append(a.Requirements, a.Requirements...)
	a.Inputs = append(a.Inputs, a.Inputs...)
	q := &a.Requirements[0]
	q.Rule, q.Title, q.Controls = "1 <b>", " ", []string{nist80053 + "SC-8(1)", nist80053 + "SC-8(1)(2)", nist80053, "", " \n"}
	q.Devices = []DeviceVerdict{{ID: " "}}
	f := &a.Findings[0]
	f.Rule, f.Message, f.Evidence[0].File, f.Remediation = "", "", "//host/..%2f?x#y:z", " "
	f.Waiver = &Waiver{Expires: "2026-13-45", Created: "\n"}
	a.Period = &Period{-1 << 63, 1<<63 - 1}
	a.Policy.SHA256, a.Inputs[0].SHA256 = "no hash", strings.Repeat("Z", 64)
	a.Tool = Tool{"\n", "\t"}
	a.Reported = -1 << 63
	return a
}

func TestOSCALIsValid(t *testing.T) {
	schema := oscalSchema(t)
	all := audits()
	all["hostile"], all["nobody's"] = hostileAudit, func() *Audit { return &Audit{} }
	for name, audit := range all {
		t.Run(name, func(t *testing.T) { oscalHolds(t, schema, oscalText(t, audit())) })
	}
}

// oscalHolds holds a document against the schema, and its references against each
// other.
func oscalHolds(t *testing.T, schema *jsonschema.Schema, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v", err)
	}
	named := map[string]bool{}
	oscalWalk(doc, func(key, value string) {
		if key == "uuid" && named[value] {
			t.Errorf("%s names two things", value)
		}
		named[value] = named[value] || key == "uuid"
	})
	objectives := map[string]bool{}
	oscalWalk(doc, func(key, value string) { objectives[value] = objectives[value] || key == "id" })
	oscalWalk(doc, func(key, value string) {
		local, isReference := strings.CutPrefix(value, "#")
		switch {
		case key == "href" && isReference && !named[local],
			strings.HasSuffix(key, "-uuid") && !named[value],
			key == "target-id" && !objectives[value]:
			t.Errorf("%s %q refers to nothing in the document", key, value)
		}
	})
	if i := bytes.IndexFunc(text, func(r rune) bool { return r != '\n' && !visible(r) }); i >= 0 {
		t.Errorf("%q is not escaped", text[i:i+8])
	}
	if regexp.MustCompile(`(?i)\bcompliant`).Match(text) {
		t.Error("it says compliant")
	}
}

// oscalWalk visits the texts of a document with their keys.
func oscalWalk(doc any, visit func(key, value string)) {
	switch v := doc.(type) {
	case map[string]any:
		for key, value := range v {
			if text, ok := value.(string); ok {
				visit(key, text)
			}
			oscalWalk(value, visit)
		}
	case []any:
		for _, item := range v {
			oscalWalk(item, visit)
		}
	}
}

func TestOSCAL(t *testing.T) {
	for _, name := range []string{"site", "empty"} {
		var readable bytes.Buffer
		if err := json.Indent(&readable, oscalText(t, audits()[name]()), "", "  "); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".oscal.json", readable.Bytes())
	}
}

// oscalOf returns the result of a document.
func oscalOf(t *testing.T, a *Audit) oscalResult {
	t.Helper()
	var doc oscalDocument
	if err := json.Unmarshal(oscalText(t, a), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Results.Results[0]
}

func TestOSCALFindsOnlyWhatWasDecided(t *testing.T) {
	a := siteAudit()
	r := oscalOf(t, a)
	if len(r.Observations) != len(a.Requirements)+len(a.Findings) {
		t.Errorf("%d observations", len(r.Observations))
	}
	got := map[string]string{}
	for _, f := range r.Findings {
		got[f.Target.ID] = f.Target.Status.State
	}
	want := map[string]string{"tls-version": "not-satisfied", "tls-forward-secrecy-offered": "satisfied", "rtsp-boundary": "not-satisfied", "egress-allow-list": "not-satisfied"}
	if len(got) != len(want) {
		t.Errorf("findings %v, wanted %v", got, want)
	}
	for rule, state := range want {
		if got[rule] != state {
			t.Errorf("%s: %q, wanted %q", rule, got[rule], state)
		}
	}
	for _, o := range r.Observations {
		for _, p := range o.Props {
			if p.NS != namespaceURI {
				t.Errorf("the property %s has the namespace %q", p.Name, p.NS)
			}
		}
	}
	if len(r.Risks) != 2 { // f-3 is undecided
		t.Errorf("%d risks", len(r.Risks))
	}
}

func TestOSCALWaiverIsAnApprovedDeviation(t *testing.T) {
	a := siteAudit()
	w := newWaiver(&waiverOfSite)
	a.Findings[1].Waiver = &w
	risks := oscalOf(t, a).Risks
	if risks[0].Status != "open" || risks[0].Log != nil || risks[0].Deadline != "" {
		t.Errorf("a risk that nobody accepted is %+v", risks[0])
	}
	r := risks[1]
	if r.Status != "deviation-approved" || r.Deadline != "2027-01-31T23:59:59Z" || r.Log.Entries[0].Start != "2026-11-01T00:00:00Z" {
		t.Errorf("the waived risk is %+v", r)
	}
	if !slices.Contains(r.Props, oscalProp{"waiver-approved-by", namespaceURI, "ciso@example.com"}) {
		t.Errorf("who approved it is not in %v", r.Props)
	}
}

func TestOSCALControls(t *testing.T) {
	for control, want := range map[string]string{
		nist80053 + "SC-8": "sc-8", nist80053 + "SC-7(10)": "sc-7.10", nist80053 + "AC-17(3)": "ac-17.3",
		nist80053 + "SC-7(5)(a)": "", nist80053 + "sc-7": "", "PCI DSS 4.0.1 4.2.1": "", "": "",
	} {
		if got, ok := oscalControlID(control); got != want || ok != (want != "") {
			t.Errorf("%q: %q", control, got)
		}
	}
	a := siteAudit()
	for i, controls := range [][]string{{"SC-8(1)", "SC-13"}, {"SC-8"}, {}, {"SC-7(10)", "SC-8"}, {"AU-8"}, {"SC-17"}, {"CM-8"}} {
		for _, c := range controls {
			a.Requirements[i].Controls = append(a.Requirements[i].Controls, nist80053+c)
		}
	}
	s := oscalOf(t, a).Reviewed.Selections[0]
	join := func(list []oscalControl) string {
		var ids []string
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return strings.Join(ids, " ")
	}
	if got := join(s.Include); got != "au-8 sc-8 sc-8.1 sc-13" {
		t.Errorf("reviewed: %s", got)
	}
	// Nothing was seen of media-boundary; the others are not observable and switched off.
	if got := join(s.Exclude); got != "cm-8 sc-7.10 sc-17" {
		t.Errorf("not reviewed: %s", got)
	}
}

// A risk keeps its UUID from audit to audit, and a report its own, however often
// it is made.
func TestOSCALIdentities(t *testing.T) {
	first, again, later := siteAudit(), siteAudit(), siteAudit()
	again.Reported++
	later.Coverage.Packets++
	ids := func(a *Audit) (document, risk uuid) {
		var doc oscalDocument
		if err := json.Unmarshal(oscalText(t, a), &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Results.UUID, doc.Results.Results[0].Risks[0].UUID
	}
	document, risk := ids(first)
	if d, r := ids(again); d != document || r != risk {
		t.Error("the same audit, reported again, is another")
	}
	if d, r := ids(later); d == document || r != risk {
		t.Error("another audit has the same identity, or the same risk another")
	}
}

func TestOSCALMarkup(t *testing.T) {
	for text, want := range map[string]string{
		"psk_dhe_ke <img src=x> [a](b) & {{ insert: x }}": `psk\_dhe\_ke \<img src=x\> \[a\](b) \& \{\{ insert: x \}\}`,
		"# a\n- b": `\# a\\n- b`, "- a": `\- a`, "1. a": `1\. a`, "1.2 a.": `1\.2 a.`, "10.20.0.10": `10\.20.0.10`, " \t": `\\t`, "": "",
	} {
		if got := oscalMarkup(text); got != want {
			t.Errorf("%q: %q, wanted %q", text, got, want)
		}
	}
}

func TestOSCALCodeStaysCode(t *testing.T) {
	a := siteAudit()
	a.Findings[0].Decoded = json.RawMessage("{\"tls\": {\"client\": {\"server_name\": \"```\\n<img src=x>\"}}}")
	evidence := oscalOf(t, a).Observations[len(a.Requirements)].Evidence
	const want = "```json\n{\"tls\":{\"client\":{\"server_name\":\"\\u0060\\u0060\\u0060\\n<img src=x>\"}}}\n```"
	if got := evidence[len(evidence)-1].Description; !strings.HasSuffix(got, want) {
		t.Errorf("%q, wanted %q", got, want)
	}
}

// A saved audit gives the bytes that the fresh one gave, whatever is in it.
func TestSavedAuditsAreWrittenAsFreshOnes(t *testing.T) {
	for name, audit := range audits() {
		var saved, again bytes.Buffer
		if err := JSON(&saved, audit()); err != nil {
			t.Fatal(err)
		}
		text := saved.String()
		a, err := Read(&saved)
		if err != nil {
			t.Fatal(err)
		}
		if err := JSON(&again, a); err != nil || again.String() != text {
			t.Errorf("%s: json differs (%v)", name, err)
		}
		if !bytes.Equal(oscalText(t, a), oscalText(t, audit())) {
			t.Errorf("%s: oscal differs", name)
		}
	}
}

func BenchmarkOSCAL(b *testing.B) {
	a := manyFindings(10_000)
	for b.Loop() {
		if err := OSCAL(io.Discard, a); err != nil {
			b.Fatal(err)
		}
	}
}
