package report

import (
	"bytes"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"spanaudit/fixtures/hostile"
	"spanaudit/rules"
)

// form is one that other programs read.
type form struct {
	name   string
	render func(io.Writer, *Audit) error
}

func machineForms() []form {
	return slices.Concat(
		csvForms(),
		[]form{{"md", Markdown}, {"html", HTML}},
		[]form{{"junit.xml", JUnit}},
		sarifForms(),
	)
}

func (f form) of(t testing.TB, a *Audit) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.render(&b, a); err != nil {
		t.Fatal(f.name, err)
	}
	return b.String()
}

func TestForms(t *testing.T) {
	for name, audit := range map[string]func() *Audit{"site": siteAudit, "nasty": nastyAudit} {
		for _, f := range machineForms() {
			if !strings.HasSuffix(f.name, "sarif") { // which lists all rules: see TestSARIF
				golden(t, name+"."+f.name, []byte(f.of(t, audit())))
			}
		}
	}
}

// What is read back from a saved audit is written as what was saved.
func TestFormsOfASavedAudit(t *testing.T) {
	for name, audit := range audits() {
		fresh := audit()
		var saved bytes.Buffer
		if err := JSON(&saved, fresh); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&saved)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range everyForm() {
			if name != "nasty" && f.of(t, fresh) != f.of(t, again) { // JSON cannot keep bytes that are not UTF-8
				t.Errorf("%s of %s differs when it was saved", f.name, name)
			}
		}
	}
}

// fill puts a text wherever one of an audit can come from the wire, a policy or a
// saved audit that somebody else wrote.
func fill(text string) *Audit {
	a := siteAudit()
	a.Tool.Version = text
	p := &a.Policy
	p.Name, p.Version, p.Owner, p.ApprovedBy, p.Vantage, p.Extends[0].Name, p.Extends[0].SHA256 = text, text, text, text, text, text, text
	p.Devices[0].ID, p.Devices[0].Role = text, text
	a.Inputs[0].Name, a.Inputs[0].SHA256, a.Inputs[1].Error = text, text, text
	for i := range a.Requirements {
		q := &a.Requirements[i]
		q.Reason, q.Title, q.Controls, q.Devices = text, text, []string{text}, []DeviceVerdict{{ID: text, Role: text, Verdict: rules.Fail}}
	}
	a.Requirements[7].Rule = text
	for i := range a.Findings {
		f := &a.Findings[i]
		f.ID, f.Message, f.Remediation, f.Controls, f.Flows = text, text, text, []string{text}, []string{text}
		f.Device.ID, f.Device.MAC, f.Device.Role, f.Peer.Name = text, text, text, text
		f.Evidence = []Evidence{{text, 7, 1, text}, {"b", 8, 2, text}}
		f.Context = []Evidence{{text, 9, 3, text}}
		f.Waiver = &Waiver{text, text, text, text, text, text, text}
	}
	a.Findings[2].Rule, a.Findings[2].Verdict, a.Findings[1].Waiver = text, rules.Verdict(text), nil
	for i := range a.Statements {
		a.Statements[i].Says, a.Statements[i].Reason, a.Statements[i].ID = text, text, text
	}
	for i := range a.Waivers {
		w := &a.Waivers[i]
		w.Waiver, w.Rule, w.Remarks = Waiver{text, text, text, text, text, text, text}, text, []string{text}
	}
	for i := range a.Inventory {
		u := &a.Inventory[i]
		u.Purpose, u.Version, u.Cipher, u.Group, u.Class, u.ForwardSecrecy, u.Protocol, u.ClientZone, u.ServerZone, u.Server.Name = text, text, text, text, text, text, text, text, text, text
	}
	a.Coverage.Protocols = map[string]uint64{text: 3}
	a.Coverage.Capture.Undecoded = map[string]uint64{text: 3}
	a.Coverage.Capture.Filter = text
	return a
}

func TestFormsShowNothingInvisible(t *testing.T) {
	for _, text := range hostile.Texts() {
		if Line(text) == text {
			continue // every character of it is visible
		}
		everywhere := fullAudit()
		trickInto(reflect.ValueOf(everywhere).Elem(), text)
		for i, f := range slices.Concat(everyForm(), everyForm()) {
			a := fill(text)
			if i >= len(everyForm()) {
				a = everywhere
			}
			out := f.of(t, a)
			if !utf8.ValidString(out) {
				t.Errorf("%s of %q is not UTF-8", f.name, text)
			}
			for _, r := range out {
				if r != '\n' && !visible(r) && (r != '\r' || !strings.HasSuffix(f.name, ".csv")) {
					t.Errorf("%s of %q has %q in it", f.name, text, r)
					break
				}
			}
		}
	}
}

func TestFormsNeverSayCompliant(t *testing.T) {
	for name, audit := range audits() {
		for _, f := range everyForm() {
			said := strings.ReplaceAll(strings.ToLower(f.of(t, audit())), "compliance", "") // which OCSF calls its class
			if i := strings.Index(said, "complian"); i >= 0 {
				t.Errorf("%s of %s: the word stands in it", f.name, name)
			}
		}
	}
}

func BenchmarkForms(b *testing.B) {
	a := manyFindings(10_000)
	for i := range a.Findings {
		a.Findings[i].Evidence = []Evidence{{"site.pcapng", uint64(i + 1), 1, "ClientHello"}, {"site.pcapng", uint64(i + 2), 2, "ServerHello"}}
	}
	for _, f := range machineForms() {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				f.of(b, a)
			}
		})
	}
}
