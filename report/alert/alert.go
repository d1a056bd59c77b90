// Package alert tells findings while an audit goes on: which of them, in what
// form, and where to. It is fed by one goroutine and never makes it wait.
package alert

import (
	"fmt"
	"time"

	"spanaudit/report"
	"spanaudit/rules"
)

// Schema names the form of an Alert.
const Schema = "spanaudit/alert/v1"

// Kind says why an alert is told.
type Kind string

const (
	New    Kind = "new"    // the finding was not told before
	Graver Kind = "graver" // its severity rose, or what was undecided failed
	Again  Kind = "again"  // it went on; told at intervals, with what happened since
)

// Alert is a finding that is told. A Ledger makes them.
type Alert struct {
	Schema string         `json:"schema"`
	Time   report.Instant `json:"time"` // by the clock that the Ledger is given
	Kind   Kind           `json:"kind"`
	Sensor string         `json:"sensor,omitempty"`
	Site   string         `json:"site,omitempty"`
	Policy string         `json:"policy,omitempty"`

	// Was is the severity that was told before, of an alert that is graver.
	Was *rules.Severity `json:"was,omitempty"`

	// Since counts what the finding's Count counts since the alert before;
	// Count is all of it, and Last the time of the last.
	Since int `json:"since"`

	// Finding is in full but for an alert that Due told, which leaves out
	// flows, frames, decoded record, controls and remediation: the alert before
	// had them.
	report.Finding
}

// Origin is what all alerts of one sensor say of where they come from.
type Origin struct {
	Sensor string // the name of the sensor, such as its host name
	Site   string
	Policy string // its name
}

// NDJSON returns the alert as one line of JSON with a line feed at its end. Keys
// are spelled as in an audit. No character in it is invisible.
func NDJSON(a *Alert) ([]byte, error) { return report.DocumentLine(a) }

// Text returns the alert as one line for people, without a line break at its end.
func Text(a *Alert, o report.Screen) string {
	text := a.Time.UTC().Format(time.DateTime) + "Z " + report.FindingLine(&a.Finding, o)
	if more := a.more(); more != "" {
		text += " (" + more + ")"
	}
	return text
}

// more says in words what an alert adds to those before it.
func (a *Alert) more() string {
	switch {
	case a.Kind == Graver && a.Was != nil && *a.Was != a.Severity:
		return "graver: was " + a.Was.String()
	case a.Kind == Graver:
		return "graver: was undecided"
	case a.Kind == Again:
		return fmt.Sprintf("%d more, %d in all, last at %sZ", a.Since, a.Count, a.Last.UTC().Format(time.DateTime))
	}
	return ""
}
