package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// draft has a policy drafted from a capture and returns its file.
func draft(t *testing.T, capture string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.yaml")
	status, stdout, stderr := spanaudit("policy", "init", "-o", path, capture)
	if status != statusDone || stdout != "" || stderr != "" {
		t.Fatalf("%s: status %d, %q, %q", capture, status, stdout, stderr)
	}
	if status, stdout, stderr := spanaudit("policy", "check", path); status != statusDone || !strings.Contains(stdout, "valid") || stderr != "" {
		t.Fatalf("%s: the draft is refused: %s", capture, stderr)
	}
	return path
}

// broken returns the rules that the audit of a capture finds broken, but for
// remarks of severity info and what is wrong with the capture itself, for which
// no policy can help.
func broken(t *testing.T, policy, capture string) (rules []string) {
	t.Helper()
	for _, f := range auditJSON(t, "-q", "--policy", policy, capture).Findings {
		if f.Severity != "info" && !strings.HasPrefix(f.Rule, "capture-") {
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

func TestDraftOfTheCleanSite(t *testing.T) {
	const golden = "testdata/init-clean-site.yaml"
	status, stdout, stderr := spanaudit("policy", "init", "../../fixtures/clean/site.pcapng")
	if status != statusDone || stderr != "" {
		t.Fatalf("status %d, %q", status, stderr)
	}
	got := []byte(stdout)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if string(got) != string(read(t, golden)) {
		t.Errorf("the draft differs from %s; run with -update and look at the difference\n%s", golden, got)
	}
}

// By its draft a capture of the clean site breaks nothing that it does not break
// by the site's own policy.
func TestDraftAuditsItsOwnCaptureWithoutFalseFindings(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/clean/*.pcapng")
	if err != nil || len(captures) == 0 {
		t.Fatal("no captures")
	}
	for _, capture := range captures {
		bySite := broken(t, policyFor(strings.TrimSuffix(capture, ".pcapng")), capture)
		for _, rule := range broken(t, draft(t, capture), capture) {
			if !slices.Contains(bySite, rule) {
				t.Errorf("%s: %s", capture, rule)
			}
		}
	}
}

// What a draft does not excuse: what is wrong on the site of violations is as
// wrong by the policy that is drafted from it, save what its reader has to judge:
// services inside the site that were seen to answer, and every region of AWS
// that was contacted, are declared.
func TestDraftDoesNotExcuseWhatItSees(t *testing.T) {
	const capture = "../../fixtures/violation/site.pcapng"
	byDraft, bySite := broken(t, draft(t, capture), capture), broken(t, "../../fixtures/site.yaml", capture)
	for _, rule := range bySite {
		declared := rule == "internal-peer" || rule == "open-service" || rule == "endpoint-region"
		if !declared && !slices.Contains(byDraft, rule) {
			t.Errorf("%s is no longer found", rule)
		}
	}
}

// Captures of other people's cameras and devices, and the rules that they do
// break.
func TestDraftOfCamerasAndDevices(t *testing.T) {
	const corpus = "../../../shared/corpus/captures/"
	for _, c := range []struct {
		capture string
		breaks  []string
		says    []string
	}{
		{"wireshark__1920x1080_H.265.pcapng", nil, []string{
			"  - id: cam-1 # answered RTSP at port 554 for 10.168.128.193; answered http at port 80 for 10.168.128.193\n    role: camera\n    zone: cameras\n    interfaces: [{ ipv4: 10.11.26.98 }]",
			"    inbound_ports: [80, 554]", "    role: viewer # it reads cameras",
			"  layer2: false # 2 hosts of which it is not certain that the MAC is its own",
		}},
		{"ndpi__rtsp.pcap", nil, []string{
			"  - id: cam-1 # answered RTSP at port 8554 for 10.1.1.10 (6 flows)", "  rtsp_ports: [8554] # RTSP was answered by 1 host at 8554",
		}},
		{"ndpi__coap_mqtt.pcap", []string{"mqtt-cleartext"}, []string{
			"  - id: iot-2 # answered mqtt at port 17501 for 192.168.56.1", "    interfaces: [{ mac: \"08:00:27:98:ef:e1\", ipv4: 192.168.56.101 }]",
		}},
		{"zeek__mqtt.pcap", []string{"mqtt-cleartext"}, []string{
			"  - id: iot-1 # spoke mqtt with 198.41.30.241:1883 (2 flows)",
			`  # - { id: "198.41.30.241", from: ["device:iot-1"], cidrs: ["198.41.30.241/32"], ports: [1883], proto: tcp, reason: … } # iot-1, 2 flows: its name was not seen`,
		}},
		{"trex-core__delay_10_rtp_160k_full.pcap", nil, []string{
			"# 22.0.0.10, which is not a private address, answered RTSP in 1 flow: if it is the site's, declare a zone for it",
		}},
	} {
		if _, err := os.Stat(corpus + c.capture); err != nil {
			t.Skip("the corpus is not there: " + err.Error())
		}
		path := draft(t, corpus+c.capture)
		text := string(read(t, path))
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the draft does not say %q\n%s", c.capture, want, text)
			}
		}
		if rules := broken(t, path, corpus+c.capture); !slices.Equal(rules, c.breaks) {
			t.Errorf("%s: breaks %v, want %v", c.capture, rules, c.breaks)
		}
	}
}

// Whatever a capture holds, what is drafted from it is a policy.
func TestEveryDraftIsAPolicy(t *testing.T) {
	captures, _ := filepath.Glob("../../../shared/corpus/*/*.pcap*")
	more, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	for _, capture := range append(captures, more...) {
		status, stdout, stderr := spanaudit("policy", "init", capture)
		if status == statusUnread && stdout == "" {
			continue // not a capture at all
		}
		if status != statusDone && status != statusUnread {
			t.Errorf("%s: status %d: %s", capture, status, stderr)
			continue
		}
		if status, _, stderr := spanaudit("policy", "check", put(t, "site.yaml", []byte(stdout))); status != statusDone || stderr != "" {
			t.Errorf("%s: %s\n%s", capture, stderr, stdout)
		}
	}
}

// What is imported is a policy, as the command line gives it out.
func TestImportedPoliciesAreValid(t *testing.T) {
	mud := put(t, "cam.json", []byte(`{ "ietf-mud:mud": { "mud-url": "https://cam.example.com/x", "from-device-policy": { "access-lists": { "access-list": [ { "name": "f" } ] } } },
		"ietf-access-control-list:acls": { "acl": [ { "name": "f", "aces": { "ace": [ { "name": "cloud", "matches": { "ipv4": { "ietf-acldns:dst-dnsname": "cam.example.com" },
		"tcp": { "destination-port": { "operator": "eq", "port": 443 } } }, "actions": { "forwarding": "accept" } } ] } } ] } }`))
	networks := put(t, "networks.cfg", []byte("10.20.0.0/16 Plant\n"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--device", "cam-01", "--ip", "10.20.0.21", "--role", "camera", mud}, "1 device, 1 endpoint"},
		{[]string{mud}, "0 devices, 1 endpoint"},
		{[]string{networks}, "0 devices, 0 endpoints"},
	} {
		status, text, stderr := spanaudit(append([]string{"policy", "import"}, c.args...)...)
		if status != statusDone || stderr != "" {
			t.Errorf("%q: status %d, %q", c.args, status, stderr)
		}
		if _, said, stderr := spanaudit("policy", "check", put(t, "p.yaml", []byte(text))); !strings.Contains(said, c.want) {
			t.Errorf("%q: %s%s\n%s", c.args, said, stderr, text)
		}
	}
	if status, _, stderr := spanaudit("policy", "import", "--ip", "203.0.113.7", mud); status != statusUsage || !strings.Contains(stderr, "add its prefix to a zone") {
		t.Errorf("a device on the internet: status %d, %q", status, stderr)
	}
}

func TestDraftOverwritesNothing(t *testing.T) {
	path := put(t, "site.yaml", []byte("mine"))
	status, _, stderr := spanaudit("policy", "init", "-o", path, clean)
	if status != statusUsage || !strings.Contains(stderr, "exists; a draft overwrites nothing") || string(read(t, path)) != "mine" {
		t.Errorf("status %d, %q", status, stderr)
	}
}
