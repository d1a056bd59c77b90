package report

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"spanaudit/rules"
)

// sarifDriver describes the tool and all its rules.
type sarifDriver struct {
	Name          string        `json:"name"`
	Version       string        `json:"version,omitempty"`
	Notifications []sarifNotice `json:"notifications"`
	Rules         []sarifRule   `json:"rules"`
}

type sarifNotice struct {
	ID    string    `json:"id"`
	Short sarifText `json:"shortDescription"`
}

type sarifRule struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Short   sarifText `json:"shortDescription"`
	Full    sarifText `json:"fullDescription"`
	Help    sarifText `json:"help"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Properties sarifRuleProperties `json:"properties"`
}

type sarifRuleProperties struct {
	Tags             []string `json:"tags"` // GitHub shows ten, and refuses a file with more than twenty
	Severity         string   `json:"severity"`
	SecuritySeverity string   `json:"security-severity,omitempty"`
	Precision        string   `json:"precision"`
	Kind             string   `json:"kind,omitempty"`
	Statements       []string `json:"statements"`
	Controls         []string `json:"controls"` // to which the evidence is relevant
}

// newSARIFDriver lists the rules of the catalogue, then those of a saved audit
// that this version does not know.
func newSARIFDriver(a *Audit) sarifDriver {
	d := sarifDriver{Name: cmp.Or(Line(a.Tool.Name), "spanaudit"), Version: Line(a.Tool.Version), Notifications: sarifNotices()}
	docs := rules.Catalogue()
	groups := groupsOf(docs)
	for _, doc := range docs {
		d.Rules = append(d.Rules, newSARIFRule(doc, groups[doc.ID]))
	}
	known := d.indexes()
	unknown := func(rule, title string, severity rules.Severity) {
		if _, ok := known[rule]; !ok {
			known[rule] = len(d.Rules)
			d.Rules = append(d.Rules, newSARIFRule(rules.Doc{ID: rule, Title: title, Severity: severity}, "other"))
		}
	}
	for _, q := range a.Requirements {
		unknown(Line(q.Rule), Line(q.Title), q.Severity)
	}
	for _, f := range a.Findings {
		unknown(Line(f.Rule), "", f.Severity)
	}
	return d
}

// indexes tells where a rule is listed.
func (d *sarifDriver) indexes() map[string]int {
	at := map[string]int{}
	for i, r := range d.Rules {
		at[r.ID] = i
	}
	return at
}

func newSARIFRule(d rules.Doc, group string) sarifRule {
	title := cmp.Or(d.Title, d.ID)
	r := sarifRule{ID: d.ID, Name: sarifName(d.ID), Short: sarifText{Text: title}, Full: sarifText{Text: title}, Help: sarifText{Text: title}}
	if d.Checks != "" {
		r.Full.Text = "Checks that " + d.Checks + "."
		r.Help = sarifHelp(d)
	}
	r.Default.Level = sarifLevel(d.Severity)
	r.Properties = sarifRuleProperties{
		Tags: append([]string{"security", group}, d.Statements...), Severity: d.Severity.String(), SecuritySeverity: securitySeverity(d.Severity),
		Precision: "high", Kind: string(d.Kind), Statements: list(d.Statements), Controls: list(d.Controls),
	}
	return r
}

// sarifName makes the identifier that section 3.49.7 wants of a rule's id.
func sarifName(id string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(id, "-") {
		first, n := utf8.DecodeRuneInString(part)
		if n > 0 {
			b.WriteString(string(unicode.ToUpper(first)) + part[n:])
		}
	}
	return b.String()
}

// sarifHelp is the rule's documentation.
func sarifHelp(d rules.Doc) (help sarifText) {
	for _, part := range []struct{ heading, text string }{
		{"Why", d.Why},
		{"Fails when", d.Fails},
		{"When nothing is seen", d.NotSeen},
		{"What to do", d.Remediation},
		{"Source", d.Source},
		{"Statements of the source document", strings.Join(d.Statements, ", ")},
		{"Relevant to", strings.Join(d.Controls, "; ")},
	} {
		if part.text != "" {
			help.Text += part.heading + ": " + part.text + "\n\n"
			help.Markdown += "**" + part.heading + ":** " + md(part.text) + "\n\n"
		}
	}
	return help
}

// securitySeverity is the number for which GitHub shows the severity of the same
// name: critical above 9, high from 7, medium from 4, low above 0.
func securitySeverity(s rules.Severity) string {
	switch s {
	case rules.Critical:
		return "9.5"
	case rules.High:
		return "8.0"
	case rules.Medium:
		return "5.5"
	case rules.Low:
		return "2.0"
	}
	return ""
}
