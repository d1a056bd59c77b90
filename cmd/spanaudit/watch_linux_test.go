package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/report"
	"spanaudit/report/alert"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// Each violation of the site is told within two seconds of the packet that proves
// it, once, and nothing else is: on a wire, and on the port to which a switch
// mirrors those of the site's hosts.
func TestWatchTellsEachViolationWithinTwoSeconds(t *testing.T) {
	for name, network := range map[string]func(*testing.T, string) func([]byte){"wire": wireTo, "mirror": mirrorTo} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			send := network(t, "span0")
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
			compareAlerts(t, stdout)
		})
	}
}

// compareAlerts holds what was told of the site's violations against the audit of
// its capture, and what stands beside that.
func compareAlerts(t *testing.T, stdout string) {
	t.Helper()
	audit := auditJSON(t, "--policy", policyFor(violations), violations)
	want := map[string]string{} // the ids, and the rules
	for _, f := range audit.Findings {
		want[f.ID] = f.Rule
	}
	told, last := map[string]bool{}, map[string]string{} // the last that was told of each
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
		told[a.ID], last[a.ID] = true, line
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
	var end auditDocument
	if err := json.Unmarshal([]byte(`{"findings": [`+strings.Join(slices.Collect(maps.Values(last)), ",")+"]}"), &end); err != nil {
		t.Fatal(err)
	}
	known := readWant(t, strings.TrimSuffix(violations, ".pcapng")+".want").findings
	if got, want := slices.Sorted(maps.Keys(end.findingLines())), slices.Sorted(maps.Keys(known)); !slices.Equal(got, want) {
		t.Errorf("told in the end: %v; known: %v", got, want)
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
	go sendFrames(send, frames, 500*time.Millisecond) // when the watch has begun
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

// What a watch was killed before it had told, the next one tells, once.
func TestWatchTellsWhatTheOneBeforeDidNot(t *testing.T) {
	wireTo(t, "span0")
	path := filepath.Join(t.TempDir(), "watch.db")
	store, err := record.Open(path, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := store.Begin(t.Context(), record.Run{Started: 1})
	if err != nil {
		t.Fatal(err)
	}
	f := report.Finding{ID: "92af36b44e9e2f78", Rule: "tls-version", Severity: rules.High, Verdict: rules.Fail, Message: "as it was found", First: 1, Last: 2, Count: 3}
	if err := w.Commit(t.Context(), 2, recordOf(alert.Alert{Finding: f}, nil)); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil { // and not w: it was killed
		t.Fatal(err)
	}
	watch := func() (int, string, string) {
		return spanaudit("watch", "-i", "span0", "--duration", "500ms", "--format", "ndjson", "--listen", "none", "--record", path)
	}
	status, stdout, stderr := watch()
	var a alert.Alert
	if err := json.Unmarshal([]byte(stdout), &a); err != nil || status != statusViolations {
		t.Fatalf("status %d, %v: %s%s", status, err, stdout, stderr)
	}
	if a.Kind != alert.New || a.ID != f.ID || a.Message != f.Message || a.Count != f.Count || a.First != f.First {
		t.Errorf("told: %+v", a)
	}
	if status, stdout, stderr := watch(); status != statusDone || stdout != "" {
		t.Errorf("again: status %d: %s%s", status, stdout, stderr)
	}
}
