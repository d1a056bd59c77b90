package report

import (
	"slices"
	"strings"

	"spanaudit/flow"
	"spanaudit/rules"
)

// compliance is the verdict on a rule. The rule is the check that was carried
// out; the controls are those to which its evidence is relevant.
func (o *ocsfWriter) compliance(rule string, verdict rules.Verdict, controls []string) ocsfCompliance {
	doc := o.docs[rule]
	c := ocsfCompliance{Control: rule, Requirements: controls, StatusCode: string(verdict)}
	c.StatusID, c.Status = ocsfStatus(verdict)
	for _, control := range controls {
		if f := o.framework(control); f != "" && !slices.Contains(c.Standards, f) {
			c.Standards = append(c.Standards, f)
		}
	}
	check := ocsfCheck{UID: rule, Name: doc.Title, Description: doc.Checks, StatusID: c.StatusID, Status: c.Status, Standards: c.Standards}
	severity := doc.Severity
	if q := o.standing[rule]; q != nil {
		severity = q.Severity
	}
	check.SeverityID, check.Severity = ocsfSeverity(severity)
	c.Checks = []ocsfCheck{check}
	return c
}

// framework returns the framework that a control is of.
func (o *ocsfWriter) framework(control string) string {
	for _, f := range o.frameworks {
		if strings.HasPrefix(control, f+" ") {
			return f
		}
	}
	return ""
}

// ocsfStatus returns the status of a check. OCSF's Warning is a check without a
// result for want of information, which an undecided one is; that nothing was
// seen, or that nothing can be, is told apart from it.
func ocsfStatus(v rules.Verdict) (int, string) {
	switch v {
	case rules.Pass:
		return 1, "Pass"
	case rules.Indeterminate:
		return 2, "Warning"
	case rules.Fail:
		return 3, "Fail"
	case rules.NotObserved:
		return ocsfOther, "Not Observed"
	case rules.NotObservable:
		return ocsfOther, "Not Observable"
	case rules.NotApplicable:
		return ocsfOther, "Not Applicable"
	}
	return ocsfUnknown, "Unknown"
}

func ocsfSeverity(s rules.Severity) (int, string) {
	switch s {
	case rules.Info:
		return ocsfInformational, "Informational"
	case rules.Low:
		return 2, "Low"
	case rules.Medium:
		return 3, "Medium"
	case rules.High:
		return 4, "High"
	case rules.Critical:
		return 5, "Critical"
	}
	return ocsfUnknown, "Unknown"
}

func instantMillis(t Instant) int64 { return millis(flow.Time(t)) }
