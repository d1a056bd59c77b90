package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"spanaudit/rules"
)

// DiffMarkdown writes a difference as GitHub-flavoured Markdown, for a comment of a
// pipeline. Text from the audits shows as it is: it can be no markup.
func DiffMarkdown(w io.Writer, d *Diff) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s\n\n- Old: %s\n- New: %s\n", markdownText(d.outcome()), markdownText(d.Old.line()), markdownText(d.New.line()))
	for _, note := range d.Notes {
		fmt.Fprintf(&b, "- %s\n", markdownText(sentence(note)))
	}
	if len(d.Findings.New) > 0 {
		b.WriteString("\n### New findings\n\n| Severity | Rule | Device | Peer | What was seen and wanted |\n|---|---|---|---|---|\n")
		for i := range d.Findings.New {
			f := &d.Findings.New[i]
			severity := f.Severity.String()
			if f.Verdict != rules.Fail {
				severity += ", " + string(f.Verdict)
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
			fmt.Fprintf(&b, "- %s\n", markdownText(line))
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
		b.WriteString("| " + markdownText(c) + " ")
	}
	b.WriteString("|\n")
}

// markdownText escapes, in one line, what Markdown would take for markup, for a
// link or a picture by its look, or for somebody's name.
func markdownText(s string) string {
	s = Line(s)
	var b strings.Builder
	for i := range len(s) {
		switch {
		case strings.IndexByte("\\`*_[]{}<>|~#&!@$", s[i]) >= 0,
			s[i] == ':' && !(i+1 == len(s) || s[i+1] == ' ' || i > 0 && isDigit(s[i-1]) && isDigit(s[i+1])),
			s[i] == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
