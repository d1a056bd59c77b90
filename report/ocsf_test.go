package report

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"spanaudit/rules"
)

func ocsfText(t *testing.T, a *Audit) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := OCSF(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOCSFIsValid(t *testing.T) {
	all := audits()
	all["hostile"], all["nobody's"] = hostileAudit, func() *Audit { return &Audit{} }
	for name, audit := range all {
		t.Run(name, func(t *testing.T) {
			seen := map[any]bool{}
			for _, e := range ocsfEvents(t, ocsfText(t, audit())) {
				uid := e["metadata"].(map[string]any)["uid"]
				if seen[uid] {
					t.Errorf("two events are %v", uid)
				}
				seen[uid] = true
			}
		})
	}
}

func TestOCSF(t *testing.T) {
	for _, name := range []string{"site", "empty"} {
		golden(t, name+".ocsf.ndjson", ocsfText(t, audits()[name]()))
	}
}

// Each finding is an event, and so is each requirement that none speaks of.
func TestOCSFStatus(t *testing.T) {
	a := siteAudit()
	a.Findings[2].Verdict = rules.Fail // of device-address, which is waived
	a.Requirements = append(a.Requirements, Requirement{Rule: "capture-loss", Verdict: rules.Fail, Severity: rules.High})
	a.Requirements[0].Unlisted = 7
	got := map[string]string{}
	for _, e := range ocsfEvents(t, ocsfText(t, a)) {
		info, c := e["finding_info"].(map[string]any), e["compliance"].(map[string]any)
		got[info["uid"].(string)] = fmt.Sprint(c["status_id"], " ", c["status"], ", ", e["severity"], ", ", e["status"])
	}
	want := map[string]string{
		"f-1":                     "3 Fail, Critical, New",
		"f-2":                     "3 Fail, High, New",
		"f-3":                     "3 Fail, Medium, Suppressed",
		"requirement/tls-version": "3 Fail, High, <nil>", // not all of its violations are listed
		"requirement/tls-forward-secrecy-offered": "1 Pass, Informational, <nil>",
		"requirement/media-boundary":              "99 Not Observed, Informational, <nil>",
		"requirement/ntp-source":                  "2 Warning, Informational, <nil>",
		"requirement/tls-certificate":             "99 Not Observable, Informational, <nil>",
		"requirement/device-address":              "99 Not Applicable, Informational, <nil>",
		"requirement/egress-allow-list":           "3 Fail, Informational, <nil>", // it is excused, and no finding is in this audit
		"requirement/capture-loss":                "3 Fail, High, <nil>",
	}
	for uid, status := range want {
		if got[uid] != status {
			t.Errorf("%s: %q, wanted %q", uid, got[uid], status)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d events, wanted %d", len(got), len(want))
	}
}

func TestOCSFFrameworks(t *testing.T) {
	a := siteAudit()
	a.Findings[0].Controls = []string{"NIST SP 800-53r5 SC-7", "NIST SP 800-53r5 SC-8(1)", "ISO/IEC 27001:2022 Annex A 8.20", "NISTIR 8425 Data Protection", "made up 1"}
	c := ocsfEvents(t, ocsfText(t, a))[0]["compliance"].(map[string]any)
	if got := fmt.Sprint(c["standards"]); got != "[NIST SP 800-53r5 ISO/IEC 27001:2022 Annex A NISTIR 8425]" {
		t.Error(got)
	}
	if got := fmt.Sprint(c["requirements"]); got != fmt.Sprint(a.Findings[0].Controls) {
		t.Error(got)
	}
}

func BenchmarkOCSF(b *testing.B) {
	a := manyFindings(10_000)
	for b.Loop() {
		if err := OCSF(io.Discard, a); err != nil {
			b.Fatal(err)
		}
	}
}
