package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	violations = "../../fixtures/violation/site.pcapng"
	clean      = "../../fixtures/clean/mqtt-tls.pcapng"
)

// spanaudit runs the program with nothing on standard input.
func spanaudit(args ...string) (status int, stdout, stderr string) {
	return spanauditFrom(strings.NewReader(""), args...)
}

func spanauditFrom(stdin io.Reader, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(args, world{stdin, &out, &err, func(string) string { return "" }, nil})
	return status, out.String(), err.String()
}

// put writes a file into a folder of the test's own.
func put(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestPolicySchemaIsJSON(t *testing.T) {
	status, stdout, stderr := spanaudit("policy", "schema")
	var schema struct {
		Schema     string `json:"$schema"`
		Properties map[string]any
	}
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil || status != statusDone || stderr != "" {
		t.Fatalf("status %d, %q, %v", status, stderr, err)
	}
	if !strings.Contains(schema.Schema, "draft-07") || schema.Properties["waivers"] == nil {
		t.Errorf("schema of %q with %d properties", schema.Schema, len(schema.Properties))
	}
}

func TestWrongUseGetsAHint(t *testing.T) {
	text := put(t, "notes.txt", []byte("no capture"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "needs a command: audit, completion, diff, doctor, explain, keygen, policy, report, rules, verify, version"},
		{[]string{"audti"}, "did you mean audit?"},
		{[]string{violations}, "to audit it: spanaudit audit " + violations},
		{[]string{"audit"}, "needs something to read"},
		{[]string{"audit", "nosuch.pcap"}, "open nosuch.pcap: no such file or directory"},
		{[]string{"audit", clean, "nosuch.pcap"}, "open nosuch.pcap: no such file or directory"},
		{[]string{"audit", t.TempDir()}, "no capture directly in this directory"},
		{[]string{"audit", "--polcy", "x", clean}, "did you mean --policy?"},
		{[]string{"audit", "--policy"}, "flag needs an argument: --policy"},
		{[]string{"audit", "--policy", "nosuch", clean}, "no such file or profile; there is edge-camera, aws-panorama"},
		{[]string{"audit", "--policy", "aws-panoramma", clean}, "did you mean aws-panorama?"},
		{[]string{"audit", "--policy", text, clean}, text},
		{[]string{"audit", "--format", "jsn", clean}, "did you mean json?"},
		{[]string{"audit", "--fail-on", "hihg", clean}, "did you mean high?"},
		{[]string{"audit", "--workers", "0", clean}, "give 1 to 64"},
		{[]string{"audit", "-i", "lo", clean}, "not both"},
		{[]string{"audit", "--duration", "60s", clean}, "it needs -i IFACE"},
		{[]string{"audit", "--duration", "5", "-i", "lo"}, "missing unit in duration"},
		{[]string{"audit", "-i", "nosuch0"}, ""},
		{[]string{"audit", "-o", "/nonexistent/out", clean}, "create /nonexistent/out: no such file or directory"},
		{[]string{"audit", "-o", "x", "--flows", "x", clean}, "give two files"},
		{[]string{"audit", "-o", "-", clean}, "for standard output leave --output out"},
		{[]string{"audit", "--flows", "-", clean}, "write --flows /dev/stdout"},
		{[]string{"audit", "-z", clean}, "has no flag -z; see spanaudit audit --help"},
		{[]string{"policy"}, "check, import, init, schema, show"},
		{[]string{"policy", "init"}, "needs something to read"},
		{[]string{"policy", "init", "nosuch.pcap"}, "open nosuch.pcap: no such file or directory"},
		{[]string{"policy", "import"}, "needs a MUD file or a networks.cfg"},
		{[]string{"policy", "import", "nosuch"}, "open nosuch: no such file or directory"},
		{[]string{"policy", "import", text}, `notes.txt:1:1: "no" is no prefix; networks.cfg has lines such as`},
		{[]string{"policy", "import", "--ip", "10.0.0.1", text}, "--mac and --ip name the device of a MUD file"},
		{[]string{"policy", "import", "--role", "camra", text}, "did you mean camera?"},
		{[]string{"policy", "import", "--mac", "x", text}, "give one such as 02:00:5e:00:53:10"},
		{[]string{"policy", "import", "--ip", "x", text}, `--ip "x" is no address`},
		{[]string{"policy", "import", "--device", "a b", text}, `--device "a b" is no id`},
		{[]string{"explain"}, "explain needs an audit that was saved by"},
		{[]string{"explain", "nosuch.json"}, "open nosuch.json: no such file or directory"},
		{[]string{"explain", text}, "notes.txt is no audit in JSON"},
		{[]string{"explain", violations, "x"}, "site.pcapng is no audit in JSON"},
		{[]string{"policy", "chek"}, "did you mean check?"},
		{[]string{"policy", "check"}, "needs a policy file"},
		{[]string{"policy", "check", "a", "b"}, "takes a policy file and nothing else, got"},
		{[]string{"policy", "show", "nosuch"}, "no such file or profile"},
		{[]string{"rules", "show"}, "needs the id of a rule"},
		{[]string{"rules", "list", "x"}, "takes no argument, got"},
		{[]string{"version", "x"}, "takes no argument, got"},
		{[]string{"rules", "show", "tls-verson"}, "did you mean tls-version?"},
		{[]string{"version", "--all"}, "has no flag --all"},
	} {
		status, stdout, stderr := spanaudit(c.args...)
		if status != statusUsage || stdout != "" {
			t.Errorf("%q: status %d and %q on standard output, want 2 and nothing", c.args, status, stdout)
		}
		if !strings.HasPrefix(stderr, "spanaudit: ") || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") > 2 {
			t.Errorf("%q: wrote\n%swant one or two lines with %q", c.args, stderr, c.want)
		}
	}
}

func TestViolationsGiveStatus1(t *testing.T) {
	status, stdout, _ := spanaudit("audit", violations)
	if status != statusViolations || !strings.Contains(stdout, "rtsp-boundary") {
		t.Errorf("status %d and\n%s", status, stdout)
	}
	if status, _, _ := spanaudit("audit", "--fail-on", "none", violations); status != statusDone {
		t.Errorf("with --fail-on none: status %d", status)
	}
}

func TestCleanTrafficGivesStatus0(t *testing.T) {
	if status, stdout, stderr := spanaudit("audit", clean); status != statusDone {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

func TestTruncatedCaptureIsReportedAsFarAsItGoes(t *testing.T) {
	path := put(t, "cut.pcapng", read(t, violations)[:50_000])
	status, stdout, stderr := spanaudit("audit", "--quiet", path)
	if status != statusUnread {
		t.Errorf("status %d, want 3", status)
	}
	if !strings.Contains(stdout, "could not be read whole") || !strings.Contains(stdout, "tls-version") {
		t.Errorf("the report is\n%s", stdout)
	}
	if !strings.Contains(stderr, path) || !strings.Contains(stderr, "after frame ") {
		t.Errorf("standard error does not say which input ended where: %s", stderr)
	}
}

func TestWhatIsNoCaptureGivesStatus3AndAReport(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "text": "hello, this is no capture at all"} {
		path := put(t, name, []byte(content))
		status, stdout, stderr := spanaudit("audit", path)
		if status != statusUnread || !strings.Contains(stdout, "No packet") || !strings.Contains(stderr, path) {
			t.Errorf("%s: status %d\n%s%s", name, status, stdout, stderr)
		}
	}
}

func TestOneBrokenInputDoesNotHideTheOthers(t *testing.T) {
	path := put(t, "broken.pcap", []byte("no capture"))
	status, stdout, stderr := spanaudit("audit", path, violations)
	if status != statusUnread || !strings.Contains(stdout, "rtsp-boundary") {
		t.Errorf("status %d\n%s", status, stdout)
	}
	if !strings.Contains(stderr, path+": nothing could be read") || !strings.Contains(stderr, " frames, ") {
		t.Errorf("standard error: %s", stderr)
	}
}

func TestStandardInput(t *testing.T) {
	_, want, _ := spanaudit("audit", violations)
	status, got, stderr := spanauditFrom(bytes.NewReader(read(t, violations)), "audit", "-")
	if status != statusViolations || got != want {
		t.Errorf("status %d, %s\nthe report of standard input differs from the file's", status, stderr)
	}
}

func TestJSONIsAloneOnStandardOutput(t *testing.T) {
	_, stdout, stderr := spanaudit("audit", "--format", "json", violations)
	var doc struct {
		Schema   string
		Inputs   []struct{ Name, SHA256 string }
		Findings []struct {
			ID       string
			Evidence []struct {
				File  string
				Frame int
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != "spanaudit/audit/v1" || doc.Inputs[0].Name != violations || len(doc.Inputs[0].SHA256) != 64 {
		t.Errorf("%+v", doc)
	}
	for _, f := range doc.Findings {
		if f.ID == "" || len(f.Evidence) == 0 || f.Evidence[0].File != violations || f.Evidence[0].Frame == 0 {
			t.Errorf("a finding without id or evidence: %+v", f)
		}
	}
	if !strings.Contains(stderr, " frames, ") {
		t.Errorf("standard error: %s", stderr)
	}
}

func TestFlowRecordsAreOneObjectALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.ndjson")
	spanaudit("audit", "--flows", path, violations)
	lines := bytes.Split(bytes.TrimSpace(read(t, path)), []byte("\n"))
	if len(lines) < 60 {
		t.Errorf("%d records", len(lines))
	}
	for _, line := range lines {
		var record struct {
			Timestamp time.Time `json:"@timestamp"`
			Network   struct {
				CommunityID string `json:"community_id"`
			}
		}
		if err := json.Unmarshal(line, &record); err != nil || record.Timestamp.IsZero() || !strings.HasPrefix(record.Network.CommunityID, "1:") {
			t.Errorf("%v: %s", err, line)
		}
	}
}

func TestReportFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.txt")
	status, stdout, _ := spanaudit("audit", "-o", path, violations)
	if _, want, _ := spanaudit("audit", violations); status != statusViolations || stdout != "" || string(read(t, path)) != want {
		t.Errorf("status %d, %q on standard output", status, stdout)
	}
}

func TestAnInputIsNeverWrittenOver(t *testing.T) {
	content := read(t, clean)
	path := put(t, "capture.pcapng", content)
	for _, flag := range []string{"-o", "--flows"} {
		for _, input := range []string{path, filepath.Dir(path)} {
			status, _, stderr := spanaudit("audit", flag, path, input)
			if status != statusUsage || !strings.Contains(stderr, "is an input") {
				t.Errorf("%s: status %d, %s", flag, status, stderr)
			}
		}
	}
	if !bytes.Equal(read(t, path), content) {
		t.Error("the capture was written over")
	}
}

func TestNothingButProblemsWhenQuiet(t *testing.T) {
	if _, _, stderr := spanaudit("audit", "--quiet", clean); stderr != "" {
		t.Errorf("standard error: %s", stderr)
	}
}

func TestNoProgressAndNoColourWithoutATerminal(t *testing.T) {
	slow := &slowReader{content: read(t, violations)}
	_, stdout, stderr := spanauditFrom(slow, "audit", "-")
	if strings.ContainsAny(stdout+stderr, "\x1b\r") {
		t.Errorf("escape sequences in %q", stderr)
	}
}

// slowReader takes longer than a progress bar waits.
type slowReader struct {
	content []byte
	slept   bool
}

func (s *slowReader) Read(p []byte) (int, error) {
	if !s.slept {
		time.Sleep(progressAfter + 2*progressEvery)
		s.slept = true
	}
	if len(s.content) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.content)
	s.content = s.content[n:]
	return n, nil
}

func TestAReaderThatHasSeenEnoughDoesNotChangeTheVerdict(t *testing.T) {
	var stderr bytes.Buffer
	w := world{strings.NewReader(""), closedPipe{}, &stderr, os.Getenv, nil}
	if status := run([]string{"audit", "--quiet", violations}, w); status != statusViolations || stderr.Len() > 0 {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Err: syscall.EPIPE}
}

func TestAFullDiskIsAnError(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full, which this system does not have")
	}
	for _, flag := range []string{"-o", "--flows"} {
		status, _, stderr := spanaudit("audit", "--quiet", flag, "/dev/full", violations)
		if status != statusUsage || !strings.Contains(stderr, "no space left") {
			t.Errorf("%s: status %d, %s", flag, status, stderr)
		}
	}
}

func TestAShownPolicyIsValidAndMeansTheSame(t *testing.T) {
	for _, profile := range []string{"edge-camera", "aws-panorama"} {
		status, shown, stderr := spanaudit("policy", "show", profile)
		if status != statusDone {
			t.Fatalf("%s: status %d, %s", profile, status, stderr)
		}
		path := put(t, "policy.yaml", []byte(shown))
		if status, stdout, stderr := spanaudit("policy", "check", path); status != statusDone || !strings.Contains(stdout, "valid") {
			t.Errorf("%s: status %d, %s", profile, status, stderr)
		}
	}
}

func TestEveryProblemOfAPolicyIsNamedWithItsPlace(t *testing.T) {
	path := put(t, "bad.yaml", []byte("apiVersion: spanaudit/v1\nkind: Policy\ntls: { min_version: \"9\" }\nrtps: {}\n"))
	status, stdout, stderr := spanaudit("policy", "check", path)
	if status != statusUsage || stdout != "" {
		t.Errorf("status %d, %q", status, stdout)
	}
	for _, place := range []string{path + ":3:", path + ":4:"} {
		if !strings.Contains(stderr, "spanaudit: "+place) {
			t.Errorf("no problem at %s:\n%s", place, stderr)
		}
	}
}

func TestEveryRuleIsListedAndExplained(t *testing.T) {
	_, list, _ := spanaudit("rules", "list")
	for _, id := range ruleIDs() {
		if !strings.Contains(list, "\n"+id+" ") {
			t.Errorf("%s is not listed", id)
		}
		status, shown, _ := spanaudit("rules", "show", id)
		for _, part := range []string{id, "\nChecks\n", "\nFails when\n", "\nWhat to do\n"} {
			if status != statusDone || !strings.Contains(shown, part) {
				t.Errorf("%s: status %d, no %q in\n%s", id, status, part, shown)
			}
		}
	}
}

func TestVersionAndCompletion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"completion", "bash"}, {"help"}, {"audit", "--help"}} {
		if status, stdout, stderr := spanaudit(args...); status != statusDone || !strings.Contains(stdout, "spanaudit") || stderr != "" {
			t.Errorf("%q: status %d, %s", args, status, stderr)
		}
	}
}

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		took        time.Duration
		want        string
	}{
		{500_000_000, 2_000_000_000, time.Second, "[######..................]  25% of 2.0 GB, 500 MB/s, 3s left"},
		{0, 1000, time.Second, "[........................]   0% of 1.0 kB, 0 B/s"},
		{1000, 1000, time.Second, "[########################] 100% of 1.0 kB, 1.0 kB/s, 0s left"},
		{3000, 1000, time.Second, "[########################] 100% of 1.0 kB, 3.0 kB/s, 0s left"},
		{12_345_678, -1, 2 * time.Second, "12 MB read, 6.2 MB/s"},
		{0, -1, 61 * time.Second, "1m1s"},
	} {
		if got := progressLine(c.done, c.total, c.took); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.done, c.total, got, c.want)
		}
	}
}
