package main

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/rules"
)

// compareReports compares what people read of a bundle with the audit that is in it: the
// forms of the report, each written again, the manifest, and what the audit says
// of the policy. Another version may write otherwise, which proves nothing.
func compareReports(b *bundle.Bundle, m *bundle.Manifest, a *report.Audit, policy *rules.Policy) (report.Check, []bundle.Problem, error) {
	c := report.Check{Name: "reports", State: report.Right, Says: "each form of the report, and the manifest, says what " + bundle.AuditFile + " says"}
	var problems []bundle.Problem
	say := func(file, format string, args ...any) {
		problems = append(problems, bundle.Problem{File: file, Says: fmt.Sprintf(format, args...)})
	}
	for _, part := range []struct {
		name string
		same bool
	}{
		{"the tool", m.Tool == a.Tool},
		{"the time of the report", m.Created == a.Reported},
		{"the policy", m.Policy.Name == a.Policy.Name && m.Policy.Version == a.Policy.Version && m.Policy.SHA256 == a.Policy.SHA256},
		{"the inputs", slices.Equal(m.Inputs, a.Inputs)},
		{"whether addresses were replaced", m.Anonymized == a.Anonymized},
	} {
		if !part.same {
			say(bundle.ManifestFile, "says otherwise than %s of %s", bundle.AuditFile, part.name)
		}
	}
	if a.Tool == tool() {
		if err := compareForms(b, m, a, policy, say); err != nil {
			return c, nil, err
		}
	} else {
		c.State = report.Open
		c.Says = fmt.Sprintf("not written again: they are by %s %s, and this is %s %s", a.Tool.Name, a.Tool.Version, tool().Name, tool().Version)
	}
	if len(problems) > 0 {
		c.State, c.Says = report.Wrong, count(len(problems), "thing")+" that "+bundle.AuditFile+" does not say"
	}
	return c, problems, nil
}

// compareForms writes each form again, and looks for files that belong to nothing.
func compareForms(b *bundle.Bundle, m *bundle.Manifest, a *report.Audit, policy *rules.Policy, say func(file, format string, args ...any)) error {
	known := map[string]bool{m.Policy.File: true}
	for _, x := range m.Excerpts {
		known[x.File] = true
	}
	for _, form := range formats() {
		known[form.file] = true
		text, err := b.Read(form.file)
		if err != nil {
			say(form.file, "is wanted of a report, and is not there")
			continue
		}
		var again bytes.Buffer
		if err := form.render(&again, a, report.Screen{Width: evidenceWidth}); err != nil {
			return fmt.Errorf("write the report as %s: %w", form.name, err)
		}
		if !bytes.Equal(text, again.Bytes()) {
			say(form.file, "is not the report of %s", bundle.AuditFile)
		}
	}
	for _, f := range m.Files {
		if !known[f.Name] {
			say(f.Name, "is neither a report nor the policy nor the excerpt of a finding")
		}
	}
	if told := report.New(a.Tool, nil, &rules.Report{Policy: policy}).Policy; !reflect.DeepEqual(told, a.Policy) {
		say(bundle.AuditFile, "says of the policy what that does not say")
	}
	return nil
}
