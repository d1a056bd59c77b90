package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The flows are the same in each form.
func TestFlowFormats(t *testing.T) {
	ids := func(form string, id func(map[string]any) any) (list []string) {
		path := filepath.Join(t.TempDir(), form)
		status, _, stderr := spanaudit("audit", "--quiet", "--flows", path, "--flows-format", form, "--policy", policyFor(violations), violations)
		if status != statusViolations {
			t.Fatalf("status %d: %s", status, stderr)
		}
		for line := range strings.SplitSeq(strings.TrimSpace(string(read(t, path))), "\n") {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			list = append(list, id(record).(string))
		}
		return list
	}
	ecs := ids("ecs", func(r map[string]any) any { return r["network"].(map[string]any)["community_id"] })
	ocsf := ids("ocsf", func(r map[string]any) any { return r["connection_info"].(map[string]any)["community_uid"] })
	if len(ecs) < 100 || !slices.Equal(ecs, ocsf) {
		t.Errorf("%d records of ECS, %d of OCSF, and they differ", len(ecs), len(ocsf))
	}
	if status, _, stderr := spanaudit("audit", "--flows-format", "ocsff", violations); status != statusUsage || !strings.Contains(stderr, "did you mean ocsf?") {
		t.Errorf("status %d: %s", status, stderr)
	}
}
