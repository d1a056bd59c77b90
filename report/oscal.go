package report

import (
	"cmp"
	"fmt"
	"io"

	"spanaudit/rules"
)

// oscalVersion is the release of OSCAL that is written.
const oscalVersion = "1.2.2"

// OSCAL writes the audit as assessment results of NIST's Open Security Controls
// Assessment Language. Each requirement is an observation, and where it passed
// or failed a finding, whose target is an objective of this program's own: what
// traffic shows is relevant to a control, and never says that the control is
// satisfied. Each violation is an observation with its frames, and a risk, open or
// with an approved deviation where a waiver holds. What was not decided or not
// seen is an observation and no finding.
//
// The UUIDs are derived: of a risk and of a device, from what it is, so that they
// stay the same from audit to audit; of all else, from the whole audit. The
// document is one line: with many findings, indenting it took as long as all the
// rest.
func OSCAL(w io.Writer, a *Audit) error {
	a, id, err := a.settled()
	if err != nil {
		return err
	}
	o := &oscalWriter{a: a, id: id, docs: docsByRule(), ids: identities{}, subjects: map[oscalSubjectKey]int{}}
	text, err := DocumentLine(oscalDocument{o.assessment()})
	return write(w, text, err)
}

// oscalWriter makes the document of one audit.
type oscalWriter struct {
	a    *Audit
	id   uuid // of the audit
	docs map[string]rules.Doc
	ids  identities

	origins  []oscalOrigin // this program
	items    []oscalItem
	subjects map[oscalSubjectKey]int // their place among the items
	inputs   map[string]uuid         // of their resources, by name
}

// own returns a UUID of this audit alone.
func (o *oscalWriter) own(parts ...string) uuid { return o.ids.of(o.id, parts...) }

// lasting returns a UUID that the same thing has in every audit.
func (o *oscalWriter) lasting(parts ...string) uuid { return o.ids.of(namespace, parts...) }

func (o *oscalWriter) assessment() oscalAssessment {
	a := o.a
	policy := o.policyResource()
	doc := oscalAssessment{
		UUID: o.own("assessment-results"),
		Metadata: oscalMetadata{
			Title:        "Passive assessment of network traffic by policy " + oscalMarkup(policyName(&a.Policy)),
			LastModified: oscalTime(a.made()), Version: oscalTime(a.made()), OSCAL: oscalVersion,
			Props: oscalProps("policy-owner", a.Policy.Owner, "policy-approved-by", a.Policy.ApprovedBy, "policy-approved-on", a.Policy.ApprovedOn),
		},
		ImportAP: oscalImport{
			Href:    "#" + string(policy.UUID),
			Remarks: "There is no assessment plan in OSCAL. What was to be tested, and how, is the policy, which is a resource of this document with its SHA-256.",
		},
		Back: oscalBack{append([]oscalResource{policy}, o.inputResources()...)},
	}
	if len(a.Requirements) > 0 {
		doc.Local = &oscalObjectives{mapped(a.Requirements, o.objective)}
	}
	doc.Results = []oscalResult{o.result()}
	return doc
}

// period returns the time that the results are about. Of nothing, that is no
// time, and stands at the report's.
func (o *oscalWriter) period() Period {
	if o.a.Period == nil {
		return Period{o.a.made(), o.a.made()}
	}
	return *o.a.Period
}

func policyName(p *Policy) string {
	name := cmp.Or(p.Name, "none")
	if p.Version != "" {
		name += " " + p.Version
	}
	return name
}

func (o *oscalWriter) result() oscalResult {
	a, period := o.a, o.period()
	tool := o.tool()
	r := oscalResult{
		UUID:        o.own("result"),
		Title:       "Traffic from " + oscalTime(period.Start) + " to " + oscalTime(period.End),
		Description: oscalMarkup(head(a)),
		Start:       oscalTime(period.Start), End: oscalTime(period.End),
		Props:    o.coverage(),
		Reviewed: oscalReviewedOf(a.Requirements),
		Remarks: "What this rests on:\n\n" + oscalLines(coverageLines(&a.Coverage)) +
			"\n\nThe traffic was observed, and nothing was sent or decrypted.",
	}
	if lines := waivers(a.Waivers); len(lines) > 0 {
		r.Remarks += "\n\nWaivers of the policy:\n\n" + oscalLines(lines)
	}
	for _, d := range a.Policy.Devices {
		o.subject(Device{ID: d.ID, Role: d.Role})
	}
	for _, d := range a.Coverage.Devices {
		o.subject(d)
	}
	o.judge(&r)
	r.Local = oscalLocal{o.items, oscalAssets{
		Components: []oscalComponent{tool},
		Platforms:  []oscalPlatform{{o.own("platform"), "The machine that ran " + tool.Title, []oscalUse{{tool.UUID}}}},
	}}
	return r
}

// judge writes the observations, risks and findings.
func (o *oscalWriter) judge(r *oscalResult) {
	type ground struct {
		seen  []oscalSeen
		risks []oscalRisks
	}
	grounds := map[string]*ground{}
	for i := range o.a.Requirements {
		q := &o.a.Requirements[i]
		seen := o.requirementSeen(q)
		r.Observations = append(r.Observations, seen)
		if grounds[q.Rule] == nil {
			grounds[q.Rule] = &ground{}
		}
		grounds[q.Rule].seen = append(grounds[q.Rule].seen, oscalSeen{seen.UUID})
	}
	for i := range o.a.Findings {
		f := &o.a.Findings[i]
		seen := o.violationSeen(f)
		r.Observations = append(r.Observations, seen)
		g := grounds[f.Rule]
		if g == nil { // of a requirement that the audit does not list
			g = &ground{}
		}
		g.seen = append(g.seen, oscalSeen{seen.UUID})
		if f.Verdict == rules.Fail {
			risk := o.risk(f, seen.UUID)
			r.Risks = append(r.Risks, risk)
			g.risks = append(g.risks, oscalRisks{risk.UUID})
		}
	}
	for i := range o.a.Requirements {
		if q := &o.a.Requirements[i]; q.Verdict == rules.Pass || q.Verdict == rules.Fail {
			g := grounds[q.Rule]
			r.Findings = append(r.Findings, o.finding(q, g.seen, g.risks))
		}
	}
}

// finding is the verdict on a requirement that was decided.
func (o *oscalWriter) finding(q *Requirement, seen []oscalSeen, risks []oscalRisks) oscalFinding {
	target, _ := oscalToken(q.Rule)
	status := oscalState{State: "satisfied", Reason: "pass", Remarks: "No violation in the traffic that was examined. This says nothing of other traffic, nor that the control is satisfied."}
	if q.Verdict == rules.Fail {
		status = oscalState{State: "not-satisfied", Reason: "fail"}
		if q.Excused {
			status.Remarks = "Each violation is excused by a waiver of the policy; see the risks."
		}
	}
	return oscalFinding{
		UUID: o.own("finding", q.Rule), Title: oscalTitle(q), Description: oscalMarkup(o.judged(q)),
		Props:   oscalProps("rule", q.Rule, "severity", q.Severity, "verdict", q.Verdict),
		Origins: o.origins,
		Target:  oscalTarget{Type: "objective-id", ID: target, Status: status},

		Observations: seen, Risks: risks,
	}
}

// oscalTitle names a verdict on a requirement. The requirement's own title names
// what it is to be broken.
func oscalTitle(q *Requirement) string {
	return fmt.Sprintf("Requirement %s: %s", oscalMarkup(q.Rule), oscalMarkup(string(q.Verdict)))
}

// judged says what a requirement asks and what its verdict rests on.
func (o *oscalWriter) judged(q *Requirement) string {
	if doc := o.docs[q.Rule]; doc.ID != "" {
		return fmt.Sprintf("Asked: that %s. %s", doc.Checks, ground(q))
	}
	return ground(q)
}
