package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"spanaudit/report"
	"spanaudit/report/panel"
	"spanaudit/rules"
)

// What a board draws fits the terminal, however much there is and whatever the wire
// says; in the end the terminal is as it was, with the findings and what was said.
func TestTheBoardFitsTheTerminal(t *testing.T) {
	policy, err := loadPolicy(world{stderr: io.Discard}, policyFor(violations))
	if err != nil {
		t.Fatal(err)
	}
	a := report.New(tool(), nil, audited(t, policy, violations, nil))
	const nasty = "\x1b[2J\u202e\x00evil"
	a.Findings[0].Peer.Name, a.Findings[0].Message = nasty, nasty
	user, program := terminal(t, 100) // of 25 rows
	shown := make(chan string)
	go func() {
		var b bytes.Buffer
		io.Copy(&b, user) // ends with EIO when the program's side is closed
		shown <- b.String()
	}()
	var stderr bytes.Buffer
	w := world{stdout: program, stderr: &stderr, getenv: func(string) string { return "" }}
	b := openBoard(w)
	w.stderr = b
	st := panel.State{At: time.Unix(100, 0), Since: time.Unix(0, 0), Audit: a, Interface: "span0", Up: true, Packets: 1000, Bytes: 1e6, Policy: panel.Policy{Name: nasty}}
	st.Counts = []panel.FindingCount{{Rule: "rtsp-boundary", Severity: rules.Critical, Findings: 7}, {Rule: "ntp-sync", Severity: rules.Low, Findings: 1, Waived: 2}}
	b.show(st)
	w.complain(errors.New("a sink fails " + nasty))
	st.At, st.Packets, st.Bytes = st.At.Add(2*time.Second), 3000, 2_000_000
	b.show(st)
	b.close()
	program.Close()
	text := <-shown
	frames := strings.Split(text, "\x1b[H")
	if len(frames) != 3 {
		t.Fatalf("drawn %d times: %.500q", len(frames)-1, text)
	}
	last, end, _ := strings.Cut(frames[2], "\x1b[?1049l")
	if n := strings.Count(last, "\n"); n >= 25 {
		t.Errorf("%d lines on 25 rows", n+1)
	}
	for _, want := range []string{"span0 up", "1000 packets/s, 4.0 Mbit/s", ": 7 critical, 1 low, 2 waived", "critical", "a sink fails"} {
		if !strings.Contains(last, want) {
			t.Errorf("%q is not drawn in %.2000q", want, last)
		}
	}
	if !strings.Contains(end, a.Findings[1].Rule) || !strings.Contains(end, "speak MQTT") || !strings.Contains(end, "\x1b[?25h") {
		t.Errorf("left behind: %.500q", end)
	}
	if !strings.Contains(stderr.String(), "a sink fails") {
		t.Errorf("said: %q", stderr.String())
	}
	for _, part := range frames {
		if strings.Contains(part, "\x1b[2J\u202e") || strings.Contains(part, "\u202e") || strings.Contains(part, "\x00") {
			t.Errorf("text of the wire is drawn as it is: %.500q", part)
		}
	}
}

// Where there is no terminal a table is refused, and alerts come as lines.
func TestATableNeedsATerminal(t *testing.T) {
	if status, _, stderr := spanaudit("watch", "-i", "lo", "--format", "table"); status != statusUsage || !strings.Contains(stderr, "standard output is none") {
		t.Errorf("status %d, %q", status, stderr)
	}
	if b := openBoard(world{stdout: &bytes.Buffer{}}); b != nil {
		t.Error("a board without a terminal")
	}
}
