package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"spanaudit/rules"
)

// htmlRequirement is a requirement with its documentation.
type htmlRequirement struct {
	Requirement
	ID       string    // of its element
	Doc      rules.Doc // the zero Doc where this version does not know the rule
	Worst    string    // severity of its findings, where that was asked
	Meaning  string
	Devices  []string
	Findings []htmlLink
	More     uint64 // findings beyond those
}

// htmlLink leads to another part of the page.
type htmlLink struct {
	ID, Text string
}

// Judged returns the requirements in the catalogue's order.
func (p *htmlPage) Judged() []htmlRequirement {
	const mostFindings = 20
	findings := map[string][]htmlLink{}
	for _, f := range p.FindingList() {
		findings[f.Rule] = append(findings[f.Rule], htmlLink{f.Anchor, f.Message})
	}
	var list []htmlRequirement
	listed := map[string]bool{}
	for _, q := range p.Requirements {
		if listed[q.Rule] {
			continue // only a saved audit that somebody wrote has a rule twice
		}
		listed[q.Rule] = true
		doc := p.docs[q.Rule]
		r := htmlRequirement{Requirement: q, ID: p.ruleIDs[q.Rule], Doc: doc, Meaning: meaning(q.Verdict, doc), Devices: byVerdict(q.Devices), Findings: findings[q.Rule]}
		if n := len(r.Findings); n > mostFindings {
			r.Findings, r.More = r.Findings[:mostFindings], uint64(n-mostFindings)
		}
		list = append(list, r)
	}
	return list
}

// SourceDocument names the document whose statements are judged.
func (p *htmlPage) SourceDocument() string { return rules.SourceDocument }

// RestsOn writes the counts.
func (q htmlRequirement) RestsOn() string { return restsOn(q.Requirement) }

// Ground says what the verdict rests on.
func (q htmlRequirement) Ground() string { return ground(&q.Requirement) }

// Says returns what the source document says of it.
func (q htmlRequirement) Says() []string {
	var said []string
	for _, st := range rules.Statements() {
		if slices.Contains(q.Doc.Statements, st.ID) {
			said = append(said, st.ID+": "+st.Says)
		}
	}
	return said
}

// byVerdict lists the devices of a requirement, a line for each verdict, with
// the counts that it rests on.
func byVerdict(devices []DeviceVerdict) []string {
	var lines []string
	for _, v := range verdicts() {
		var parts []string
		for _, d := range devices {
			if d.Verdict == v.verdict {
				parts = append(parts, fmt.Sprintf("%s (%s)", d.ID, restsOn(Requirement{Examined: d.Examined, Failed: d.Failed, Undecided: d.Undecided})))
			}
		}
		if len(parts) > 0 {
			lines = append(lines, capital(v.words)+": "+strings.Join(parts, ", "))
		}
	}
	return lines
}

// frameworks joins controls that are of one framework, which is taken to be what
// stands before their last word.
func frameworks(controls []string) string {
	var b strings.Builder
	last := ""
	for _, c := range controls {
		i := strings.LastIndexByte(c, ' ')
		framework, id := c[:max(i, 0)], c[i+1:]
		switch {
		case b.Len() == 0:
			b.WriteString(c)
		case framework == last:
			b.WriteString(", " + id)
		default:
			b.WriteString("; " + c)
		}
		last = framework
	}
	return b.String()
}

// Unseen lists the requirements that nothing was seen of, or that do not apply.
func (p *htmlPage) Unseen() []string {
	_, rest := split(p.Requirements)
	return unjudged(rest)
}

// NotObservable lists what no observer of the traffic can see: statements that
// no rule judges, and what the others leave unseen.
func (p *htmlPage) NotObservable() []Statement {
	var list []Statement
	unseen := map[string]string{}
	for _, s := range rules.Statements() {
		unseen[s.ID] = s.Unseen
	}
	for _, s := range p.Statements {
		if reason := cmp.Or(unseen[s.ID], s.Reason); s.Verdict == rules.NotObservable || unseen[s.ID] != "" {
			s.Reason = reason
			list = append(list, s)
		}
	}
	return list
}
