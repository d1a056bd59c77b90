package report

import (
	"strings"

	"spanaudit/rules"
)

// Statement is the verdict on a statement of the source document.
type Statement struct {
	ID      string        `json:"id"`
	Says    string        `json:"says"`
	Verdict rules.Verdict `json:"verdict"`
	Rules   []string      `json:"rules"`
	Reason  string        `json:"reason"`
}

func newStatement(s rules.StatementVerdict) Statement {
	return Statement{s.ID, s.Says, s.Verdict, list(s.Rules), s.Reason}
}

// statements lists the statements by verdict, the gravest first, and says why
// one is not observable.
func statements(all []Statement) []string {
	var lines []string
	for _, v := range verdicts() {
		var parts []string
		for _, s := range all {
			switch {
			case s.Verdict != v.verdict:
			case s.Verdict == rules.NotObservable:
				parts = append(parts, Line(s.ID+" ("+s.Reason+")"))
			default:
				parts = append(parts, Line(s.ID))
			}
		}
		if len(parts) > 0 {
			lines = append(lines, capital(v.words)+": "+strings.Join(parts, ", "))
		}
	}
	return lines
}
