package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// sensorOn returns a watch that keeps a record in a file, to be shown a capture by
// follow as if it came from an interface.
func sensorOn(t *testing.T, file, policyFile string) *sensor {
	t.Helper()
	w := world{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
	f := &watchFlags{iface: "span0", form: "none", record: file, quiet: true, policy: policyFile}
	policy, err := loadPolicy(w, policyFile)
	if err != nil {
		t.Fatal(err)
	}
	s := &sensor{world: w, watchFlags: f, policy: policy, heads: newKeep(), failing: map[string]bool{}, failOn: rules.High}
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sensor) watchFile(t *testing.T, path string) { s.watchPart(t, path, "") }

// watchPart is watchFile of what a filter lets through.
func (s *sensor) watchPart(t *testing.T, path, filter string) {
	t.Helper()
	src, err := capture.Open([]string{path}, capture.Options{Raw: true, Filter: filter})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := s.follow(t.Context(), src); err != nil {
		t.Error(err)
	}
}

// watchInto has a watch see a capture and keep it in a file, which may be a record
// already.
func watchInto(t *testing.T, file, path, policyFile string) {
	t.Helper()
	s := sensorOn(t, file, policyFile)
	s.watchFile(t, path)
	if err := s.end(); err != nil {
		t.Error(err)
	}
}

// recordOfFixture is the record of a watch that saw a fixture.
func recordOfFixture(t *testing.T, path string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "watch.db")
	watchInto(t, file, path, policyFor(strings.TrimSuffix(path, ".pcapng")))
	return file
}

// evidenceOf writes the evidence of a record and checks it; args are more of the
// command line of report.
func evidenceOf(t *testing.T, file string, args ...string) (dir string, m bundle.Manifest) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "evidence")
	if status, _, stderr := spanaudit(append([]string{"report", file, "--now", now, "--evidence", dir}, args...)...); status != statusDone {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if status, stdout, stderr := spanaudit("verify", dir); status != statusDone {
		t.Errorf("verify: status %d\n%s%s", status, stdout, stderr)
	}
	if err := json.Unmarshal(read(t, filepath.Join(dir, bundle.ManifestFile)), &m); err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// Each finding of a watch is shown again by the packets that its record keeps, save
// those about the watch as a whole.
func TestEvidenceOfAWatchShowsEachFinding(t *testing.T) {
	captures, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	for _, path := range captures {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			r, err := judgeRecord(world{stderr: io.Discard}, recordOfFixture(t, path), "", "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer r.store.Close()
			err = r.carver(r.audit()).carve(r.report.Findings, func(x *excerpt) error {
				if whole := strings.HasPrefix(x.finding.Rule, "capture-"); whole != (x.shown == nil) {
					t.Errorf("%s %s: shown again: %v, by %d packets", x.finding.Rule, x.finding.ID, x.shown != nil, len(x.frames))
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// No secret is in a record or in its evidence, which says when they were blanked.
func TestNoSecretIsInTheEvidenceOfAWatch(t *testing.T) {
	captures, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	searched := 0
	for _, path := range captures {
		if leak(read(t, path)) == "" {
			continue // nothing to be found
		}
		searched++
		file := recordOfFixture(t, path)
		dir, m := evidenceOf(t, file)
		if r := m.Redaction; r.Secrets != bundle.Blanked || len(r.Counts) > 0 || !strings.Contains(r.Note, "when they were recorded") {
			t.Errorf("%s: %+v", path, r)
		}
		for _, x := range m.Excerpts {
			whole := strings.HasPrefix(x.Rule, "capture-")
			if x.Reproduced == whole || whole != strings.Contains(x.Note, "about the watch as a whole") {
				t.Errorf("%s: %s %s: shown again: %v: %s", path, x.Rule, x.Finding, x.Reproduced, x.Note)
			}
			for _, on := range x.Frames {
				if len(m.Inputs) != 1 || on.Input != m.Inputs[0].Name || on.Input != "span0" {
					t.Errorf("%s: %s is of %q, and the inputs are %+v", path, x.Finding, on.Input, m.Inputs)
				}
			}
		}
		for name, content := range filesIn(t, dir) {
			if secret := leak(content); secret != "" {
				t.Errorf("%s: %s of the evidence holds %s", path, name, secret)
			}
		}
		for _, content := range contentOf(t, file) {
			if secret := leak(content); secret != "" {
				t.Errorf("%s: the record holds %s", path, secret)
			}
		}
	}
	if searched < 5 {
		t.Errorf("only %d fixtures hold a secret, so that the test shows little", searched)
	}
}

// contentOf returns what a record holds: the file, and what is packed in it.
func contentOf(t *testing.T, file string) [][]byte {
	t.Helper()
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT data, 1 FROM batch UNION ALL SELECT data, 0 FROM packet UNION ALL SELECT json, 0 FROM finding")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	content := [][]byte{read(t, file)}
	for rows.Next() {
		var b []byte
		var packed bool
		if err := rows.Scan(&b, &packed); err != nil {
			t.Fatal(err)
		}
		if packed {
			if b, err = z.DecodeAll(b, nil); err != nil {
				t.Fatal(err)
			}
		}
		content = append(content, b)
	}
	if rows.Err() != nil || len(content) < 2 {
		t.Fatal(len(content), rows.Err())
	}
	return content
}

// The same record, time and version give the same bytes.
func TestEvidenceOfAWatchIsTheSameInEveryRun(t *testing.T) {
	file := recordOfFixture(t, violations)
	var first []byte
	for range 2 {
		path := filepath.Join(t.TempDir(), "evidence.zip")
		if status, _, stderr := spanaudit("report", file, "--now", now, "--from", "2026-01-01", "--to", "2200-01-01", "--evidence", path); status != statusDone {
			t.Fatal(status, stderr)
		}
		if content := read(t, path); first == nil {
			first = content
		} else if !bytes.Equal(first, content) {
			t.Error("two runs gave different bytes")
		}
	}
}

// Evidence of a watch is signed, and what is changed in it is found.
func TestTamperingWithEvidenceOfAWatchIsFound(t *testing.T) {
	file := recordOfFixture(t, violations)
	_, pub := openKey(t)
	dir, m := evidenceOf(t, file, "--sign", strings.TrimSuffix(pub, ".pub"))
	if status, stdout, _ := spanaudit("verify", dir, "--key", pub); status != statusDone || !strings.Contains(flat(stdout), "as the holder of the key") {
		t.Errorf("as it was made: status %d\n%s", status, stdout)
	}
	for _, name := range []string{m.Excerpts[0].File, "audit.json", "policy.yaml", bundle.ManifestFile} {
		was := read(t, filepath.Join(dir, name))
		is := bytes.Clone(was)
		is[len(is)/2] ^= 1
		for _, content := range [][]byte{is, was} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(content, is) {
				tampered(t, dir, pub, "a bit of "+name, name)
			}
		}
	}
	from, _ := evidenceOf(t, file)
	short := slices.IndexFunc(m.Excerpts, func(x bundle.Excerpt) bool { return strings.Contains(x.Note, "were not kept") })
	for name, c := range map[string]struct {
		change func(files map[string][]byte, a *report.Audit, m *bundle.Manifest)
		says   string
	}{
		"what was not kept is not said": {func(_ map[string][]byte, _ *report.Audit, m *bundle.Manifest) { m.Excerpts[short].Note = "" }, "otherwise than audit.json has it: "},
		"the packets of another finding": {func(files map[string][]byte, _ *report.Audit, m *bundle.Manifest) {
			files[m.Excerpts[0].File] = files[m.Excerpts[len(m.Excerpts)-1].File]
		}, "does not show the finding"},
		"a finding that is said not to be shown": {func(_ map[string][]byte, _ *report.Audit, m *bundle.Manifest) { m.Excerpts[0].Reproduced = false }, "says that it does not"},
	} {
		if status, stdout, stderr := spanaudit("verify", forge(t, from, c.change)); status != statusViolations || !strings.Contains(flat(stdout), c.says) {
			t.Errorf("%s: status %d, no %q in\n%s%s", name, status, c.says, stdout, stderr)
		}
	}
}

// That the kernel dropped packets is shown by its count, which stands in the excerpt
// without any packet.
func TestEvidenceOfAWatchShowsWhatTheKernelDropped(t *testing.T) {
	s := sensorOn(t, filepath.Join(t.TempDir(), "watch.db"), policyFor(clean))
	s.watchFile(t, clean)
	s.record.writer.Count(flow.Time(time.Now().UnixNano()), record.Counters{Frames: []uint64{1000}, Loss: rules.Loss{CaptureLoss: rules.CaptureLoss{Dropped: 500, Counted: true}}})
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	_, m := evidenceOf(t, s.watchFlags.record)
	if i := slices.IndexFunc(m.Excerpts, func(x bundle.Excerpt) bool { return x.Rule == "capture-loss" }); i < 0 || !m.Excerpts[i].Reproduced || m.Excerpts[i].Packets != 0 {
		t.Errorf("%+v", m.Excerpts)
	}
}

// A finding whose packets had to make room has none, and the evidence says so.
func TestFindingsWithoutPacketsAreSaidToBeNotShown(t *testing.T) {
	file := recordOfFixture(t, violations)
	store, err := record.Open(file, record.Options{PacketBytes: 50_000})
	if err != nil {
		t.Fatal(err)
	}
	for more := true; more && err == nil; {
		more, err = store.Prune(t.Context(), 0)
	}
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	dir, m := evidenceOf(t, file)
	shown, not := 0, 0
	for _, x := range m.Excerpts {
		switch {
		case x.Reproduced:
			shown++
		case x.Packets == 0 && strings.Contains(x.Note, "none of its packets is in the record"):
			not++
		}
	}
	if shown == 0 || not == 0 || shown+not != len(m.Excerpts) {
		t.Errorf("%d are shown and %d not, of %d", shown, not, len(m.Excerpts))
	}
	if _, stdout, _ := spanaudit("verify", dir); !strings.Contains(flat(stdout), "not shown, for which manifest.json has the reason: ") {
		t.Error(stdout)
	}
}

// Packets prove a finding of the time from which they are, and of no other; and the
// frames of one run are not taken for those of another.
func TestPacketsOfAnotherTimeProveNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "watch.db")
	watchInto(t, file, oldTLS, policyFor(oldTLS))
	frames := readFrames(t, oldTLS)
	first := frames[0].time
	later := slices.Clone(frames)
	for i := range later {
		later[i].time += 72 * time.Hour
		b := bytes.Clone(later[i].data)
		for _, port := range [][]byte{b[34:36], b[36:38]} { // of other connections
			if b[23] == byte(flow.TCP) && port[0] >= 0x80 {
				port[1]++
			}
		}
		later[i].data = b
	}
	watchInto(t, file, writeFrames(t, later), policyFor(oldTLS))
	between := time.Unix(0, int64(first+36*time.Hour)).UTC().Format(time.RFC3339)

	_, whole := evidenceOf(t, file)
	if len(whole.Inputs) != 2 || whole.Inputs[0].Name == whole.Inputs[1].Name {
		t.Errorf("two runs are told as %+v", whole.Inputs)
	}
	for _, x := range ofFlows(whole) {
		if !x.Reproduced || len(x.Frames) != 1 || x.Frames[0].Input != whole.Inputs[0].Name || !strings.Contains(x.Note, "of "+whole.Inputs[1].Name) {
			t.Errorf("of all: %+v", x)
		}
	}
	_, before := evidenceOf(t, file, "--to", between, "--policy", policyFor(oldTLS))
	for _, x := range ofFlows(before) {
		if !x.Reproduced {
			t.Errorf("of the time of the packets: %+v", x)
		}
	}
	_, after := evidenceOf(t, file, "--from", between, "--policy", policyFor(oldTLS))
	oneRun := filepath.Join(t.TempDir(), "one.db")
	watchInto(t, oneRun, writeFrames(t, slices.Concat(frames, later)), policyFor(oldTLS))
	_, same := evidenceOf(t, oneRun, "--from", between, "--policy", policyFor(oldTLS))
	for _, x := range slices.Concat(ofFlows(after), ofFlows(same)) {
		if x.Reproduced || x.Packets > 0 || !strings.Contains(x.Note, "are of another time: "+time.Unix(0, int64(first)).UTC().Format("2006-01-02 15:04")) {
			t.Errorf("of another time: %+v", x)
		}
	}
	if n := len(ofFlows(before)); n == 0 || len(ofFlows(after)) != n || len(ofFlows(same)) != n || len(ofFlows(whole)) != n {
		t.Errorf("%d, %d and %d findings", len(ofFlows(whole)), n, len(ofFlows(after)))
	}
}

// ofFlows returns the excerpts of findings that are not about the watch as a whole.
func ofFlows(m bundle.Manifest) []bundle.Excerpt {
	return slices.DeleteFunc(slices.Clone(m.Excerpts), func(x bundle.Excerpt) bool { return strings.HasPrefix(x.Rule, "capture-") })
}

// The report says what its record does not have.
func TestReportOfARecordSaysWhatThatDoesNotHave(t *testing.T) {
	policy, _ := rules.Builtin("edge-camera")
	r := judgedRecord{report: rules.NewAudit(policy).Finish(rules.Loss{}), span: record.Span{
		Open: 3, Lost: 1, Running: true, Blind: []record.Stretch{{From: 0, To: flow.Time(time.Hour), Cause: record.CauseNotKept}},
	}}
	a := r.audit()
	want := []string{
		"Nothing was seen from 1970-01-01 00:00:00 to 1970-01-01 01:00:00 UTC (1h0m0s): not kept.",
		"The watch went on when this report was made: what it saw later is not in it.",
		"3 flows were under way when the watch was killed, or when this report was made: judged as far as they had come.",
		"1 event was not recorded for lack of room: flows that ended, names that were learned.",
	}
	if got := a.Coverage.Lines()[1:]; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, name := range []string{"table", "markdown", "html"} {
		f, _ := formatOf(name)
		var b bytes.Buffer
		if err := f.render(&b, a, report.Screen{Width: 200}); err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if !strings.Contains(b.String(), line) {
				t.Errorf("%s does not say: %s", name, line)
			}
		}
	}

	s := sensorOn(t, filepath.Join(t.TempDir(), "watch.db"), "edge-camera")
	s.watchFile(t, clean)
	if err := s.record.writer.Commit(t.Context(), flow.Time(time.Now().UnixNano())); err != nil {
		t.Error(err)
	}
	for _, running := range []bool{true, false} {
		if !running {
			if err := s.end(); err != nil {
				t.Error(err)
			}
		}
		_, stdout, stderr := spanaudit("report", s.watchFlags.record)
		if strings.Contains(stdout, "The watch went on when") != running {
			t.Errorf("running %v: %s%s", running, stdout, stderr)
		}
	}
}

// What cannot be is refused before anything is written.
func TestEvidenceOfAWatchRefusesWhatItCannotDo(t *testing.T) {
	file := recordOfFixture(t, clean)
	was := read(t, file)
	saved := saveAudit(t, clean)
	dir := t.TempDir()
	evidence := filepath.Join(dir, "evidence.zip")
	if err := os.WriteFile(saved+".zip", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--keep-secrets cannot be: secrets were blanked when the packets were recorded", []string{file, "--evidence", evidence, "--keep-secrets"}},
		{"--keep-secrets is about the evidence; it needs --evidence", []string{file, "--keep-secrets"}},
		{"--sign signs the evidence; it needs --evidence", []string{file, "--sign", "x.key"}},
		{"--evidence needs packets, of which an audit that was made has none", []string{saved, "--evidence", evidence}},
		{"exists; evidence is not overwritten", []string{file, "--evidence", saved + ".zip"}},
		{"no such file", []string{file, "--evidence", evidence, "--sign", filepath.Join(dir, "none.key")}},
		{"is no time", []string{file, "--evidence", evidence, "--from", "yesterday"}},
		{"write to another file", []string{file, "--format", "json", "--output", file}},
	} {
		if status, _, stderr := spanaudit(append([]string{"report"}, c.args...)...); status != statusUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d, %q; %q is wanted", c.args, status, stderr, c.want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if !bytes.Equal(was, read(t, file)) {
		t.Error("the record was written over")
	}
}
