package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"spanaudit/capture"
	"spanaudit/report"
	"spanaudit/rules"
)

// watched audits a capture while it is watched, and returns what was told when
// first, by id.
func watched(t *testing.T, policy *rules.Policy, path string) (*rules.Report, map[string]rules.Finding) {
	t.Helper()
	told := map[string]rules.Finding{}
	w := newWatcher(policy, func(s *sight) {
		for _, f := range s.standing {
			if was, ok := told[f.ID]; f.firm && (!ok || f.Severity > was.Severity) {
				told[f.ID] = f.Copy()
			}
		}
	})
	return audited(t, policy, path, w), told
}

func audited(t *testing.T, policy *rules.Policy, path string, w *watcher) *rules.Report {
	t.Helper()
	src, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := runAudit(t.Context(), src, policy, auditOptions{Workers: 2, Watch: w})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is told while the traffic goes on stands in the end, as grave; what stands
// in the end was told, save what only the end can show; and the audit itself is not
// changed by being watched.
func TestWhatIsToldEarlyStands(t *testing.T) {
	captures, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	more, _ := filepath.Glob("../../../shared/corpus/captures/*")
	if len(more) == 0 {
		t.Log("without the corpus, which is not here")
	}
	captures = append(captures, more...)
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			file := "edge-camera"
			if strings.HasPrefix(path, "../../fixtures/") {
				file = policyFor(base)
			}
			policy, err := loadPolicy(world{stderr: &bytes.Buffer{}}, file)
			if err != nil {
				t.Fatal(err)
			}
			r, told := watched(t, policy, path)
			final := map[string]rules.Finding{}
			for _, f := range r.Findings {
				final[f.ID] = f
				if _, ok := told[f.ID]; !ok && !f.Revisable {
					t.Errorf("%s was not told: %s", f.Rule, f.Message)
				}
			}
			for id, f := range told {
				switch stands, ok := final[id]; {
				case !ok:
					t.Errorf("%s was told and does not stand: %s", f.Rule, f.Message)
				case stands.Severity != f.Severity:
					t.Errorf("%s was told as %s and is %s: %s", f.Rule, f.Severity, stands.Severity, f.Message)
				}
			}
			var with, without bytes.Buffer
			if err := report.JSON(&with, report.New(tool(), nil, r)); err != nil {
				t.Fatal(err)
			}
			if err := report.JSON(&without, report.New(tool(), nil, audited(t, policy, path, nil))); err != nil {
				t.Fatal(err)
			}
			if with.String() != without.String() {
				t.Errorf("watching changes the audit: %s", firstDifference(without.String(), with.String()))
			}
		})
	}
}
