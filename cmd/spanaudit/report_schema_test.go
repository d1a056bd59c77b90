package main

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The audits of real captures are valid by the schema that the program publishes.
func TestAuditsAreValid(t *testing.T) {
	status, text, stderr := spanaudit("report", "schema")
	if status != statusDone {
		t.Fatalf("status %d: %s", status, stderr)
	}
	source, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("audit.json", source); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("audit.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{
		"violation/site", "violation/unknown-device", "violation/capture-loss", "clean/site", "clean/rtsp-udp-local", "odd/empty", "odd/lost-packets", "odd/snaplen-96",
	} {
		path := "../../fixtures/" + base
		_, stdout, stderr := spanaudit("audit", "--quiet", "--format", "json", "--policy", policyFor(path), path+".pcapng")
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
		if err != nil {
			t.Fatalf("%s: %v: %s", base, err, stderr)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}
