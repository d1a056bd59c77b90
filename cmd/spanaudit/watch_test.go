package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/report/alert"
)

// Each violation of the site is told within two seconds of the packet that proves
// it, once, and nothing else is.
func TestWatchTellsEachViolationWithinTwoSeconds(t *testing.T) {
	send := wireTo(t, "span0")
	frames := readFrames(t, violations)
	go func() {
		time.Sleep(500 * time.Millisecond) // the watch has begun
		for i, f := range frames {
			if i > 0 { // as it was, but for the pauses
				time.Sleep(min(f.time-frames[i-1].time, 20*time.Millisecond))
			}
			send(f.data)
		}
	}()
	status, stdout, stderr := spanaudit("watch", "-i", "span0", "--duration", "20s", "--policy", policyFor(violations), "--format", "ndjson", "--listen", "none")
	if status != statusViolations {
		t.Errorf("status %d: %s", status, stderr)
	}
	want := map[string]string{} // the ids, and the rules
	for _, f := range auditJSON(t, "--policy", policyFor(violations), violations).Findings {
		want[f.ID] = f.Rule
	}
	told := map[string]bool{}
	for line := range strings.Lines(stdout) {
		var a alert.Alert
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if want[a.ID] == "" {
			t.Errorf("told, and no violation: %s: %s", a.Rule, a.Message)
		}
		if a.Kind == alert.New && told[a.ID] {
			t.Errorf("told twice: %s: %s", a.Rule, a.Message)
		}
		told[a.ID] = true
		proven := a.First
		for _, e := range a.Evidence {
			proven = max(proven, e.Time)
		}
		if late := time.Duration(a.Time - proven); a.Kind == alert.New && late > 2*time.Second {
			t.Errorf("told after %s: %s: %s", late, a.Rule, a.Message)
		}
	}
	for id, rule := range want {
		if !told[id] && !strings.HasPrefix(rule, "capture-") {
			t.Errorf("not told: %s %s", rule, id)
		}
	}
}

func TestWatchRefusesWhatItCannotDo(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"watch needs an interface", nil},
		{"no interface \"none0\"", []string{"-i", "none0"}},
		{"--format \"jsn\" is not known", []string{"-i", "lo", "--format", "jsn"}},
		{"standard output is written to already", []string{"-i", "lo", "--alert", "-"}},
		{"give a token", []string{"-i", "lo", "--listen", "0.0.0.0:0"}},
		{"no such file or profile", []string{"-i", "lo", "--policy", "none.yaml"}},
	} {
		if os.Geteuid() != 0 && slices.Contains(c.args, "--listen") {
			continue // only root gets as far as this
		}
		status, _, stderr := spanaudit(append([]string{"watch"}, c.args...)...)
		if status != statusUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d, %q; %q is wanted", c.args, status, stderr, c.want)
		}
	}
}

// The report of a watch is made from its record, and finds what the audit of the
// capture finds; each violation that was told is in it.
func TestTheRecordOfAWatchGivesItsReport(t *testing.T) {
	send := wireTo(t, "span0")
	frames := readFrames(t, violations)
	go func() {
		time.Sleep(500 * time.Millisecond) // the watch has begun
		for _, f := range frames {
			send(f.data)
			time.Sleep(200 * time.Microsecond)
		}
	}()
	path := filepath.Join(t.TempDir(), "watch.db")
	status, stdout, stderr := spanaudit("watch", "-i", "span0", "--duration", "6s", "--policy", policyFor(violations), "--format", "ndjson", "--listen", "none", "--record", path)
	if status != statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	found := map[string]bool{}
	_, text, stderr := spanaudit("report", path, "--format", "json")
	var again auditDocument
	if err := json.Unmarshal([]byte(text), &again); err != nil {
		t.Fatal(err, stderr)
	}
	for _, f := range again.Findings {
		found[f.ID] = true
	}
	for line := range strings.Lines(stdout) {
		var a alert.Alert
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if !found[a.ID] {
			t.Errorf("told, and not in the report: %s: %s", a.Rule, a.Message)
		}
	}
	for _, f := range auditJSON(t, "--policy", policyFor(violations), violations).Findings {
		if !found[f.ID] && !strings.HasPrefix(f.Rule, "capture-") {
			t.Errorf("not in the report: %s %s", f.Rule, f.ID)
		}
	}
	_, m := evidenceOf(t, path)
	for _, x := range ofFlows(m) {
		if !x.Reproduced {
			t.Errorf("not shown by the %d packets that were kept: %s: %s", x.Packets, x.Rule, x.Note)
		}
	}
	if status, _, stderr := spanaudit("report", path, "--to", "2001-01-01"); status != statusUsage || !strings.Contains(stderr, "names no policy of that time") {
		t.Errorf("before it began: status %d, %s", status, stderr)
	}
	if status, _, stderr := spanaudit("report", path, "--from", "yesterday"); status != statusUsage || !strings.Contains(stderr, "write it as 2026-11-25") {
		t.Errorf("no time: status %d, %s", status, stderr)
	}
}
