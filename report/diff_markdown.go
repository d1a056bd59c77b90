package report

import (
	"bytes"
	"fmt"
	"io"

	"spanaudit/rules"
)

// DiffMarkdown writes a difference as GitHub-flavoured Markdown, for a comment of a
// pipeline. Text from the audits shows as it is: it can be no markup.
func DiffMarkdown(w io.Writer, d *Diff) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s\n\n- Old: %s\n- New: %s\n", md(d.outcome()), md(d.Old.line()), md(d.New.line()))
	for _, note := range d.Notes {
		fmt.Fprintf(&b, "- %s\n", md(sentence(note)))
	}
	if len(d.Findings.New) > 0 {
		b.WriteString("\n### New findings\n\n| Severity | Rule | Device | Peer | What was seen and wanted |\n|---|---|---|---|---|\n")
		for i := range d.Findings.New {
			f := &d.Findings.New[i]
			severity := f.Severity.String()
			if f.Verdict != rules.Fail {
				severity += ", " + verdictWord(f.Verdict)
			}
			if f.Waiver != nil {
				severity += ", waived"
			}
			markdownRow(&b, severity, f.Rule, inCell(deviceLines(f.Device)), inCell(peerLines(f.Peer)), f.Message)
		}
	}
	for _, part := range d.gone() {
		if len(part.list) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| Severity | Rule | Device | What was seen and wanted | Why |\n|---|---|---|---|---|\n", part.title)
		for i := range part.list {
			g := &part.list[i]
			markdownRow(&b, g.Severity.String(), g.Rule, inCell(deviceLines(g.Device)), g.Message, g.Reason)
		}
	}
	if lines := d.changed(); len(lines) > 0 {
		b.WriteString("\n### Findings that are there still, and changed\n\n")
		for _, line := range lines {
			fmt.Fprintf(&b, "- %s\n", md(line))
		}
	}
	if len(d.Verdicts) > 0 {
		b.WriteString("\n### Verdicts that changed\n\n| Requirement | Old | New | Reason |\n|---|---|---|---|\n")
		for _, v := range d.Verdicts {
			markdownRow(&b, v.Rule, verdictWord(v.Old), verdictWord(v.New), v.Reason)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func inCell(c cell) string {
	if c = inLine("", c, " "); len(c) > 0 {
		return c[0].text
	}
	return ""
}

// verdictWord is a verdict, or that there is none.
func verdictWord(v rules.Verdict) string {
	if v == "" {
		return "not judged"
	}
	return Line(string(v))
}

func markdownRow(b *bytes.Buffer, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + md(c) + " ")
	}
	b.WriteString("|\n")
}
