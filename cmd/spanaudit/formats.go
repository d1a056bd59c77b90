package main

import (
	"fmt"
	"io"

	"spanaudit/report"
	"spanaudit/report/bundle"
)

// format is a form in which an audit is written.
type format struct {
	name   string
	file   string // in a bundle
	render func(io.Writer, *report.Audit, report.Screen) error
}

// formats lists the forms.
func formats() []format {
	return []format{
		{"table", "report.txt", report.Table},
		{"json", bundle.AuditFile, machine(report.JSON)},
		{"html", "report.html", machine(report.HTML)},
		{"markdown", "report.md", machine(report.Markdown)},
		{"csv", "findings.csv", machine(report.CSV)},
		{"csv-inventory", "tls-inventory.csv", machine(report.InventoryCSV)},
		{"sarif", "report.sarif", machine(report.SARIF)},
		{"sarif-github", "report.github.sarif", machine(report.SARIFForGitHub)},
		{"junit", "report.junit.xml", machine(report.JUnit)},
		{"oscal", "assessment-results.json", machine(report.OSCAL)},
		{"ocsf", "findings.ocsf.ndjson", machine(report.OCSF)},
	}
}

// machine makes a renderer of one that needs no screen.
func machine(render func(io.Writer, *report.Audit) error) func(io.Writer, *report.Audit, report.Screen) error {
	return func(w io.Writer, a *report.Audit, _ report.Screen) error { return render(w, a) }
}

func formatNames() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// formatOf returns the form of a name.
func formatOf(name string) (format, error) {
	for _, f := range formats() {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("--format %q is not known%s", name, didYouMean(name, formatNames()))
}
