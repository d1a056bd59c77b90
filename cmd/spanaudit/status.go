package main

import "spanaudit/rules"

// The exit statuses.
const (
	statusDone       = 0 // nothing at or above --fail-on
	statusViolations = 1
	statusUsage      = 2 // wrong use, an invalid policy, or a place that cannot be written to
	statusUnread     = 3 // an input could not be read whole; the report of the rest was written
	statusUndecided  = 4 // with --strict: nothing failed, but something could not be decided
)

// never is a --fail-on that no violation reaches.
const never = rules.Critical + 1

// auditStatus returns the exit status of an audit that was carried out. A
// waived finding fails nothing.
func auditStatus(r *rules.Report, unread bool, failOn rules.Severity, strict bool) int {
	if unread {
		return statusUnread
	}
	for _, f := range r.Findings {
		if f.Verdict == rules.Fail && f.Waiver == nil && f.Severity >= failOn {
			return statusViolations
		}
	}
	for _, q := range r.Requirements {
		if q.Unlisted > 0 && q.Worst >= failOn {
			return statusViolations // beyond those listed, which may all be waived
		}
	}
	for _, q := range r.Requirements {
		if strict && q.Verdict == rules.Indeterminate {
			return statusUndecided
		}
	}
	return statusDone
}
