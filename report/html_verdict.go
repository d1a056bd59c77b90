package report

import (
	"fmt"
	"slices"
	"strings"

	"spanaudit/rules"
)

// htmlVerdict is a verdict as the page shows it.
type htmlVerdict struct {
	Class, Words string
}

// newHTMLVerdict also takes what is no verdict, as a saved audit may have.
func newHTMLVerdict(v rules.Verdict) htmlVerdict {
	for _, known := range verdicts() {
		if known.verdict == v {
			return htmlVerdict{strings.ReplaceAll(string(v), "_", "-"), known.words}
		}
	}
	return htmlVerdict{"unknown", string(v)}
}

// htmlCount is how often something occurs, and where it stands.
type htmlCount struct {
	Class, Words string
	N            uint64
	Note, Link   string
}

// VerdictCounts counts the requirements by verdict, each verdict named though
// none has it: that a report has no pass is worth knowing.
func (p *htmlPage) VerdictCounts() []htmlCount {
	var list []htmlCount
	for _, v := range verdicts() {
		c := htmlCount{Class: newHTMLVerdict(v.verdict).Class, Words: v.words}
		excused := 0
		for _, q := range p.Requirements {
			if q.Verdict == v.verdict {
				c.N++
				if q.Excused {
					excused++
				}
			}
		}
		if excused > 0 {
			c.Note = fmt.Sprintf("%d waived", excused)
		}
		list = append(list, c)
	}
	return list
}

// SeverityCounts counts the findings by severity, the gravest first.
func (p *htmlPage) SeverityCounts() []htmlCount {
	var list []htmlCount
	for s := rules.Critical; s >= rules.Info; s-- {
		c := htmlCount{Class: s.String(), Words: s.String()}
		excused := 0
		for _, f := range p.Findings {
			if f.Severity == s {
				c.N++
				if f.Waiver != nil {
					excused++
				}
			}
		}
		if c.N > 0 {
			c.Link = severityID(s)
		}
		if excused > 0 {
			c.Note = fmt.Sprintf("%d waived", excused)
		}
		list = append(list, c)
	}
	return list
}

func severityID(s rules.Severity) string { return "severity-" + s.String() }

// Headline says in a sentence what came out.
func (p *htmlPage) Headline() string {
	failed := 0
	for _, q := range p.Requirements {
		if q.Verdict == rules.Fail {
			failed++
		}
	}
	switch {
	case p.Coverage.Packets == 0:
		return "No packet could be judged: nothing is shown about this network."
	case len(p.Findings) == 0 && failed == 0:
		return noFindings(p.Audit)
	case failed == 0:
		return fmt.Sprintf("Of %s none failed; %s of which to decide.", count(len(p.Requirements), "requirement"), count(len(p.Findings), "finding"))
	}
	return fmt.Sprintf("%d of %s failed, with %s.", failed, count(len(p.Requirements), "requirement"), count(len(p.Findings), "finding"))
}

// Gravest lists the failed requirements by the severity of their findings, the
// gravest first: what to read if nothing else is read.
func (p *htmlPage) Gravest() []htmlRequirement {
	const most = 10
	worst := map[string]rules.Severity{}
	for _, f := range p.Findings {
		if f.Waiver == nil {
			worst[f.Rule] = max(worst[f.Rule], f.Severity)
		}
	}
	var list []htmlRequirement
	for _, q := range p.Judged() {
		if s, found := worst[q.Rule]; found && q.Verdict == rules.Fail && s >= rules.High {
			q.Worst = s.String()
			list = append(list, q)
		}
	}
	slices.SortStableFunc(list, func(a, b htmlRequirement) int { return int(worst[b.Rule] - worst[a.Rule]) })
	return list[:min(len(list), most)]
}
