package report

import (
	"fmt"

	"spanaudit/rules"
)

type sarifResult struct {
	RuleID       string                `json:"ruleId"`
	RuleIndex    int                   `json:"ruleIndex"`
	Kind         string                `json:"kind"`
	Level        string                `json:"level"`
	Message      sarifText             `json:"message"`
	Locations    []sarifLocation       `json:"locations"`
	Count        int                   `json:"occurrenceCount,omitempty"`
	Fingerprints map[string]string     `json:"partialFingerprints"`
	Suppressions []sarifSuppression    `json:"suppressions"` // empty where there is none: section 3.27.23 wants it of all results or of none
	Properties   sarifResultProperties `json:"properties"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	File   sarifFile    `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type sarifLogical struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

// sarifResultProperties is what SARIF has no place for.
type sarifResultProperties struct {
	Verdict     string     `json:"verdict"`
	Severity    string     `json:"severity"`
	First       string     `json:"first,omitempty"`
	Last        string     `json:"last,omitempty"`
	Examined    *int       `json:"examined,omitempty"`
	Failed      *int       `json:"failed,omitempty"`
	Undecided   *int       `json:"undecided,omitempty"`
	Evidence    []Evidence `json:"evidence,omitempty"`
	Context     []Evidence `json:"context,omitempty"`
	Remediation string     `json:"remediation,omitempty"`
}

// newSARIFResults returns the results: findings first, then requirements.
func newSARIFResults(a *Audit, rule map[string]int) []sarifResult {
	results := []sarifResult{}
	at := map[string]int{} // the first input of a name
	for i := len(a.Inputs) - 1; i >= 0; i-- {
		at[a.Inputs[i].Name] = i
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		r := newSARIFFinding(f)
		r.RuleIndex = rule[r.RuleID]
		if len(f.Evidence) > 0 {
			r.Locations[0].Physical.File = sarifFile{URI: fileURI(f.Evidence[0].File)}
			if i, known := at[f.Evidence[0].File]; known {
				r.Locations[0].Physical.File.Index = &i
			}
		} else {
			r.Locations[0].Physical.File = firstFile(a)
		}
		results = append(results, r)
	}
	for _, q := range a.unspoken() {
		r := newSARIFRequirement(*q)
		r.RuleIndex = rule[r.RuleID]
		r.Locations[0].Physical.File = firstFile(a)
		results = append(results, r)
	}
	return results
}

// firstFile is where a result is that no frame shows: every result has a place,
// because some readers refuse a file in which one has none.
func firstFile(a *Audit) sarifFile {
	if len(a.Inputs) == 0 {
		return sarifFile{URI: fileURI("")}
	}
	first := 0
	return sarifFile{fileURI(a.Inputs[0].Name), &first}
}

func newSARIFFinding(f *Finding) sarifResult {
	r := sarifResult{
		RuleID: Line(f.Rule), Message: sarifMessage(f.Message), Count: max(f.Count, 0),
		Fingerprints: fingerprints("finding", f.ID), Suppressions: []sarifSuppression{},
		Locations: []sarifLocation{{Logical: logical(f)}},
		Properties: sarifResultProperties{
			Verdict: Line(string(f.Verdict)), Severity: f.Severity.String(), First: moment(f.First), Last: moment(f.Last),
			Evidence: visibleFrames(f.Evidence), Context: visibleFrames(f.Context), Remediation: Line(f.Remediation),
		},
	}
	r.judge(f.Verdict, f.Severity)
	if w := f.Waiver; w != nil {
		r.Suppressions = append(r.Suppressions, sarifSuppression{"external", "accepted", waived(w)})
	}
	return r
}

// newSARIFRequirement returns the result of a requirement, which of a failed one
// is what no finding lists.
func newSARIFRequirement(q Requirement) sarifResult {
	text := fmt.Sprintf("%s: %s", q.Verdict, restsOn(q))
	switch {
	case q.Verdict == rules.Fail && q.Unlisted > 0:
		text += "; " + unlisted(q)
	case q.Reason != "":
		text += "; " + q.Reason
	}
	r := sarifResult{
		RuleID: Line(q.Rule), Message: sarifMessage(text),
		Fingerprints: fingerprints("requirement", q.Rule), Suppressions: []sarifSuppression{}, Locations: make([]sarifLocation, 1),
		Properties: sarifResultProperties{Verdict: Line(string(q.Verdict)), Severity: q.Severity.String(), Examined: &q.Examined, Failed: &q.Failed, Undecided: &q.Undecided},
	}
	r.judge(q.Verdict, q.Severity)
	if q.Excused {
		r.Suppressions = append(r.Suppressions, sarifSuppression{"external", "accepted", Line(q.Reason)})
	}
	return r
}

// judge sets the kind, and the level, which only a failure has.
func (r *sarifResult) judge(v rules.Verdict, s rules.Severity) {
	r.Level = "none"
	switch v {
	case rules.Fail:
		r.Kind, r.Level = "fail", sarifLevel(s)
	case rules.Pass:
		r.Kind = "pass"
	case rules.NotApplicable:
		r.Kind = "notApplicable"
	case rules.NotObservable:
		r.Kind = "review"
	default:
		r.Kind = "open"
	}
}

// fingerprints names a result the same in every run; the second name is the only
// one that GitHub looks at.
func fingerprints(kind, id string) map[string]string {
	return map[string]string{kind + "Id/v1": Line(id), "primaryLocationLineHash": Line(id)}
}

// logical names the device, its peer and the flows of a finding.
func logical(f *Finding) (places []sarifLogical) {
	if device := deviceLines(f.Device).joined(" "); device != "" {
		places = append(places, sarifLogical{device, "device"})
	}
	if peer := peerLines(f.Peer).joined(" "); peer != "" {
		places = append(places, sarifLogical{peer, "peer"})
	}
	for _, flow := range f.Flows {
		places = append(places, sarifLogical{Line(flow), "flow"})
	}
	return places
}

func visibleFrames(list []Evidence) []Evidence {
	return mapped(list, func(e Evidence) Evidence { return Evidence{Line(e.File), e.Frame, e.Time, Line(e.What)} })
}
