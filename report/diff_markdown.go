package report

import (
	"fmt"
	"io"
	"strings"

	"spanaudit/rules"
)

// DiffMarkdown writes a difference as GitHub-flavoured Markdown, for a comment of a
// pipeline. Text from the audits shows as it is: it can be no markup.
func DiffMarkdown(w io.Writer, d *Diff) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", md(d.outcome()))
	mdList(&b, append([]string{"Old: " + d.Old.line(), "New: " + d.New.line()}, mapped(d.Notes, sentence)...))
	if len(d.Findings.New) > 0 {
		var rows [][]string
		for i := range d.Findings.New {
			f := &d.Findings.New[i]
			severity := f.Severity.String()
			if f.Verdict != rules.Fail {
				severity += ", " + verdictWord(f.Verdict)
			}
			if f.Waiver != nil {
				severity += ", waived"
			}
			rows = append(rows, mdCells(severity, f.Rule, deviceLines(f.Device).joined(" "), peerLines(f.Peer).joined(" "), f.Message))
		}
		b.WriteString("\n### New findings\n\n")
		mdTable(&b, []string{"Severity", "Rule", "Device", "Peer", "What was seen and wanted"}, rows)
	}
	for _, part := range d.gone() {
		if len(part.list) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n", part.title)
		mdTable(&b, []string{"Severity", "Rule", "Device", "What was seen and wanted", "Why"}, mapped(part.list, func(g Gone) []string {
			return mdCells(g.Severity.String(), g.Rule, deviceLines(g.Device).joined(" "), g.Message, g.Reason)
		}))
	}
	if lines := d.changed(); len(lines) > 0 {
		b.WriteString("\n### Findings that are there still, and changed\n\n")
		mdList(&b, lines)
	}
	if len(d.Verdicts) > 0 {
		b.WriteString("\n### Verdicts that changed\n\n")
		mdTable(&b, []string{"Requirement", "Old", "New", "Reason"}, mapped(d.Verdicts, func(v VerdictChange) []string {
			return mdCells(v.Rule, verdictWord(v.Old), verdictWord(v.New), v.Reason)
		}))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// verdictWord is a verdict, or that there is none.
func verdictWord(v rules.Verdict) string {
	if v == "" {
		return "not judged"
	}
	return Line(string(v))
}

func mdCells(texts ...string) []string { return mapped(texts, md) }
