package rules

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCatalogueIsComplete(t *testing.T) {
	id := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	for _, d := range Catalogue() {
		if !id.MatchString(d.ID) || seen[d.ID] {
			t.Errorf("id %q is malformed or not alone", d.ID)
		}
		seen[d.ID] = true
		for name, text := range map[string]string{
			"title": d.Title, "kind": string(d.Kind), "checks": d.Checks, "why": d.Why, "fails": d.Fails, "not seen": d.NotSeen, "remediation": d.Remediation, "source": d.Source,
		} {
			if text == "" {
				t.Errorf("%s: no %s", d.ID, name)
			}
		}
		if len(d.Controls) == 0 {
			t.Errorf("%s: no controls", d.ID)
		}
		file := strings.ReplaceAll(d.ID, "-", "_") + ".go"
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %v", d.ID, err)
		}
	}
}

// An Audit has rules of its own: those keep state.
func TestAuditsDoNotShareRules(t *testing.T) {
	p := parse(t, site)
	w := &wire{}
	judge(p, w.ntp("10.20.0.10:40000", "10.20.0.5:123"))
	r := judge(p, w.ntp("10.20.0.21:40000", "192.0.2.123:123"))
	if q := requirement(t, r, "ntp-source"); q.Verdict != Pass {
		t.Errorf("%s: the time server of another audit is remembered", q.Verdict)
	}
}

func TestSeverityIsWrittenAndRead(t *testing.T) {
	for s := Info; s <= Critical; s++ {
		text, err := s.MarshalText()
		var back Severity
		if err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("%d: %q, %v", s, text, err)
		}
	}
	if err := new(Severity).UnmarshalText([]byte("High")); err == nil || !strings.Contains(err.Error(), `"High"`) {
		t.Errorf("%v", err)
	}
}

func TestFindingsAreOrderedByGravity(t *testing.T) {
	f := judge(parse(t, site), busySite()...).Findings
	if !slices.IsSortedFunc(f, byGravity) || f[0].Severity != Critical || len(f) < 20 {
		t.Errorf("%d findings, the first %s", len(f), f[0].Severity)
	}
}

// Messages are one line, lower case but for names, without full stop.
func TestMessagesAreSentencesWithoutStop(t *testing.T) {
	for _, f := range judge(parse(t, site), busySite()...).Findings {
		if f.Message == "" || strings.HasSuffix(f.Message, ".") || strings.Contains(f.Message, "\n") || strings.Contains(f.Message, "%!") || strings.Contains(f.Message, "invalid IP") {
			t.Errorf("%s: %q", f.Rule, f.Message)
		}
		if f.Remediation == "" || f.Verdict != Fail || f.First == 0 && f.Rule != "capture-visibility" || f.Last < f.First {
			t.Errorf("%+v", f)
		}
	}
}
