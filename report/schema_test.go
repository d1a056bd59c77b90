package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func auditSchema(t *testing.T) (source map[string]any, compiled *jsonschema.Schema) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSchema(&b); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("audit.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("audit.json")
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any), s
}

func auditTree(t *testing.T, a *Audit) any {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, a); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSchemaAcceptsAudits(t *testing.T) {
	_, schema := auditSchema(t)
	all := audits()
	all["without a policy"] = func() *Audit { r := siteReport(); r.Policy = nil; return newAudit(r) }
	for name, audit := range all {
		if err := schema.Validate(auditTree(t, audit())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	more := auditTree(t, siteAudit()).(map[string]any)
	more["more"] = 1
	if err := schema.Validate(more); err != nil {
		t.Errorf("more keys may be added: %v", err)
	}
}

// fullAudit has a value in every field.
func fullAudit() *Audit {
	a := siteAudit()
	a.Coverage.Open, a.Coverage.Unrecorded, a.Coverage.Running = 1, 1, true
	a.MoreTLS, a.Coverage.MoreDevices, a.Coverage.Blind = 1, 1, []Blind{{From: 1, To: 2, Cause: "crash"}}
	a.Policy.Extends[0].SHA256 = strings.Repeat("0", 64)
	a.Policy.Description, a.Policy.ReviewBy = "x", "2027-01-01"
	a.Policy.Devices[0] = DeclaredDevice{"x", "camera", "x", "x", "x"}
	a.Coverage.Devices[0].KnownBy = "mac"
	a.Coverage.Capture.Outages, a.Coverage.Capture.BlindMillis = 1, 1
	q := &a.Requirements[0]
	q.Unlisted, q.Waived, q.Excused, q.Reason, q.Controls = 1, 1, true, "x", []string{"x"}
	q.Devices = []DeviceVerdict{{"x", "camera", "fail", 1, 1, 1}}
	f := &a.Findings[0]
	f.Context, f.Waiver = f.Evidence, a.Findings[2].Waiver
	f.Peer.Name, f.Device.MAC = "x", "x"
	f.Decoded = json.RawMessage(`{"tls":{"version":"1.0"}}`)
	return a
}

// A document in which one value has another type is refused, whichever it is,
// and so is one in which a key is missing that must be there.
func TestSchemaRefusesOtherTypes(t *testing.T) {
	source, schema := auditSchema(t)
	doc := auditTree(t, fullAudit())
	if err := schema.Validate(doc); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	broken := func(path string) {
		if schema.Validate(doc) == nil {
			t.Errorf("%s is broken, and accepted", path)
		}
	}
	var walk func(path string, s map[string]any, value any)
	walk = func(path string, s map[string]any, value any) {
		if ref, ok := s["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, "#/$defs/")
			walk(name, source["$defs"].(map[string]any)[name].(map[string]any), value)
			return
		}
		switch v := value.(type) {
		case map[string]any:
			if s["additionalProperties"] == true && s["properties"] == nil { // a flow record
				return
			}
			properties, _ := s["properties"].(map[string]any)
			required, _ := s["required"].([]any)
			for _, key := range slices.Sorted(maps.Keys(v)) {
				item, part := v[key], properties[key]
				if part == nil {
					part = s["additionalProperties"]
				}
				of, ok := part.(map[string]any)
				if !ok {
					t.Fatalf("the schema does not know %s.%s", path, key)
				}
				seen[path+"."+key] = true
				v[key] = ofAnotherType(item)
				broken(path + "." + key)
				delete(v, key)
				if slices.Contains(required, any(key)) {
					broken("without " + path + "." + key)
				}
				v[key] = item
				walk(path+"."+key, of, item)
			}
		case []any:
			for i, item := range v {
				v[i] = ofAnotherType(item)
				broken(path + "[]")
				v[i] = item
				walk(path, s["items"].(map[string]any), item)
			}
		}
	}
	walk("Audit", source, doc)
	for name, def := range source["$defs"].(map[string]any) {
		for key := range def.(map[string]any)["properties"].(map[string]any) {
			if !seen[name+"."+key] {
				t.Errorf("no test of %s.%s", name, key)
			}
		}
	}
}

func ofAnotherType(value any) any {
	switch value.(type) {
	case string:
		return json.Number("7")
	case json.Number:
		return "7"
	case bool:
		return "true"
	case []any:
		return map[string]any{}
	}
	return []any{}
}

func TestSchemaRefusesOtherValues(t *testing.T) {
	_, schema := auditSchema(t)
	for _, change := range []string{
		`"verdict": "fail"|"verdict": "compliant"`, `"severity": "critical"|"severity": "grave"`, `"spanaudit/audit/v1"|"spanaudit/audit/v2"`,
		`"2026-11-24T08:00:00.000000000Z"|"yesterday"`, `"ip": "10.20.0.10"|"ip": "10.20.0"`, `"frame": 240|"frame": 0`, `"packets": 810|"packets": -1`,
		`"expires": "2027-01-31"|"expires": "2027-02-31"`, `"trust": "local"|"trust": "mine"`, `"sha256": "9f86|"sha256": "ZZ86`, `"port": 443|"port": 70000`,
		`"critical": 4|"grave": 4`,
	} {
		old, now, _ := strings.Cut(change, "|")
		var b bytes.Buffer
		if err := JSON(&b, siteAudit()); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(b.String(), old, now, 1)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil || text == b.String() {
			t.Fatalf("%s: %v", change, err)
		}
		if schema.Validate(doc) == nil {
			t.Errorf("%s is accepted", now)
		}
	}
}

// Each key is explained, and nothing is that is no key.
func TestSchemaSaysWhatKeysMean(t *testing.T) {
	source, _ := auditSchema(t)
	used := map[string]bool{}
	explained := func(name string, s map[string]any) {
		for key, part := range s["properties"].(map[string]any) {
			text, _ := part.(map[string]any)["description"].(string)
			if text == "" {
				t.Errorf("%s.%s is not explained", name, key)
			}
			used[text] = true
		}
	}
	explained("Audit", source)
	for name, def := range source["$defs"].(map[string]any) {
		explained(name, def.(map[string]any))
	}
	for key, text := range schemaTexts() {
		if !used[text] {
			t.Errorf("%s is explained, and no key", key)
		}
	}
}
