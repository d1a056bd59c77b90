package main

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/capture"
	"spanaudit/report"
	"spanaudit/rules"
)

// diagnosis runs doctor, for a second unless args say otherwise, while a wire
// sends frames.
func diagnosis(t *testing.T, send func([]byte), frames [][]byte, args ...string) (int, map[string]report.Check) {
	t.Helper()
	go func() {
		time.Sleep(300 * time.Millisecond) // the capture has begun
		for i, f := range frames {
			if i > 0 && &f[0] != &frames[i-1][0] { // a copy comes at once
				time.Sleep(200 * time.Microsecond)
			}
			send(f)
		}
	}()
	status, stdout, stderr := spanaudit(append([]string{"doctor", "-i", "span0", "--for", "1500ms", "--format", "json"}, args...)...)
	var d struct{ Checks []report.Check }
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatal(status, err, stdout, stderr)
	}
	checks := map[string]report.Check{}
	for _, c := range d.Checks {
		checks[c.Name] = c
		if c.State == report.Wrong && c.Do == "" {
			t.Errorf("%s is wrong, and nothing to do: %s", c.Name, c.Says)
		}
	}
	return status, checks
}

func wantCheck(t *testing.T, checks map[string]report.Check, name string, state report.State, says string) {
	t.Helper()
	if c := checks[name]; c.State != state || !strings.Contains(c.Says, says) {
		t.Errorf("%s: %q, %q; want %q, %q", name, c.State, c.Says, state, says)
	}
}

const oneAbsent = `apiVersion: spanaudit/v1
kind: Policy
metadata: { name: site, version: "1", extends: "builtin:edge-camera@1" }
devices:
  - { id: cam-01, role: camera, interfaces: [ { mac: "02:00:5e:00:53:21" } ] }
  - { id: cam-absent, role: camera, interfaces: [ { mac: "02:00:5e:00:53:99" } ] }
`

func TestDoctorFindsNothingWrong(t *testing.T) {
	send := wireTo(t, "span0")
	var frames [][]byte
	for _, f := range readFrames(t, violations) {
		frames = append(frames, f.data)
	}
	status, checks := diagnosis(t, send, frames, "--policy", put(t, "policy.yaml", []byte(oneAbsent)))
	if status != statusDone {
		t.Errorf("status %d: %+v", status, checks)
	}
	wantCheck(t, checks, "link", report.Right, "up")
	wantCheck(t, checks, "both directions", report.Right, "0 of ")
	wantCheck(t, checks, "devices", report.Look, "1 of 2 that the policy declares were seen; not cam-absent")
	wantCheck(t, checks, "gateway", report.Right, "02:00:5e:00:53:01 carries ")
	wantCheck(t, checks, "VLANs", report.Right, "untagged")
	wantCheck(t, checks, "whole frames", report.Right, "no frame is cut")
}

func TestDoctorOfASilentPort(t *testing.T) {
	send := wireTo(t, "span0")
	status, checks := diagnosis(t, send, nil)
	if status != statusViolations {
		t.Errorf("status %d", status)
	}
	wantCheck(t, checks, "traffic", report.Wrong, "packets")
	wantCheck(t, checks, "both directions", report.Look, "no TCP conversation")
}

// Of an interface on which there is nothing, nothing is right.
func TestDoctorOfNothing(t *testing.T) {
	for _, c := range (&visit{policy: &rules.Policy{}, seen: newView(&rules.Policy{}), clock: clockState{unknown: errors.New("none")}}).checks() {
		if c.State == report.Right {
			t.Errorf("%s: %s", c.Name, c.Says)
		}
	}
}

func TestDoctorRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "needs an interface"},
		{[]string{"-i", "a", "--canary", "a"}, "give another"},
		{[]string{"-i", "a", "--canary", "b", "--replay", "f"}, "give one"},
		{[]string{"-i", "a", "--for", "1ms"}, "a second or more"},
		{[]string{"-i", "a", "--format", "jsn"}, "did you mean json?"},
		{[]string{"-i", "nosuch0"}, `no interface "nosuch0"`},
		{[]string{"-i", "a", "--replay", "nosuch.pcap"}, "open nosuch.pcap"},
	} {
		if status, _, stderr := spanaudit(append([]string{"doctor"}, c.args...)...); status < statusUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: status %d, %s", c.args, status, stderr)
		}
	}
}

func TestDoctorOfALinkThatIsDown(t *testing.T) {
	send := wireTo(t, "span0")
	if out, err := exec.Command("ip", "link", "set", "wire0", "down").CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	_, checks := diagnosis(t, send, nil)
	wantCheck(t, checks, "link", report.Wrong, "down")
}

func TestDoctorSeesOneDirection(t *testing.T) {
	send := wireTo(t, "span0")
	half := slices.DeleteFunc(ordinary(100), func(f []byte) bool { return f[11] == canaryRouter[5] })
	status, checks := diagnosis(t, send, half)
	if status != statusViolations {
		t.Errorf("status %d", status)
	}
	wantCheck(t, checks, "both directions", report.Wrong, "1 of 1 TCP conversation seen from one side only")
}

func TestDoctorNamesVLANs(t *testing.T) {
	send := wireTo(t, "span0")
	var frames [][]byte
	for _, f := range ordinary(100) {
		frames = append(frames, slices.Concat(f[:12], []byte{0x81, 0, 0, 7}, f[12:]))
	}
	_, checks := diagnosis(t, send, frames)
	wantCheck(t, checks, "VLANs", report.Right, "7 (8 packets)")
}

func TestDoctorSeesJumboFramesAndCopies(t *testing.T) {
	send := wireTo(t, "span0")
	for _, name := range []string{"span0", "wire0"} {
		if out, err := exec.Command("ip", "link", "set", name, "mtu", "9000").CombinedOutput(); err != nil {
			t.Skipf("%v: %s", err, out)
		}
	}
	var frames [][]byte
	for _, f := range ordinary(8000) {
		frames = append(frames, f, f)
	}
	_, checks := diagnosis(t, send, frames)
	wantCheck(t, checks, "frame sizes", report.Look, "the largest packet has 8040 bytes; 4 packets larger")
	wantCheck(t, checks, "copies", report.Look, "duplicates of a packet")
}

func TestDoctorFindsItsCanary(t *testing.T) {
	send := wireTo(t, "span0")
	status, checks := diagnosis(t, send, ordinary(100), "--canary", "wire0")
	if status != statusDone {
		t.Errorf("status %d: %+v", status, checks)
	}
	wantCheck(t, checks, "canary", report.Right, "rtsp-boundary")
	wantCheck(t, checks, "canary", report.Right, "tls-forward-secrecy")
	wantCheck(t, checks, "both directions", report.Right, "0 of 1 ")
}

func TestDoctorMissesItsCanary(t *testing.T) {
	send := wireTo(t, "span0")
	for _, args := range [][]string{{"link", "add", "elsewhere0", "type", "dummy"}, {"link", "set", "elsewhere0", "up"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Skipf("%v: %s", err, out)
		}
	}
	status, checks := diagnosis(t, send, ordinary(100), "--canary", "elsewhere0")
	if status != statusViolations {
		t.Errorf("status %d", status)
	}
	wantCheck(t, checks, "canary", report.Wrong, "none of 18 frames sent from elsewhere0 arrived")
	_, checks = diagnosis(t, send, nil, "--canary", "nosuch0")
	wantCheck(t, checks, "canary", report.Wrong, "it was not sent: interface nosuch0")
}

func TestDoctorReplays(t *testing.T) {
	send := wireTo(t, "span0")
	_, checks := diagnosis(t, send, nil, "--policy", "../../fixtures/site.yaml", "--replay", violations)
	wantCheck(t, checks, "replay", report.Right, "rtsp-boundary")
	_, checks = diagnosis(t, send, nil, "--replay", clean)
	wantCheck(t, checks, "replay", report.Wrong, "no violation")
}

// ordinary is a TCP conversation with the internet, each side of which sends n bytes.
func ordinary(n int) [][]byte {
	talk := &canaryTalk{client: netip.MustParseAddrPort("192.168.1.10:50000"), server: netip.MustParseAddrPort("203.0.113.80:9999")}
	talk.open()
	talk.say(true, make([]byte, n))
	talk.say(false, make([]byte, n))
	talk.end()
	for _, f := range talk.frames {
		f[3], f[9] = 0, 0 // the MACs are not the canary's
	}
	return talk.frames
}

// The canary is well-formed: two whole conversations, with a violation each.
func TestCanaryIsAViolation(t *testing.T) {
	var frames []frame
	for i, b := range canaryFrames() {
		frames = append(frames, frame{time.Duration(i+1) * time.Millisecond, uint32(len(b)), b})
	}
	path := writeFrames(t, frames)
	home, err := rules.Parse("canary", []byte(canaryPolicy))
	if err != nil {
		t.Fatal(err)
	}
	src, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := runAudit(t.Context(), src, home, auditOptions{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Coverage.BadChecksums > 0 || r.Coverage.OneSided > 0 || r.Coverage.TCPFlows != canaryFlows {
		t.Errorf("%+v", r.Coverage)
	}
	for _, rule := range canaryRules {
		if !slices.ContainsFunc(r.Findings, func(f rules.Finding) bool { return f.Rule == rule && f.Verdict == rules.Fail }) {
			t.Errorf("%s is not found in the canary", rule)
		}
	}
}
