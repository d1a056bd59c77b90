package report

import (
	"strings"

	"spanaudit/rules"
)

// FindingLine returns a finding as one line for people, without a line break at
// its end: severity, rule, device, peer and what was seen and wanted. It is not
// cut to the screen's width; text from the wire is written as by Line.
func FindingLine(f *Finding, o Screen) string {
	grade := strings.ToUpper(f.Severity.String())
	if f.Verdict != rules.Fail {
		grade += " " + Line(string(f.Verdict))
	}
	var parties []string
	for _, c := range []cell{deviceLines(f.Device), peerLines(f.Peer)} {
		for _, l := range inLine("", c, " ") {
			parties = append(parties, l.text)
		}
	}
	text := o.painted(grade, severityStyle(f.Severity)) + " " + o.painted(Line(f.Rule), bold)
	if len(parties) > 0 {
		text += " " + strings.Join(parties, " → ")
	}
	text += ": " + Line(f.Message)
	if f.Waiver != nil {
		text += " (" + waived(f.Waiver) + ")"
	}
	return text
}
