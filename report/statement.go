package report

import (
	"strings"

	"spanaudit/rules"
)

// statements lists the statements by verdict, the gravest first, and says why
// one is not observable.
func statements(all []rules.StatementVerdict) []string {
	var lines []string
	for _, v := range verdicts() {
		var parts []string
		for _, s := range all {
			switch {
			case s.Verdict != v.verdict:
			case s.Verdict == rules.NotObservable:
				parts = append(parts, s.ID+" ("+s.Unseen+")")
			default:
				parts = append(parts, s.ID)
			}
		}
		if len(parts) > 0 {
			lines = append(lines, strings.ToUpper(v.words[:1])+v.words[1:]+": "+strings.Join(parts, ", "))
		}
	}
	return lines
}
