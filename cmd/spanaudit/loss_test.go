package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A capture that lacks one packet of a violation absolves nobody: what failed
// fails still, or is undecided, or is not seen.
func TestLostPacketAbsolvesNobody(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/violation/*.pcapng")
	if err != nil || len(captures) == 0 {
		t.Fatalf("no fixtures found (%v)", err)
	}
	const removals = 8 // of each capture, evenly spread
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		frames, policy := readFrames(t, path), policyFor(base)
		whole := verdictsOf(auditJSON(t, "--policy", policy, writeFrames(t, frames)))
		for i := 0; i < len(frames); i += max(len(frames)/removals, 1) {
			rest := append(append(frames[:0:0], frames[:i]...), frames[i+1:]...)
			for rule, verdict := range verdictsOf(auditJSON(t, "--policy", policy, writeFrames(t, rest))) {
				if whole[rule] == "fail" && verdict == "pass" {
					t.Errorf("%s without frame %d: %s passes", filepath.Base(base), i+1, rule)
				}
			}
		}
	}
}

func verdictsOf(d auditDocument) map[string]string {
	verdicts := map[string]string{}
	for _, r := range d.Requirements {
		verdicts[r.Rule] = r.Verdict
	}
	return verdicts
}
