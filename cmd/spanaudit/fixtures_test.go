package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spanaudit/rules"
)

// Every capture of fixtures/ yields what stands beside it in its .want, no less
// and, of findings, no more: lines "rule severity device peer" for findings and
// "rule verdict - -" for verdicts.
func TestFixtures(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/*/*.pcapng")
	if err != nil || len(captures) == 0 {
		t.Fatalf("no fixtures found (%v)", err)
	}
	for _, capture := range captures {
		base := strings.TrimSuffix(capture, ".pcapng")
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			want := readWant(t, base+".want")
			got := auditJSON(t, "--policy", policyFor(base), capture)
			want.compareFindings(t, got)
			want.compareVerdicts(t, got)
		})
	}
}

// Each rule of the catalogue has a capture that violates it, one that it passes
// and one that leaves it undecided.
func TestEveryRuleHasItsCaptures(t *testing.T) {
	wants, err := filepath.Glob("../../fixtures/*/*.want")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range wants {
		w := readWant(t, path)
		for line := range w.findings {
			all.WriteString("\n" + line[:strings.Index(line, " ")] + " violated")
		}
		all.WriteString("\n" + strings.Join(w.verdicts, "\n"))
	}
	for _, rule := range rules.Catalogue() {
		for _, what := range []string{"violated", "pass", "indeterminate"} {
			if rule.ID == "capture-visibility" && what == "indeterminate" {
				continue // what can be seen is known
			}
			shown := strings.Contains(all.String(), "\n"+rule.ID+" "+what)
			if what == "violated" { // of the capture itself, as a verdict
				shown = shown || strings.Contains(all.String(), "\n"+rule.ID+" fail")
			}
			if !shown {
				t.Errorf("no capture in fixtures/ shows %s %s", rule.ID, what)
			}
		}
	}
	if n := len(rules.Catalogue()); n != 45 {
		t.Errorf("%d rules, 45 are the catalogue's", n)
	}
}

// policyFor returns the policy that a fixture is judged by: its own, or the
// site's.
func policyFor(base string) string {
	if _, err := os.Stat(base + ".yaml"); err == nil {
		return base + ".yaml"
	}
	return filepath.Join(filepath.Dir(base), "..", "site.yaml")
}

// want is what a .want file asks for.
type want struct {
	findings map[string][]uint64 // "rule severity device peer" and the frames that must be among its evidence
	verdicts []string            // "rule verdict"
}

// readWant reads a .want file. A comment "# frame 4 10" names the frames that
// decide.
func readWant(t *testing.T, path string) want {
	t.Helper()
	w := want{findings: map[string][]uint64{}}
	for _, line := range strings.Split(string(read(t, path)), "\n") {
		line, comment, _ := strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case len(fields) != 4:
			t.Fatalf("%s: line %q has %d words; 4 are wanted", path, line, len(fields))
		case fields[2] == "-" && fields[3] == "-":
			w.verdicts = append(w.verdicts, fields[0]+" "+fields[1])
		default:
			w.findings[strings.Join(fields, " ")] = framesOf(comment)
		}
	}
	return w
}

func framesOf(comment string) (frames []uint64) {
	for _, word := range strings.Fields(comment) {
		if n, err := strconv.ParseUint(word, 10, 64); err == nil {
			frames = append(frames, n)
		}
	}
	return frames
}

// compareFindings allows no finding that is not wanted, save those of a rule
// whose verdict is wanted to be fail.
func (w want) compareFindings(t *testing.T, got auditDocument) {
	have := got.findingLines()
	for line, frames := range w.findings {
		evidence, ok := have[line]
		if !ok {
			t.Errorf("missing finding %q", line)
		}
		for _, frame := range frames {
			if ok && !slices.Contains(evidence, frame) {
				t.Errorf("finding %q: frame %d is not among its evidence %v", line, frame, evidence)
			}
		}
	}
	for line := range have {
		rule, _, _ := strings.Cut(line, " ")
		if _, ok := w.findings[line]; !ok && !slices.Contains(w.verdicts, rule+" fail") {
			t.Errorf("unwanted finding %q", line)
		}
	}
}

func (w want) compareVerdicts(t *testing.T, got auditDocument) {
	have := map[string]string{}
	for _, r := range got.Requirements {
		have[r.Rule] = r.Verdict
	}
	for _, line := range w.verdicts {
		rule, verdict, _ := strings.Cut(line, " ")
		if have[rule] != verdict {
			t.Errorf("%s: verdict %s is wanted; have %s", rule, verdict, have[rule])
		}
	}
}

// auditDocument is what these tests read of an audit in JSON.
type auditDocument struct {
	Requirements []struct{ Rule, Verdict string }
	Findings     []struct {
		ID, Rule, Severity, Message string
		Device, Peer                struct{ IP string }
		Evidence                    []struct{ Frame uint64 }
	}
}

// findingLines returns "rule severity device peer" of each finding and the
// frames of its evidence, of findings that differ in nothing else, such as two
// ports, together.
func (d auditDocument) findingLines() map[string][]uint64 {
	lines := map[string][]uint64{}
	for _, f := range d.Findings {
		peer := cmp.Or(f.Peer.IP, "-")
		line := fmt.Sprintf("%s %s %s %s", f.Rule, f.Severity, f.Device.IP, peer)
		if lines[line] == nil {
			lines[line] = []uint64{}
		}
		for _, e := range f.Evidence {
			lines[line] = append(lines[line], e.Frame)
		}
	}
	return lines
}

// auditJSON runs `spanaudit audit --format json` and reads what it printed.
func auditJSON(t *testing.T, args ...string) (d auditDocument) {
	t.Helper()
	status, stdout, stderr := spanaudit(append([]string{"audit", "--format", "json"}, args...)...)
	if status != statusDone && status != statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	return d
}
