package report

import (
	"strconv"
	"strings"

	"spanaudit/rules"
)

// Requirement is the verdict on one rule and what it rests on. rules.Requirement
// says what each part means.
type Requirement struct {
	Rule      string         `json:"rule"`
	Title     string         `json:"title,omitempty"`
	Severity  rules.Severity `json:"severity"`
	Verdict   rules.Verdict  `json:"verdict"`
	Examined  int            `json:"examined"`
	Failed    int            `json:"failed"`
	Undecided int            `json:"undecided"`
	Unlisted  int            `json:"unlisted,omitempty"`
	Waived    int            `json:"waived,omitempty"`
	Excused   bool           `json:"excused,omitempty"`
	Reason    string         `json:"reason,omitempty"`
	Controls  []string       `json:"controls,omitempty"` // "framework control" to which the evidence is relevant

	Devices []DeviceVerdict `json:"devices,omitempty"`
}

// DeviceVerdict is what a requirement comes to for a declared device.
type DeviceVerdict struct {
	ID        string        `json:"id"`
	Role      string        `json:"role,omitempty"`
	Verdict   rules.Verdict `json:"verdict"`
	Examined  int           `json:"examined"`
	Failed    int           `json:"failed"`
	Undecided int           `json:"undecided"`
}

func newRequirement(q rules.Requirement) Requirement {
	r := Requirement{q.Rule, q.Title, q.Severity, q.Verdict, q.Examined, q.Failed, q.Undecided, q.Unlisted, q.Waived, q.Excused, q.Reason, q.Controls, nil}
	for _, v := range q.Devices {
		r.Devices = append(r.Devices, DeviceVerdict{v.Device.ID, string(v.Device.Role), v.Verdict, v.Examined, v.Failed, v.Undecided})
	}
	return r
}

// Headings of columns of numbers.
const (
	headExamined  = "EXAMINED"
	headFailed    = "FAILED"
	headUndecided = "UNDECIDED"
)

// requirementLayouts returns the table of requirements for screens from wide
// to narrow.
func requirementLayouts(list []Requirement) []grid {
	wide := grid{heads: []string{"VERDICT", "REQUIREMENT", headExamined, headFailed, headUndecided, "REASON"}}
	medium := grid{heads: []string{"VERDICT", "REQUIREMENT", "RESTS ON"}}
	narrow := grid{heads: []string{"VERDICT", "REQUIREMENT AND WHAT IT RESTS ON"}}
	for _, q := range list {
		verdict := cell{{Line(string(q.Verdict)), verdictStyle(q.Verdict)}}
		if q.Excused {
			verdict = append(verdict, line{"waived", dim})
		}
		id := line{Line(q.Rule), plain}
		var reason cell
		if q.Reason != "" {
			reason = cell{{Line(q.Reason), plain}}
		}
		number := func(n int) cell { return cell{{strconv.Itoa(n), plain}} }
		ground := reason
		if q.Examined+q.Undecided > 0 || q.Reason == "" {
			ground = append(cell{{restsOn(q), plain}}, reason...)
		}
		wide.rows = append(wide.rows, []cell{verdict, {id}, number(q.Examined), number(q.Failed), number(q.Undecided), reason})
		medium.rows = append(medium.rows, []cell{verdict, {id}, ground})
		narrow.rows = append(narrow.rows, []cell{verdict, append(cell{id}, ground...)})
	}
	return []grid{wide, medium, narrow}
}

// split tells the requirements that something was seen of from the rest.
func split(list []Requirement) (judged, rest []Requirement) {
	for _, q := range list {
		switch q.Verdict {
		case rules.NotObserved, rules.NotObservable, rules.NotApplicable:
			rest = append(rest, q)
		default:
			judged = append(judged, q)
		}
	}
	return judged, rest
}

// byRule returns the first requirement of each rule.
func byRule(a *Audit) map[string]*Requirement {
	m := make(map[string]*Requirement, len(a.Requirements))
	for i := range a.Requirements {
		if q := &a.Requirements[i]; m[q.Rule] == nil {
			m[q.Rule] = q
		}
	}
	return m
}

// unspoken returns the requirements of which the findings do not say all: those
// that did not fail, and failed ones of which violations are not listed.
func (a *Audit) unspoken() (list []*Requirement) {
	listed := map[string]bool{}
	for _, f := range a.Findings {
		listed[f.Rule] = listed[f.Rule] || f.Verdict == rules.Fail
	}
	for i := range a.Requirements {
		if q := &a.Requirements[i]; q.Verdict != rules.Fail || q.Unlisted > 0 || !listed[q.Rule] {
			list = append(list, q)
		}
	}
	return list
}

// unjudged lists requirements by their verdict and the reason for it, which many
// share.
func unjudged(list []Requirement) (lines []string) {
	for _, v := range verdicts() {
		var reasons []string
		ids := map[string][]string{}
		for _, q := range list {
			if q.Verdict == v.verdict {
				if ids[q.Reason] == nil {
					reasons = append(reasons, q.Reason)
				}
				ids[q.Reason] = append(ids[q.Reason], q.Rule)
			}
		}
		for _, reason := range reasons {
			line := capital(v.words) + ": " + strings.Join(ids[reason], ", ")
			if reason != "" {
				line += " (" + reason + ")"
			}
			lines = append(lines, Line(line))
		}
	}
	return lines
}

// restsOn writes the counts of a requirement.
func restsOn(q Requirement) string {
	parts := []string{thousands(uint64(q.Examined)) + " examined"}
	if q.Failed > 0 {
		parts = append(parts, thousands(uint64(q.Failed))+" failed")
	}
	if q.Undecided > 0 {
		parts = append(parts, thousands(uint64(q.Undecided))+" undecided")
	}
	return strings.Join(parts, ", ")
}

func verdictStyle(v rules.Verdict) style {
	switch v {
	case rules.Fail:
		return alarm
	case rules.Pass:
		return green
	case rules.Indeterminate:
		return yellow
	}
	return dim
}
