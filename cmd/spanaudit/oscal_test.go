package main

import (
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The assessment results of real captures are valid by NIST's schema.
func TestOSCALOfCaptures(t *testing.T) {
	const path = "../../../shared/reference/oscal_complete_schema-1.2.2.json"
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("no schema of OSCAL here: %v", err)
	}
	defer f.Close()
	source, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("oscal.json", source); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("oscal.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"violation/site", "clean/site", "violation/capture-loss", "violation/capture-period", "odd/empty", "odd/nothing-relevant"} {
		capture := "../../fixtures/" + base + ".pcapng"
		if _, err := os.Stat(capture); err != nil {
			t.Errorf("%v", err)
			continue
		}
		_, stdout, stderr := spanaudit("audit", "--quiet", "--format", "oscal", "--policy", policyFor(strings.TrimSuffix(capture, ".pcapng")), capture)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
		if err != nil {
			t.Fatalf("%s: %v: %s", base, err, stderr)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}
