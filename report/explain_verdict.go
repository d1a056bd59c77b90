package report

import (
	"fmt"

	"spanaudit/rules"
)

// ground says what the rule's verdict rests on.
func ground(q *Requirement) string {
	text := fmt.Sprintf("The rule's verdict is %s: %s examined, %s broke it, %s could not be decided", Line(string(q.Verdict)),
		thousands(uint64(q.Examined)), thousands(uint64(q.Failed)), thousands(uint64(q.Undecided)))
	if q.Reason != "" {
		text += "; " + Line(q.Reason)
	}
	return text + "."
}

// explainRule explains a verdict.
func (p *page) explainRule(a *Audit, q *Requirement) {
	doc := docsByRule()[q.Rule]
	p.paragraph("", fmt.Sprintf("Rule %s: %s", Line(q.Rule), Line(string(q.Verdict))))
	t := &steps{page: p}
	p.title("What is asked")
	t.asked(q.Rule, doc)
	p.title("How it was decided")
	if doc.Fails != "" {
		t.step("It fails when: %s.", doc.Fails)
	}
	t.step("%s", ground(q))
	t.step("%s", meaning(q.Verdict, doc))
	var ids []string
	n := a.prefix()
	for _, f := range a.Findings {
		if f.Rule == q.Rule {
			ids = append(ids, fmt.Sprintf("%s: %s", Line(f.ID[:min(n, len(f.ID))]), Line(f.Message)))
		}
	}
	if len(ids) > 0 {
		t.step("Its findings, each of which can be explained:")
		t.items(ids)
	}
	if lines := limits(&a.Coverage); len(lines) > 0 {
		p.title("What was not seen")
		p.list(lines)
	}
}

// explainStatement explains the verdict on a statement by those of its rules.
func (p *page) explainStatement(a *Audit, st *Statement) {
	p.paragraph("", fmt.Sprintf("Statement %s: %s", Line(st.ID), Line(string(st.Verdict))))
	p.paragraph("", Line(st.Says))
	p.title("How it was decided")
	t := &steps{page: p}
	if len(st.Rules) == 0 {
		t.step("No rule judges it: %s.", Line(st.Reason))
		return
	}
	t.step("The gravest verdict of its rules holds: fail, then indeterminate, pass, not_observed.")
	for _, id := range st.Rules {
		if q := a.requirement(id); q != nil {
			t.step("%s. %s", Line(id), ground(q))
		} else {
			t.step("%s is not judged by the version that made the audit.", Line(id))
		}
	}
	t.step("In short: %s.", Line(st.Reason))
}

// meaning says what a verdict is worth and what would settle it.
func meaning(v rules.Verdict, doc rules.Doc) string {
	switch v {
	case rules.Fail:
		return "To settle it: " + doc.Remediation
	case rules.Indeterminate:
		return "Undecided: relevant traffic was there, and the reasons above kept it from being decided. A capture without them settles it."
	case rules.NotObserved:
		return "Not observed: nothing was there to judge, which is no pass. A capture in which the devices do it settles it."
	case rules.NotApplicable:
		return "Not applicable: the policy leaves it out. Declaring what is missing has it judged."
	case rules.NotObservable:
		return "Not observable: no observer of the traffic can see it. Other evidence is wanted."
	}
	if doc.Kind == rules.Prohibition {
		return "It passes because what was examined does not break it, and the capture lost too little to hide that."
	}
	return "It passes because what was examined is as required."
}
