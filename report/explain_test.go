package report

import (
	"bytes"
	"strings"
	"testing"

	"spanaudit/rules"
)

// saved writes an audit and reads it again.
func saved(t *testing.T, a *Audit) *Audit {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, a); err != nil {
		t.Fatal(err)
	}
	s, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func explained(t *testing.T, a *Audit, what string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Explain(&b, saved(t, a), what, Screen{Width: 80}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestVerdictsOfRulesAreExplained(t *testing.T) {
	for rule, want := range map[string]string{
		"tls-version": "Rule tls-version: fail", "ntp-source": "A capture without them settles it",
		"media-boundary": "nothing was there to judge, which is no pass", "device-address": "the policy leaves it out",
		"tls-certificate": "no observer of the traffic can see it", "tls-forward-secrecy-offered": "It passes because what was examined is as required",
	} {
		text := strings.Join(strings.Fields(explained(t, siteAudit(), rule)), " ")
		if !strings.Contains(text, want) || !strings.Contains(text, "What was not seen - A filter hid 11 frames") {
			t.Errorf("%s: no %q in\n%s", rule, want, text)
		}
	}
	if text := explained(t, siteAudit(), "f-3"); !strings.Contains(text, "Waived until 2027-01-31 by W-7") || strings.Contains(text, "Or accept it") {
		t.Errorf("a waived finding:\n%s", text)
	}
}

// What a reader comes for: each of it stands in the explanation of a finding.
func TestExplanationHasFramesWhatIsMissingAndWhatSettlesIt(t *testing.T) {
	text := strings.Join(strings.Fields(explained(t, siteAudit(), "f-1")), " ")
	for _, want := range []string{
		"Finding f-1: rtsp-boundary, critical",
		"rtsp-boundary asks that RTSP",
		"S20 RTSP is needed locally",
		"The device is cam-01 (camera), at fd00:20::21.",
		"Its peer is 2001:db8:1111:2222:3333:4444:5555:6666, port 40112.",
		"site.pcapng frame 240, 10:01:00.200000000 UTC: DESCRIBE",
		"frame.number in {240}",
		"It was seen 4 times, from 2026-11-23 10:01:00 UTC to 2026-11-23 10:09:30 UTC",
		"The rule's verdict is fail: 9 examined, 4 broke it, 0 could not be decided.",
		"The peer's name: there was no server name",
		"7 TCP flows were seen in one direction only",
		"Mend it: Remove the port forward.",
		`a waiver of the policy with rule: rtsp-boundary and match: { device: cam-01, peer: "2001:db8:1111:2222:3333:4444:5555:6666/128" }`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the explanation does not say %q\n%s", want, text)
		}
	}
}

func TestStatementsAreExplainedByTheirRules(t *testing.T) {
	for id, want := range map[string]string{
		"S1":  "Statement S1: not_observable procedures protect the service How it was decided 1. No rule judges it: they run elsewhere.",
		"S20": "Statement S20: fail no RTSP outside How it was decided 1. The gravest verdict of its rules holds: fail, then indeterminate, pass, not_observed. 2. rtsp-boundary. The rule's verdict is fail: 9 examined, 4 broke it",
	} {
		if text := strings.Join(strings.Fields(explained(t, siteAudit(), id)), " "); !strings.HasPrefix(text, want) {
			t.Errorf("%s\nwant %s", text, want)
		}
	}
}

func TestFindingsAreFoundByTheirBeginning(t *testing.T) {
	a := siteAudit()
	a.Findings[0].ID, a.Findings[1].ID, a.Findings[2].ID = "abcd1234", "abcd5678", "ef00aaaa"
	s := saved(t, a)
	for what, want := range map[string]string{"abcd1234": "rtsp-boundary", "abcd5": "tls-version", "e": "device-address"} {
		f, err := s.find(what)
		if err != nil || f.Rule != want {
			t.Errorf("%s: %v, %v", what, f, err)
		}
	}
	for what, want := range map[string]string{"abcd": `"abcd" begins the ids of 2 findings; give more of it`, "x": `no finding, rule or statement "x" in this audit`} {
		if _, err := s.find(what); err == nil || err.Error() != want {
			t.Errorf("%s: %v", what, err)
		}
	}
	var b bytes.Buffer
	if err := s.FindingList(&b); err != nil || !strings.HasPrefix(b.String(), "abcd1  critical  rtsp-boundary: RTSP") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// saying is a saved audit that has a member of the wrong kind.
func saying(member string) string { return `{"schema":"` + Schema + `",` + member + `}` }

func TestReadRefusesWhatIsNoAudit(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "is empty",
		"{}":                                   `its schema is ""`,
		`{"schema": "other/1"}`:                `its schema is "other/1"`,
		"[]":                                   "is no audit in JSON",
		`{"findings":[{"first":"yesterday"}]}`: "is no audit in JSON",
		`{"findings":[{"severity":"dire"}]}`:   "is no audit in JSON",
		"{\"schema\"":                          "is no audit in JSON",
		"\xd4\xc3\xb2\xa1":                     "is no audit in JSON",
		saying(`"findings":[{},{"count":-1}]`): "findings[1].count is -1, which is no count",
		saying(`"requirements":[{"devices":[{"failed":-2}]}]`):                                                        "requirements[0].devices[0].failed is -2",
		saying(`"coverage":{"packets":18446744073709551615}`):                                                         "coverage.packets is 18446744073709551615",
		saying(`"coverage":{"protocols":{"tls":9007199254740993}}`):                                                   "coverage.protocols is 9007199254740993",
		saying(`"findings":[{"device":{"ip":"fe80::1%\u001b[2J"}}]`):                                                  "findings[0].device.ip is an address with a zone",
		saying(`"findings":[{"peer":{"ip":"10.0.0.256"}}]`):                                                           "is no audit in JSON",
		saying(`"findings":[{"decoded":[[[]]]}]`):                                                                     "findings[0].decoded is no object",
		saying(`"findings":[{"decoded":` + strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_001) + `]`): "is no audit in JSON",
		saying(`"period":{"start":"2026-01-02T00:00:00Z","end":"2026-01-01T00:00:00Z"}`):                              "its period ends before it starts",
		saying(`"tool":{}`) + "{}":                                                                                    "has more behind the audit",
		saying(`"tool":{}`) + "x":                                                                                     "has more behind the audit",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A saved audit may have been written by anybody.
func TestExplainShowsNoneOfTheTricksOfText(t *testing.T) {
	a := nastyAudit()
	s := saved(t, a)
	for i := range s.Findings {
		f := &s.Findings[i]
		f.Rule, f.Remediation, f.Device.Role = nasty, nasty, nasty
		f.Evidence = append(f.Evidence, Evidence{File: nasty, Frame: 1, What: nasty})
		f.Flows = []string{nasty}
	}
	s.Requirements[0].Rule, s.Requirements[0].Verdict = nasty, rules.Verdict(nasty)
	for _, what := range []string{"f-1", "f-2", "f-3", nasty} {
		var b bytes.Buffer
		if err := Explain(&b, s, what, Screen{Width: 80}); err != nil {
			t.Fatal(err)
		}
		if err := s.FindingList(&b); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !visible(r) }); i >= 0 {
			t.Errorf("%s: %q is not escaped", what, b.String()[i:min(i+20, b.Len())])
		}
	}
}
