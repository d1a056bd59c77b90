package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spanaudit/rules"
)

var (
	camera = Device{ID: "cam-01", IP: addr("10.20.0.21"), Role: "camera"}
	laptop = Device{IP: addr("10.20.0.77")}
	cloud  = Peer{IP: addr("198.51.100.11"), Port: 443, Name: "logs.example.com"}
)

// later is an audit in which the camera and a laptop were seen, and one rule was
// judged.
func later(q Requirement, more ...func(*Audit)) *Audit {
	a := &Audit{Schema: Schema, Tool: Tool{"spanaudit", "2"}, Requirements: []Requirement{q}}
	a.Policy.Devices = []DeclaredDevice{{ID: "cam-01", Role: "camera"}, {ID: "cam-02", Role: "camera"}}
	a.Coverage.Devices = []Device{camera, laptop, {MAC: "02:00:5e:00:53:77"}}
	for _, f := range more {
		f(a)
	}
	return a
}

// judged is a verdict on a rule, and on devices.
func judged(rule string, v rules.Verdict, examined, failed, undecided int, devices ...DeviceVerdict) Requirement {
	return Requirement{Rule: rule, Verdict: v, Examined: examined, Failed: failed, Undecided: undecided, Devices: devices}
}

func ofDevice(id string, v rules.Verdict, examined, failed, undecided int) DeviceVerdict {
	return DeviceVerdict{ID: id, Verdict: v, Examined: examined, Failed: failed, Undecided: undecided}
}

func tlsOf(client Device, server Peer) func(*Audit) {
	return func(a *Audit) { a.Inventory = append(a.Inventory, TLSUse{Client: client, Server: server}) }
}

// A finding that is gone is fixed only where what it is about was examined again.
func TestGoneIsFixedOnlyWhereItWasExaminedAgain(t *testing.T) {
	const yes, no = true, false
	lossy := func(a *Audit) { a.Coverage.Capture.Dropped = 9 }
	unlisted := judged("mqtt-cleartext", rules.Fail, 9, 1, 0, ofDevice("cam-01", rules.Pass, 4, 0, 0))
	unlisted.Unlisted = 1
	for name, c := range map[string]struct {
		rule   string
		device Device
		peer   Peer
		later  *Audit
		fixed  bool
		reason string
	}{
		"the device passes": {"mqtt-cleartext", camera, cloud,
			later(judged("mqtt-cleartext", rules.Pass, 3, 0, 0, ofDevice("cam-01", rules.Pass, 2, 0, 0))), yes, "2 examined of cam-01, and none broke the rule"},
		"the device passes where another fails": {"mqtt-cleartext", camera, cloud,
			later(judged("mqtt-cleartext", rules.Fail, 3, 1, 0, ofDevice("cam-01", rules.Pass, 2, 0, 0), ofDevice("cam-02", rules.Fail, 1, 1, 0))), yes, "of cam-01"},
		"only another device passes": {"mqtt-cleartext", camera, cloud,
			later(judged("mqtt-cleartext", rules.Pass, 3, 0, 0, ofDevice("cam-02", rules.Pass, 3, 0, 0))), no, "nothing of what was examined was cam-01's"},
		"the device is undecided": {"mqtt-cleartext", camera, cloud,
			later(judged("mqtt-cleartext", rules.Indeterminate, 3, 0, 1, ofDevice("cam-01", rules.Indeterminate, 3, 0, 1))), no, "1 of 3 that were examined of cam-01 could not be decided"},
		"the device fails otherwise, beside what is in order": {"egress-allow-list", camera, cloud,
			later(judged("egress-allow-list", rules.Fail, 3, 1, 0, ofDevice("cam-01", rules.Fail, 3, 1, 0))), yes, "2 did not break the rule, and 1 did in other ways"},
		"the device does nothing but fail": {"egress-allow-list", camera, cloud,
			later(judged("egress-allow-list", rules.Fail, 3, 3, 0, ofDevice("cam-01", rules.Fail, 3, 3, 0))), no, "all that was examined of cam-01 breaks the rule in other ways"},
		"the device fails, and some of it is undecided": {"egress-allow-list", camera, cloud,
			later(judged("egress-allow-list", rules.Fail, 3, 1, 1, ofDevice("cam-01", rules.Fail, 3, 1, 1))), no, "could not be decided"},
		"not observed": {"mqtt-cleartext", camera, cloud,
			later(Requirement{Rule: "mqtt-cleartext", Verdict: rules.NotObserved, Reason: "no MQTT was seen"}), no, "nothing was there to judge: no MQTT was seen"},
		"not observable": {"tls-certificate", camera, cloud, later(judged("tls-certificate", rules.NotObservable, 0, 0, 0)), no, "nothing was there to judge"},
		"left out by the policy": {"mqtt-cleartext", camera, cloud,
			later(Requirement{Rule: "mqtt-cleartext", Verdict: rules.NotApplicable, Reason: "switched off"}), no, "leaves the rule out now: switched off"},
		"not judged":                         {"mqtt-cleartext", camera, cloud, later(judged("ntp-source", rules.Pass, 1, 0, 0)), no, "spanaudit 2 does not judge mqtt-cleartext"},
		"a verdict of the future":            {"mqtt-cleartext", camera, cloud, later(judged("mqtt-cleartext", "perhaps", 1, 0, 0)), no, "not known here"},
		"perhaps among those without a line": {"mqtt-cleartext", camera, cloud, later(unlisted), no, "1 violations of the rule are not listed"},
		"forbidden, in a capture that lost packets": {"egress-allow-list", camera, cloud,
			later(judged("egress-allow-list", rules.Fail, 3, 1, 0, ofDevice("cam-01", rules.Fail, 3, 1, 0)), lossy), no, "the capture lost packets: it may have gone unseen"},
		"required, in a capture that lost packets": {"dns-source", camera, cloud,
			later(judged("dns-source", rules.Pass, 3, 0, 0, ofDevice("cam-01", rules.Pass, 3, 0, 0)), lossy), yes, "of cam-01"},
		"forbidden, behind a new filter": {"egress-allow-list", camera, cloud,
			later(judged("egress-allow-list", rules.Pass, 3, 0, 0, ofDevice("cam-01", rules.Pass, 3, 0, 0)), func(a *Audit) { a.Coverage.Capture.Filter = "port 53" }), no, "a filter hid traffic"},
		"a rule of the future, in a capture that lost packets": {"new-rule", camera, cloud,
			later(judged("new-rule", rules.Pass, 3, 0, 0, ofDevice("cam-01", rules.Pass, 3, 0, 0)), lossy), no, "the capture lost packets"},
		"a host without a name that was seen":      {"dns-source", laptop, cloud, later(judged("dns-source", rules.Pass, 3, 0, 0)), yes, "3 examined, and none broke the rule; 10.20.0.77 was seen"},
		"a host without a name that was not seen":  {"dns-source", Device{IP: addr("10.20.0.78")}, cloud, later(judged("dns-source", rules.Pass, 3, 0, 0)), no, "10.20.0.78 was not seen"},
		"a host beyond those listed":               {"dns-source", Device{IP: addr("10.20.0.78")}, cloud, later(judged("dns-source", rules.Pass, 3, 0, 0), func(a *Audit) { a.Coverage.MoreDevices = 4 }), no, "was not seen among the hosts that are listed"},
		"a host known by its MAC":                  {"unknown-device", Device{MAC: "02:00:5e:00:53:77"}, Peer{}, later(judged("unknown-device", rules.Pass, 3, 0, 0)), yes, "02:00:5e:00:53:77 was seen"},
		"a host beside devices that were all":      {"dns-source", laptop, cloud, later(judged("dns-source", rules.Pass, 3, 0, 0, ofDevice("cam-01", rules.Pass, 3, 0, 0))), no, "nothing of what was examined was 10.20.0.77's"},
		"a device that the policy no longer names": {"dns-source", Device{ID: "cam-09", IP: addr("10.20.0.79")}, cloud, later(judged("dns-source", rules.Pass, 3, 0, 0)), no, "cam-09 was not seen"},
		"a host that the policy names now": {"dns-source", Device{IP: addr("10.20.0.21")}, cloud,
			later(judged("dns-source", rules.Pass, 3, 0, 0, ofDevice("cam-01", rules.Pass, 2, 0, 0))), yes, "2 examined of 10.20.0.21"},
		"the capture itself": {"capture-loss", Device{}, Peer{}, later(judged("capture-loss", rules.Pass, 900, 0, 0)), yes, "900 examined, and none broke the rule"},
		"TLS, but not with this peer": {"tls-version", camera, cloud,
			later(judged("tls-version", rules.Pass, 2, 0, 0, ofDevice("cam-01", rules.Pass, 2, 0, 0)), tlsOf(camera, Peer{IP: addr("198.51.100.12"), Name: "other.example.com"}), tlsOf(laptop, cloud)), no, "no TLS between cam-01 and logs.example.com was seen"},
		"TLS with this peer": {"tls-version", camera, cloud,
			later(judged("tls-version", rules.Pass, 2, 0, 0, ofDevice("cam-01", rules.Pass, 2, 0, 0)), tlsOf(camera, Peer{IP: addr("198.51.100.99"), Name: "LOGS.example.com"})), yes, "of cam-01"},
		"TLS that the peer began": {"tls-version", camera, Peer{IP: addr("10.20.0.9")},
			later(judged("tls-version", rules.Pass, 2, 0, 0, ofDevice("cam-01", rules.Pass, 2, 0, 0)), tlsOf(Device{IP: addr("10.20.0.9")}, Peer{IP: camera.IP, Port: 443})), yes, "of cam-01"},
		"what a device offers, to whomever": {"tls-version-offered", camera, cloud,
			later(judged("tls-version-offered", rules.Pass, 2, 0, 0, ofDevice("cam-01", rules.Pass, 2, 0, 0))), yes, "of cam-01"},
	} {
		older := &Audit{Findings: []Finding{{ID: "1", Rule: c.rule, Device: c.device, Peer: c.peer}}}
		d := Compare(older, c.later)
		var fixed bool
		var gone Gone
		switch f := d.Findings; {
		case len(f.Fixed) == 1 && len(f.NotObserved) == 0:
			fixed, gone = true, f.Fixed[0]
		case len(f.NotObserved) == 1 && len(f.Fixed) == 0:
			gone = f.NotObserved[0]
		default:
			t.Errorf("%s: %+v", name, f)
			continue
		}
		if fixed != c.fixed || !strings.Contains(gone.Reason, c.reason) {
			t.Errorf("%s: fixed %v, because %q; want %v, %q", name, fixed, gone.Reason, c.fixed, c.reason)
		}
	}
}

func TestFindingsAreNewUnchangedOrChanged(t *testing.T) {
	older, newer := siteAudit(), siteAudit()
	newer.Findings[1].Severity = rules.Critical
	newer.Findings[2].Verdict, newer.Findings[2].Waiver = rules.Fail, nil
	added := newer.Findings[0]
	added.ID = "f-9"
	newer.Findings = append(newer.Findings, added, added)
	f := Compare(older, newer).Findings
	if len(f.New) != 1 || f.New[0].ID != "f-9" || len(f.Fixed)+len(f.NotObserved) != 0 || len(f.Unchanged) != 3 {
		t.Fatalf("%+v", f)
	}
	want := [][]Change{nil, {{"severity", "high", "critical"}}, {{"verdict", "indeterminate", "fail"}, {"waiver", "waived until 2027-01-31 by W-7", "not waived"}}}
	for i, k := range f.Unchanged {
		if !slices.Equal(k.Changes, want[i]) || k.Old.ID != k.ID {
			t.Errorf("%s: %v, want %v", k.ID, k.Changes, want[i])
		}
	}
	if d := Compare(older, older); len(d.Findings.Unchanged) != 3 || len(d.Notes)+len(d.Verdicts)+len(d.changed()) != 0 {
		t.Errorf("an audit differs from itself: %+v", d)
	}
}

// A device that the policy names from now on has findings by another id; they are
// neither new nor fixed.
func TestADeviceThatWasGivenANameKeepsItsFindings(t *testing.T) {
	finding := func(id, device string, peer string) Finding {
		return Finding{ID: id, Rule: "dns-source", Device: Device{ID: device, IP: addr("10.20.0.21")}, Peer: Peer{Name: peer}}
	}
	older := &Audit{Findings: []Finding{finding("1", "", "a"), finding("2", "", "b")}}
	newer := later(judged("dns-source", rules.Fail, 2, 2, 0, ofDevice("cam-01", rules.Fail, 2, 2, 0)))
	newer.Findings = []Finding{finding("3", "cam-01", "a"), finding("4", "cam-01", "c")}
	f := Compare(older, newer).Findings
	if len(f.Unchanged) != 1 || !slices.Equal(f.Unchanged[0].Changes, []Change{{"id", "1", "3"}}) || len(f.New) != 1 || len(f.NotObserved) != 1 {
		t.Errorf("%+v", f)
	}
}

func TestWhatMakesTwoAuditsHardToCompareIsSaid(t *testing.T) {
	older, newer := siteAudit(), siteAudit()
	newer.Policy.SHA256, newer.Tool.Version = "00", "2.0.0"
	*newer.Period = Period{newer.Period.Start - 1, newer.Period.Start + 1e9}
	newer.Coverage.Capture.Filter, newer.Anonymized = "", true
	older.Requirements[0].Unlisted, newer.Requirements[1].Unlisted = 1, 1
	newer.Requirements[2].Verdict = rules.Pass
	newer.Requirements = newer.Requirements[:7]
	d := Compare(older, newer)
	for i, want := range []string{"the policy changed", "from spanaudit 1.0.0 to spanaudit 2.0.0", "wrong way round", "saw 1s, and the old one 12m31s", "one of the audits is anonymized", `from "not port 22" to ""`,
		"old audit does not list all findings of tls-version", "new audit does not list all findings of tls-forward"} {
		if i >= len(d.Notes) || !strings.Contains(d.Notes[i], want) {
			t.Errorf("note %d of %q: want %q", i, d.Notes, want)
		}
	}
	want := []VerdictChange{{Rule: "rtsp-boundary", Old: rules.Fail, New: rules.Pass}, {Rule: "egress-allow-list", Old: rules.Fail}}
	if !slices.Equal(d.Verdicts, want) {
		t.Errorf("verdicts %+v", d.Verdicts)
	}
}

// diffs are two differences: one with something of everything, one with text from
// the wire wherever there can be any.
func diffs() map[string]*Diff {
	older, newer := siteAudit(), siteAudit()
	gone := older.Findings[0]
	gone.ID, gone.Rule = "f-0", "media-boundary"
	older.Findings = append(older.Findings, gone)
	newer.Findings[1].Severity = rules.Critical
	added := newer.Findings[0]
	added.ID, added.Device, added.Waiver = "f-9", Device{IP: addr("10.20.0.9")}, newer.Findings[2].Waiver
	newer.Findings = append(newer.Findings[1:], added)
	newer.Requirements[2].Verdict, newer.Requirements[2].Examined, newer.Requirements[2].Failed = rules.Pass, 9, 0
	newer.Requirements[2].Devices = []DeviceVerdict{ofDevice("cam-01", rules.Pass, 9, 0, 0)}
	newer.Coverage.Capture.Dropped, newer.Coverage.Starved, newer.Coverage.Clipped, newer.Coverage.Panics, newer.Coverage.Capture.Broken, newer.Coverage.Capture.Cut, newer.Coverage.Capture.Unseen = 0, 0, 0, 0, 0, 0, 0
	newer.Policy.SHA256, newer.Policy.Version = strings.Repeat("ab", 32), "2"

	nastyOld, nastyNew := nastyAudit(), nastyAudit()
	nastyOld.Findings[0].Rule, nastyOld.Findings[0].ID = nasty, nasty
	nastyNew.Findings[0].ID, nastyNew.Findings[0].Message = "f-9", nasty+"|`<b>[x](http://evil) www.evil.com @all :+1:"
	nastyNew.Findings[1].Waiver = nil
	nastyNew.Policy.SHA256, nastyNew.Tool = nasty, Tool{nasty, nasty}
	nastyNew.Requirements[0].Verdict, nastyNew.Requirements[0].Rule = nasty, nasty
	nastyNew.Coverage.Capture.Filter = nasty + nasty
	return map[string]*Diff{"site": Compare(older, newer), "nasty": Compare(nastyOld, nastyNew)}
}

func TestDiffText(t *testing.T) {
	for name, d := range diffs() {
		for _, width := range []int{60, 80, 120} {
			var b bytes.Buffer
			if err := DiffText(&b, d, Screen{Width: width}); err != nil {
				t.Fatal(err)
			}
			golden(t, fmt.Sprintf("diff-%s-%d", name, width), b.Bytes())
			for line := range strings.Lines(b.String()) {
				line = strings.TrimSuffix(line, "\n")
				if cells(line) > width || Line(line) != line {
					t.Errorf("%s at %d: %q is %d wide", name, width, line, cells(line))
				}
			}
		}
	}
}

func TestDiffMarkdown(t *testing.T) {
	for name, d := range diffs() {
		var b bytes.Buffer
		if err := DiffMarkdown(&b, d); err != nil {
			t.Fatal(err)
		}
		golden(t, "diff-"+name+".md", b.Bytes())
		for line := range strings.Lines(b.String()) {
			if text := strings.TrimSuffix(line, "\n"); Line(text) != text {
				t.Errorf("%q", text)
			}
		}
	}
}

func TestDiffJSON(t *testing.T) {
	for name, d := range diffs() {
		text, err := Document(d)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "diff-"+name+".json", text)
	}
}
