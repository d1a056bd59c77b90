package rules

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var compiledSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	var b bytes.Buffer
	if err := WriteSchema(&b); err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("policy.json")
})

// schemaSays returns what the schema has against a policy; ok is false where
// the text is no YAML document that a schema could be held against.
func schemaSays(t *testing.T, text string) (refusal error, ok bool) {
	t.Helper()
	s, err := compiledSchema()
	if err != nil {
		t.Fatal(err)
	}
	root, problems := readTree([]byte(text), false)
	if len(problems) > 0 {
		return nil, false
	}
	return s.Validate(root.value()), true
}

// schemaAccepts holds that a policy which the loader accepts is one by the
// schema. Every policy that a test parses comes by here.
func schemaAccepts(t *testing.T, text string) {
	t.Helper()
	if refusal, _ := schemaSays(t, text); refusal != nil {
		t.Errorf("the loader accepts what the schema refuses: %v\n%s", refusal, text)
	}
}

// value returns what another reader of YAML makes of the node.
func (n *node) value() any {
	switch n.kind {
	case textNode:
		return n.text
	case numberNode:
		return json.Number(strings.ReplaceAll(n.text, "_", ""))
	case boolNode:
		return strings.EqualFold(n.text, "true")
	case mappingNode:
		m := map[string]any{}
		for _, f := range n.fields {
			m[f.key] = f.value.value()
		}
		return m
	case sequenceNode:
		list := []any{}
		for _, item := range n.items {
			list = append(list, item.value())
		}
		return list
	}
	return nil
}

// ofMeaning are the bad policies that are well formed: what is wrong with them
// is what their values mean, and no schema says that.
var ofMeaning = strings.Fields(`
	host-bits mapped-prefix prefix-twice overlapping-prefixes two-rests local-rest internet-in-a-local-zone
	IPv6-internet-in-a-local-zone public-local-prefix multicast-zone
	group-MAC duplicate-id duplicate-MAC duplicate-address undeclared-zone outside-its-zone IPv6-under-ipv4 address-in-no-zone
	appliance-that-serves
	scheme path port-in-name upper-case trailing-dot Unicode address-as-name empty-label bare-star star-com star-AWS
	star-AWS-region star-bucket prefix-bucket star-beyond-the-first-label undefined-variable unclosed-variable unused-variable
	no-region region-of-another-partition region-of-another-partition-in-a-name region-that-vars-lacks account-id
	any-bucket-by-variable too-many-names no-names port-range wide-port-range ALPN-for-no-app the-same-endpoint-twice
	duplicate-endpoint addresses-without-reason selector-of-no-zone disabled-without-reason required-and-disabled
	required-beyond-its-end
	server-local-and-public public-server-as-local no-time-server-at-all offset-finer-than-the-clock
	clock-coarser-than-the-profile's-offset no-forward-secrecy-for-AWS
	viewers-that-nobody-is RTSP-port-that-video-does-not-know critical-rule-lowered-without-reason
	waiver-too-long waiver-that-ends-before-it-begins waiver-of-everybody waiver-of-no-device waiver-of-a-disabled-endpoint
	two-waivers-for-one`)

func TestSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	meaning := map[string]bool{}
	for _, name := range ofMeaning {
		meaning[name] = true
	}
	for _, c := range badPolicies {
		name := strings.ReplaceAll(c.name, " ", "-")
		refusal, ok := schemaSays(t, c.text)
		switch {
		case ok && refusal == nil && !meaning[name]:
			t.Errorf("%s: the schema accepts it", name)
		case meaning[name] && (refusal != nil || !ok):
			t.Errorf("%s is said to be well formed: %v", name, refusal)
		}
		delete(meaning, name)
	}
	for name := range meaning {
		t.Errorf("no bad policy is called %s", name)
	}
}

func TestSchemaAcceptsPoliciesOfThisProject(t *testing.T) {
	files, _ := filepath.Glob("../fixtures/*.yaml")
	more, _ := filepath.Glob("../fixtures/*/*.yaml")
	reference, _ := filepath.Glob("../../shared/reference/policy-example.yaml")
	profiles, _ := filepath.Glob("profiles/*.yaml")
	for _, path := range append(append(append(files, more...), reference...), profiles...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if refusal, ok := schemaSays(t, string(data)); refusal != nil || !ok {
			t.Errorf("%s: %v", path, refusal)
		}
	}
}

// Where the loader and the schema could part: nothing where a value was, lists
// without items, words in another case.
func TestSchemaAndLoaderAgree(t *testing.T) {
	const device = "devices: [ { id: a, interfaces: [ { ipv4: 10.0.0.1 } ] } ]\n"
	for _, text := range []string{
		"{}\n", "ntp:\n", "ntp: { max_gap: }\n", "kind:\n", "zones:\n", "zones: {}\n", "vars: { region: }\n", "devices: []\n", "waivers:\n",
		"zones: { a: }\n", "zones: { a: { trust: , cidrs: [10.0.0.0/8] } }\n", "zones: { a: { trust: local, cidrs: } }\n",
		"zones: { a: { trust: local, cidrs: [] } }\n", "zones: { a: { rest: true } }\n", "zones: { a: { rest: false } }\n", "zones: { a: { rest: true, cidrs: [10.0.0.0/8] } }\n",
		"devices: [ { id: , interfaces: [ { ipv4: 10.0.0.1 } ] } ]\n", "devices: [ { id: \"\", interfaces: [ { ipv4: 10.0.0.1 } ] } ]\n",
		"devices: [ { id: a, interfaces: } ]\n", "devices: [ { id: a, interfaces: [] } ]\n", "devices: [ { id: a, interfaces: [ { mac: } ] } ]\n",
		"devices: [ { id: a, interfaces: [ { mac: , ipv4: 10.0.0.1 } ] } ]\n", "devices: [ { id: a, interfaces: [ { ipv4: [] } ] } ]\n",
		"devices: [ { id: a, interfaces: [ { ipv4: [10.0.0.1, 10.0.0.2] } ] } ]\n", "devices: [ { id: a, role: , interfaces: [ { ipv4: 10.0.0.1 } ] } ]\n",
		"devices: [ { id: a, interfaces: [ { mac: \"0200.5e00.5310\" } ] } ]\n", "devices: [ { id: a, interfaces: [ { mac: \"02:00:5e:00:53:10:11:12\" } ] } ]\n",
		device + "devices2: x\n", device + "video: { viewers: [] }\n", device + "video: { viewers: [\"device:a\"] }\n", device + "video: { viewers: [\"role:\"] }\n",
		"endpoints: [ { id: a, names: [\"\"] } ]\n", "endpoints: [ { id: a, names: [a.example.com], ports: [] } ]\n",
		"endpoints: [ { id: a, names: [a.example.com], ports: [\"443\", 8443, \"1-2\"] } ]\n", "endpoints: [ { id: a, names: [a.example.com], ports: [65536] } ]\n",
		"endpoints: [ { id: a, names: [a.example.com], ports: [443.5] } ]\n", "endpoints: [ { id: a, names: [a.example.com], alpn: { h2: } } ]\n",
		"endpoints: [ { id: a, names: [a.example.com], app: [1] } ]\n", "endpoints: [ a ]\n",
		"vars: { A: b }\n", "vars: { A: }\n", "vars: { a: [1] }\nendpoints: [ { id: a, names: [\"<a>.example.com\"] } ]\n", "vars: { a: [\"1\"] }\nendpoints: [ { id: a, names: [\"<a>.example.com\"] } ]\n",
		"vars: { a: \"1\" }\nendpoints: [ { id: a, names: [\"<a>.example.com\"] } ]\n", "vars: { a: true }\nendpoints: [ { id: a, names: [\"<a>.example.com\"] } ]\n",
		"ntp: { max_gap: 0s }\n", "ntp: { max_gap: 1h30m }\n", "ntp: { max_gap: -1h }\n", "ntp: { max_gap: 1.5h }\n", "ntp: { max_gap: h }\n", "ntp: { local_servers: [\"\"] }\n", "ntp: { local_servers: [a.example.com] }\n",
		"dns: { allow_encrypted: yes }\n", "dns: { allow_encrypted: True }\n", "dhcp: { servers: [x] }\n", "dhcp: { servers: [10.0.0.1] }\n",
		"tls: { min_version: \"1.3\" }\n", "tls: { min_version: \"1.4\" }\n", "tls: { min_ec_bits: 225.5 }\n", "tls: { min_ec_bits: 1025 }\n",
		"capture: { max_loss_percent: 0.5 }\n", "capture: { max_loss_percent: -1 }\n", "capture: { max_loss_percent: \"1\" }\n",
		"rules: { tls-version: }\n", "rules: { tls-version: { enabled: true } }\n", "rules: { tls-version: { enabled: false, reason: \"\" } }\n", "rules: { tls-version: { enabled: false, reason: x } }\n",
		"rules: { capture-loss: { severity: low } }\n", "rules: { capture-loss: }\n", "report: { redact: { mac: keep } }\n", "report: { redact: { mac: drop } }\n", "report: { standards: [] }\n", "report: { fail_on: }\n",
		"metadata: { extends: }\n", "metadata: { review_by: \"2026-1-1\" }\n", "metadata: { version: 1 }\n", "metadata: { version: \"1\" }\n", "video: { max_uplink_kbps: 1.5 }\n",
		waiver(approved + "created: 2026-01-01, expires: 2026-06-01"), waiver(approved + "created: 2026-01-01, expires: "), waiver(approved + "created: 2026-01-01, expires: 2026-06-01, ticket: "),
		"waivers: [ { id: W, rule: tls-version, match: { device: }, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n",
		"waivers: [ { id: W, rule: rtsp-boundary, match: { peer: 192.0.2.1/32 }, " + approved + "created: 2026-01-01, expires: 2026-06-01, ticket: T-1 } ]\n",
	} {
		_, err := Parse("x", []byte(text))
		refusal, ok := schemaSays(t, text)
		if !ok || (err == nil) != (refusal == nil) {
			t.Errorf("%s\tloader: %v\n\tschema: %v", text, err, refusal)
		}
	}
}
