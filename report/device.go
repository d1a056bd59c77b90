package report

import (
	"fmt"
	"strings"

	"spanaudit/rules"
)

// devices says of each declared device of which something was seen what the
// requirements come to for it.
func devices(r *rules.Report) []string {
	if r.Policy == nil {
		return nil
	}
	var lines []string
	for _, d := range r.Policy.Devices {
		by := map[rules.Verdict][]string{}
		for _, q := range r.Requirements {
			for _, v := range q.Devices {
				if v.Device == d {
					by[v.Verdict] = append(by[v.Verdict], q.Rule)
				}
			}
		}
		var parts []string
		for _, v := range verdicts() {
			switch list := by[v.verdict]; {
			case len(list) == 0:
			case v.verdict == rules.Pass:
				parts = append(parts, fmt.Sprintf("%s %d", v.words, len(list)))
			default:
				parts = append(parts, fmt.Sprintf("%s %d (%s)", v.words, len(list), strings.Join(list, ", ")))
			}
		}
		if len(parts) > 0 {
			lines = append(lines, Line(fmt.Sprintf("%s (%s): %s", d.ID, d.Role, strings.Join(parts, "; "))))
		}
	}
	return lines
}
