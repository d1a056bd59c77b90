package report

import (
	"fmt"
	"net/netip"
	"strings"

	"spanaudit/rules"
)

// Device is a local host. rules.Host says what each part means.
type Device struct {
	ID   string     `json:"id,omitempty"`
	IP   netip.Addr `json:"ip,omitzero"`
	MAC  string     `json:"mac,omitempty"`
	Role string     `json:"role,omitempty"`

	KnownBy string `json:"known_by,omitempty"`
}

func newDevice(h rules.Host) Device { return Device(h) }

// devices says of each declared device of which something was seen what the
// requirements come to for it.
func devices(a *Audit) []string {
	var lines []string
	for _, d := range a.Policy.Devices {
		by := map[rules.Verdict][]string{}
		for _, q := range a.Requirements {
			for _, v := range q.Devices {
				if v.ID == d.ID {
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
