package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// DiffText writes a difference for people. Text from the audits is written as by
// Line. Of the findings that both audits have, it shows those that changed.
func DiffText(w io.Writer, d *Diff, o Screen) error {
	o.Width = max(o.Width, minWidth)
	p := &page{screen: o}
	p.paragraph("", d.outcome())
	p.paragraph("Old: ", d.Old.line())
	p.paragraph("New: ", d.New.line())
	for _, note := range d.Notes {
		p.paragraph("- ", sentence(note))
	}
	if n := d.Findings.New; len(n) > 0 {
		p.title("New findings")
		p.table(findingLayouts(&Audit{Findings: n}))
	}
	for _, part := range d.gone() {
		if len(part.list) > 0 {
			p.title(part.title)
			p.table(goneLayouts(part.list))
		}
	}
	if lines := d.changed(); len(lines) > 0 {
		p.title("Findings that are there still, and changed")
		p.list(lines)
	}
	if len(d.Verdicts) > 0 {
		p.title("Verdicts that changed")
		p.table(verdictLayouts(d.Verdicts))
	}
	return write(w, p.text.Bytes(), p.err)
}

// outcome counts what became of the findings.
func (d *Diff) outcome() string {
	f := &d.Findings
	text := fmt.Sprintf("%s, %d fixed, %d no longer observed, %d unchanged", count(len(f.New), "new finding"), len(f.Fixed), len(f.NotObserved), len(f.Unchanged))
	if n := len(d.changed()); n > 0 {
		text += fmt.Sprintf(" (%d of them in severity, verdict, waiver or id)", n)
	}
	return text + "."
}

// gone returns what is no longer there, with a title for each kind.
func (d *Diff) gone() []struct {
	title string
	list  []Gone
} {
	return []struct {
		title string
		list  []Gone
	}{
		{"No longer observed, which is not shown to be fixed", d.Findings.NotObserved},
		{"Fixed", d.Findings.Fixed},
	}
}

func (s *Side) line() string {
	policy := policyLine(&Policy{Name: s.Policy.Name, Version: s.Policy.Version})
	if sum := s.Policy.SHA256; sum != "" {
		policy = fmt.Sprintf("%s (SHA-256 %s…).", strings.TrimSuffix(policy, "."), Line(sum[:min(len(sum), 12)]))
	}
	return fmt.Sprintf("%s %s %s in %s; %s. By %s %s.", periodLine(s.Period), policy, count(s.Packets, "packet"), count(s.Flows, "flow"),
		count(s.Findings, "finding"), Line(s.Tool.Name), Line(s.Tool.Version))
}

// sentence makes a sentence of a note.
func sentence(note string) string { return capital(Line(note)) + "." }

// changed says, in a line each, what changed of findings that are there still.
func (d *Diff) changed() (lines []string) {
	for _, k := range d.Findings.Unchanged {
		if len(k.Changes) > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s (%s: %s)", Line(k.ID), k.words(), Line(k.Rule), Line(k.Message)))
		}
	}
	return lines
}

// words says what changed of a finding.
func (k *Kept) words() string {
	var parts []string
	for _, c := range k.Changes {
		parts = append(parts, fmt.Sprintf("%s was %s, is %s", c.What, Line(c.Old), Line(c.New)))
	}
	return strings.Join(parts, "; ")
}

// goneLayouts returns the table of findings that are gone.
func goneLayouts(list []Gone) []grid {
	wide := grid{heads: []string{"SEVERITY", "FINDING", "WHY"}, ruled: true}
	narrow := grid{heads: []string{"FINDING, AND WHY"}, ruled: true}
	for i := range list {
		g := &list[i]
		severity := line{g.Severity.String(), severityStyle(g.Severity)}
		parties := slices.Concat(inLine("", deviceLines(g.Device), " "), inLine("with ", peerLines(g.Peer), " "))
		finding := slices.Concat(cell{{Line(g.Rule), bold}}, parties, cell{{Line(g.Message), dim}})
		why := cell{{Line(g.Reason), plain}}
		wide.rows = append(wide.rows, []cell{{severity}, finding, why})
		title := line{severity.text + ": " + Line(g.Rule), severity.style}
		narrow.rows = append(narrow.rows, []cell{slices.Concat(cell{title}, finding[1:], inLine("Why: ", why, ""))})
	}
	return []grid{wide, narrow}
}

// verdictLayouts returns the table of verdicts that changed.
func verdictLayouts(list []VerdictChange) []grid {
	wide := grid{heads: []string{"REQUIREMENT", "OLD", "NEW", "REASON"}}
	narrow := grid{heads: []string{"REQUIREMENT, AND WHAT IT WAS AND IS"}}
	for _, v := range list {
		rule, reason := line{Line(v.Rule), plain}, line{Line(v.Reason), plain}
		old, is := line{verdictWord(v.Old), verdictStyle(v.Old)}, line{verdictWord(v.New), verdictStyle(v.New)}
		wide.rows = append(wide.rows, []cell{{rule}, {old}, {is}, {reason}})
		only := cell{{rule.text + ": " + old.text + ", now " + is.text, is.style}}
		if v.Reason != "" {
			only = append(only, reason)
		}
		narrow.rows = append(narrow.rows, []cell{only})
	}
	return []grid{wide, narrow}
}
