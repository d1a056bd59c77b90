package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"spanaudit/capture"
)

func TestEveryFindingOfTheFixturesIsShownAgainByItsExcerpt(t *testing.T) {
	captures, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			policy, err := loadPolicy(world{stderr: io.Discard}, policyFor(base))
			if err != nil {
				t.Fatal(err)
			}
			open := func() (*capture.Source, error) { return capture.Open([]string{path}, capture.Options{Raw: true}) }
			src, err := open()
			if err != nil {
				t.Fatal(err)
			}
			r, err := runAudit(t.Context(), src, policy, auditOptions{Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			stats := src.Stats()
			c := carver{open: open, policy: policy, inputs: reportInputs(src.Inputs(), nil), received: stats.Received, dropped: stats.Dropped}
			err = c.carve(r.Findings, func(e *excerpt) error {
				if e.shown == nil {
					t.Errorf("%s %s is not shown by its %d packets: %s", e.finding.ID, e.finding.Rule, len(e.frames), e.finding.Message)
				} else {
					if e.shown.Message != e.finding.Message {
						t.Errorf("it is shown otherwise: %s\n%s", e.finding.Message, e.shown.Message)
					}
					t.Logf("%s: %d packets of %d, %d bytes", e.finding.Rule, len(e.frames), stats.Frames, len(e.content))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
