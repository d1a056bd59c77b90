package report

import (
	"encoding/xml"
	"os/exec"
	"strings"
	"testing"

	"spanaudit/fixtures/hostile"
	"spanaudit/rules"
)

func readJUnit(t *testing.T, text string) junitSuites {
	t.Helper()
	var doc junitSuites
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// A pipeline must fail on a fail and on what could not be decided, and on nothing
// that is waived; only a pass passes.
func TestJUnitOutcomes(t *testing.T) {
	s := readJUnit(t, form{"", JUnit}.of(t, siteAudit())).Suites[0]
	got := map[string]string{}
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			got[c.Name] = "failure " + c.Failure.Type
		case c.Error != nil:
			got[c.Name] = "error " + c.Error.Type
		case c.Skipped != nil:
			got[c.Name] = "skipped " + c.Skipped.Type
		default:
			got[c.Name] = "passed"
		}
	}
	for name, want := range map[string]string{
		"tls-version": "failure high", "tls-forward-secrecy-offered": "passed", "rtsp-boundary": "failure critical",
		"media-boundary": "skipped not_observed", "ntp-source": "error indeterminate", "tls-certificate": "skipped not_observable",
		"device-address": "skipped not_applicable", "egress-allow-list": "skipped waived",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if s.Tests != 8 || s.Failures != 2 || s.Errors != 1 || s.Skipped != 4 {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped", s.Tests, s.Failures, s.Errors, s.Skipped)
	}
}

// A verdict that a saved audit makes up is no pass.
func TestJUnitOfAnUnknownVerdict(t *testing.T) {
	a := siteAudit()
	a.Requirements = []Requirement{{Rule: "x", Verdict: "fine", Excused: true}}
	s := readJUnit(t, form{"", JUnit}.of(t, a)).Suites[0]
	if s.Errors != 1 || s.Cases[0].Error == nil || s.Cases[0].Class != "spanaudit.other" {
		t.Errorf("%+v", s.Cases)
	}
}

func TestJUnitSaysWhatWasSeen(t *testing.T) {
	s := readJUnit(t, form{"", JUnit}.of(t, siteAudit())).Suites[0]
	c := s.Cases[2]
	for _, want := range []string{`critical: RTSP "DESCRIBE" from the internet`, "frames of site.pcapng: 240", "finding f-1", "4 times", "What to do: Remove the port forward."} {
		if !strings.Contains(c.Failure.Text, want) {
			t.Errorf("no %q in %s", want, c.Failure.Text)
		}
	}
	if c.Class != "spanaudit.video" || !strings.Contains(c.Failure.Message, "9 examined, 4 failed") {
		t.Errorf("%+v", c)
	}
	for _, want := range []string{"broken.pcap was not read whole: record 13 is cut off", "The capture itself lost 3 packets"} {
		if !strings.Contains(s.Err.Text, want) {
			t.Errorf("no %q in %s", want, s.Err.Text)
		}
	}
	if s.Timestamp != "2026-11-24T08:00:00" || s.Properties[2] != (junitProperty{"policy", "fixtures-site"}) {
		t.Errorf("%s, %v", s.Timestamp, s.Properties)
	}
}

// Text is text: it makes no element and comes back as Line writes it.
func TestJUnitOfHostileText(t *testing.T) {
	for _, text := range hostile.Texts() {
		doc := readJUnit(t, form{"", JUnit}.of(t, fill(text)))
		if n := len(doc.Suites[0].Cases); n != 8 {
			t.Errorf("%q: %d tests", text, n)
		}
		if got := doc.Suites[0].Cases[7].Name; got != Line(text) {
			t.Errorf("%q came back as %q", text, got)
		}
	}
}

// The schema is the one that Jenkins published; xmllint judges by it.
func TestJUnitIsValid(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed")
	}
	valid := func(text string) error {
		c := exec.Command("xmllint", "--noout", "--nonet", "--schema", "testdata/junit.xsd", "-")
		c.Stdin = strings.NewReader(text)
		_, err := c.Output()
		return err
	}
	site := form{"", JUnit}.of(t, siteAudit())
	if valid(strings.Replace(site, "<testcase", "<tester", 1)) == nil || valid(strings.Replace(site, ` name="tls-version"`, "", 1)) == nil {
		t.Error("the schema accepts anything")
	}
	for name, audit := range audits() {
		if err := valid(form{"", JUnit}.of(t, audit())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range hostile.Texts() {
		if err := valid(form{"", JUnit}.of(t, fill(text))); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestEveryRuleHasAGroup(t *testing.T) {
	docs := rules.Catalogue()
	of := groupsOf(docs)
	seen := map[string]bool{}
	for _, d := range docs {
		if of[d.ID] == "" {
			t.Errorf("%s has none", d.ID)
		}
		seen[of[d.ID]] = true
	}
	if len(seen) != len(ruleGroups()) {
		t.Errorf("%d of %d groups have rules", len(seen), len(ruleGroups()))
	}
}
