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
			c := carver{quarry: &rereading{open: open}, blank: redact, policy: policy, inputs: reportInputs(src.Inputs(), nil), received: stats.Received, dropped: stats.Dropped}
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

// What was picked of all the capture and is not needed is left out again, however
// many conversations there are, as long as trials may go on.
func TestAnExcerptOfAllIsMadeSmall(t *testing.T) {
	policy, err := loadPolicy(world{stderr: io.Discard}, policyFor(violations))
	if err != nil {
		t.Fatal(err)
	}
	open := func() (*capture.Source, error) {
		return capture.Open([]string{violations}, capture.Options{Raw: true})
	}
	src, err := open()
	if err != nil {
		t.Fatal(err)
	}
	r, err := runAudit(t.Context(), src, policy, auditOptions{Workers: 1})
	if err != nil || len(r.Findings) < 8 {
		t.Fatal(len(r.Findings), err)
	}
	c := carver{quarry: &rereading{open: open}, blank: redact, policy: policy, inputs: reportInputs(src.Inputs(), nil)}
	for i := range r.Findings[:8] {
		for _, trials := range []int{0, maxTrialFrames} {
			s := newSelection(&r.Findings[i], scopeAll)
			cut, err := c.cut([]*selection{s})
			if err != nil {
				t.Fatal(err)
			}
			all := len(cut[0])
			e, err := c.prove(s, cut[0], trials)
			if err != nil || e.shown == nil {
				t.Fatalf("%s is not shown by all %d packets: %v", e.finding.Rule, all, err)
			}
			if n := len(e.frames); trials == 0 && n != all || trials > 0 && n > all/4 {
				t.Errorf("%s: %d of %d packets with %d trials", e.finding.Rule, n, all, trials)
			}
		}
	}
}
