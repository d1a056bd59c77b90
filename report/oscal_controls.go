package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"spanaudit/rules"
)

// oscalReviewedOf says which controls of NIST SP 800-53 the results are about.
// One is reviewed where a requirement whose evidence is relevant to it rests on
// traffic; where nothing was seen, importers would take it for assessed without
// a finding.
func oscalReviewedOf(list []Requirement) oscalReviewed {
	reviewed, others := map[string]bool{}, map[string]bool{}
	for _, q := range list {
		for _, control := range q.Controls {
			if id, ok := oscalControlID(control); ok {
				switch q.Verdict {
				case rules.Pass, rules.Fail, rules.Indeterminate:
					reviewed[id] = true
				default:
					others[id] = true
				}
			}
		}
	}
	for id := range reviewed {
		delete(others, id)
	}
	s := oscalSelection{
		Description: "Controls of NIST SP 800-53 revision 5 to which the traffic that was examined is relevant. Left out are those to which only requirements are relevant that nothing was seen of, or that the policy switches off.",
		Include:     oscalControls(reviewed), Exclude: oscalControls(others),
	}
	if len(s.Include) == 0 { // the model wants one
		s.Include = []oscalControl{{"none"}}
		s.Description = "No traffic was examined that is relevant to a control of NIST SP 800-53 revision 5: none stands for that, and is no control."
	}
	return oscalReviewed{
		Description: "Traffic is evidence that is relevant to a control, and alone never shows that the control is satisfied.",
		Selections:  []oscalSelection{s},
		Remarks:     "The observation of each requirement names the controls of this and of other frameworks to which it is relevant.",
	}
}

// oscalControls lists controls by family and number.
func oscalControls(ids map[string]bool) (list []oscalControl) {
	for id := range ids {
		list = append(list, oscalControl{id})
	}
	slices.SortFunc(list, func(a, b oscalControl) int {
		return cmp.Or(cmp.Compare(a.ID[:2], b.ID[:2]), cmp.Compare(controlNumber(a.ID), controlNumber(b.ID)))
	})
	return list
}

// controlNumber is the number of a control's id, as 7.05 for sc-7.5.
func controlNumber(id string) float64 {
	control, enhancement, _ := strings.Cut(id[len("sc-"):], ".")
	n, _ := strconv.Atoi(control)
	part, _ := strconv.Atoi(enhancement)
	return float64(n) + float64(part)/100
}

// objective defines what a finding of a requirement is held against. It
// belongs to the first control to which it is relevant.
func (o *oscalWriter) objective(q Requirement) oscalObjective {
	id, _ := oscalToken(q.Rule)
	control := id
	for _, c := range q.Controls {
		if nist, ok := oscalControlID(c); ok {
			control = nist
			break
		}
	}
	description := "An objective of spanaudit's own, which the traffic is held against."
	if control == id {
		description += " No control of NIST SP 800-53 is known to which it is relevant."
	}
	return oscalObjective{
		Control: control, Description: description,
		Parts: []oscalPart{{ID: id, Name: "assessment-objective", Prose: oscalMarkup(cmp.Or(o.docs[q.Rule].Checks, q.Title))}},
	}
}
