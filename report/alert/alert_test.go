package alert

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spanaudit/fixtures/hostile"
	"spanaudit/report"
	"spanaudit/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and look at the difference\n%s", path, got)
	}
}

func at(text string) (t report.Instant) {
	if err := t.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return t
}

func finding(id string) *report.Finding {
	return &report.Finding{
		ID: id, Rule: "tls-version", Severity: rules.High, Verdict: rules.Fail,
		Message: `the server chose TLS 1.0, wanted at least TLS 1.2`,
		Device:  report.Device{ID: "panorama-1", IP: netip.MustParseAddr("10.20.0.10"), MAC: "02:00:5e:00:53:10", Role: "appliance"},
		Peer:    report.Peer{IP: netip.MustParseAddr("198.51.100.11"), Port: 443, Name: "iot.example.com"},
		First:   at("2026-11-23T10:02:00.123456789Z"), Last: at("2026-11-23T10:02:07Z"), Count: 3,
		Flows:    []string{"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		Decoded:  json.RawMessage(`{"source":{"ip":"10.20.0.10"},"destination":{"ip":"198.51.100.11"}}`),
		Evidence: []report.Evidence{{File: "eth1", Frame: 240, Time: at("2026-11-23T10:02:00.2Z"), What: "ServerHello"}},
		Controls: []string{"NIST SP 800-53r5 SC-8"}, Remediation: "Update the server.",
	}
}

func newAlert(id string) Alert {
	return Alert{Schema: Schema, Time: at("2026-11-23T10:02:08.123456789Z"), Kind: New, Sensor: "span-1.example.com", Site: "plant", Policy: "site", Since: 3, Finding: *finding(id)}
}

// samples are an alert of each kind, and one of which nothing is known.
func samples() []Alert {
	first, graver, again := newAlert("f-4b1d"), newAlert("f-4b1d"), newAlert("f-4b1d")
	was := rules.Medium
	graver.Kind, graver.Was, graver.Severity = Graver, &was, rules.Critical
	again.Kind, again.Since, again.Count, again.Finding = Again, 12, 15, brief(&again.Finding)
	again.Count = 15
	inbound := newAlert("f-77")
	inbound.Decoded = json.RawMessage(`{"source":{"ip":"198.51.100.11"},"destination":{"ip":"10.20.0.10"}}`)
	empty := Alert{Schema: Schema, Kind: New, Finding: report.Finding{ID: "f-0", Rule: "device-address", Verdict: rules.Indeterminate, Flows: []string{}, Evidence: []report.Evidence{}, Controls: []string{}}}
	return []Alert{first, graver, again, inbound, empty}
}

func each(t *testing.T, form func(*Alert) []byte) []byte {
	t.Helper()
	var all []byte
	for _, a := range samples() {
		all = append(append(all, bytes.TrimSuffix(form(&a), []byte("\n"))...), '\n')
	}
	return all
}

func TestForms(t *testing.T) {
	golden(t, "alerts.ndjson", each(t, func(a *Alert) []byte { return ndjson(t, a) }))
	golden(t, "alerts.txt", each(t, func(a *Alert) []byte { return []byte(Text(a, report.Screen{})) }))
	golden(t, "alerts.color.txt", each(t, func(a *Alert) []byte { return []byte(Text(a, report.Screen{Color: true})) }))
	golden(t, "alerts.syslog", each(t, Syslog{Facility: 16, SDID: DefaultSDID, Max: 8192}.Message))
	golden(t, "alerts.cef", each(t, func(a *Alert) []byte { return []byte(NewCEF("1.0.0").Line(a)) }))
	golden(t, "alerts.cef.syslog", each(t, func(a *Alert) []byte {
		return Syslog{Facility: 16, Max: 8192}.Around(a, NewCEF("1.0.0").Line(a))
	}))
}

func ndjson(t *testing.T, a *Alert) []byte {
	t.Helper()
	line, err := NDJSON(a)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestNDJSONSpellsAFindingAsAnAudit(t *testing.T) {
	a := newAlert("f-1")
	of := func(v any) map[string]any {
		text, err := report.DocumentLine(v)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	got := of(&a)
	for key, want := range of(&a.Finding) {
		w, _ := json.Marshal(want)
		g, _ := json.Marshal(got[key])
		if !bytes.Equal(g, w) {
			t.Errorf("%s is %s, want %s", key, g, w)
		}
	}
	if got["schema"] != "spanaudit/alert/v1" || got["time"] != "2026-11-23T10:02:08.123456789Z" {
		t.Errorf("schema and time are %v and %v", got["schema"], got["time"])
	}
	var back Alert
	if err := json.Unmarshal(ndjson(t, &a), &back); err != nil || back.ID != a.ID || back.Time != a.Time {
		t.Errorf("read back: %v, %v", back, err)
	}
}

// hostileTexts is the table of hostile text, and what is long of it.
func hostileTexts() []string {
	return append(hostile.Texts(), "",
		bom+"CEF:0", strings.Repeat(`\`, 5000), strings.Repeat(`"`, 5000), strings.Repeat("漢", 3000), strings.Repeat("\u202e", 3000),
		strings.Repeat(`a\`, 700), strings.Repeat(`=`, 1500),
	)
}

// fill puts a text wherever one of an alert can come from the wire or a policy.
func fill(text string) Alert {
	a := newAlert(text)
	a.Sensor, a.Site, a.Policy, a.Rule, a.Message, a.Remediation = text, text, text, text, text, text
	a.Device.ID, a.Device.MAC, a.Device.Role, a.Peer.Name = text, text, text, text
	a.Peer.IP = netip.MustParseAddr("fe80::1").WithZone(text)
	a.Flows, a.Controls, a.Verdict = []string{text}, []string{text}, rules.Verdict(text)
	a.Evidence[0].File, a.Evidence[0].What = text, text
	return a
}

func TestFormsOfHostileTextAreOneLineOfVisibleText(t *testing.T) {
	cef := NewCEF("1|0")
	for _, text := range hostileTexts() {
		a := fill(text)
		for name, line := range map[string]string{
			"ndjson": strings.TrimSuffix(string(ndjson(t, &a)), "\n"),
			"text":   Text(&a, report.Screen{}),
			"cef":    cef.Line(&a),
			"syslog": strings.Replace(string(Syslog{Facility: 23, SDID: DefaultSDID, Max: 8192}.Message(&a)), " "+bom, " ", 1),
		} {
			if report.Line(line) != line {
				t.Errorf("%s of %.40q shows %.400q", name, text, line)
			}
		}
	}
}

func TestNothingSaysCompliant(t *testing.T) {
	for _, a := range samples() {
		for _, line := range []string{string(ndjson(t, &a)), Text(&a, report.Screen{}), NewCEF("1").Line(&a)} {
			if strings.Contains(strings.ToLower(line), "complian") {
				t.Error(line)
			}
		}
	}
}

func wait(t *testing.T, what string, until func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !until(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("20 seconds and still not: %s", what)
		}
	}
}
