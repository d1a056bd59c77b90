package report

import (
	"cmp"
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

// name returns what a host is best called.
func (d Device) name() string { return cmp.Or(d.ID, address(d.IP), d.MAC) }

func newDevice(h rules.Host) Device { return Device(h) }

// Line names the device in one line, written as by the function Line: id, role and
// address; "" where nothing of it is known.
func (d Device) Line() string { return inText(deviceLines(d)) }

// devices says of each declared device of which something was seen what the
// requirements come to for it.
func devices(a *Audit) []string {
	type standing struct {
		id      string
		verdict rules.Verdict
	}
	of := map[standing][]string{}
	for _, q := range a.Requirements {
		for _, v := range q.Devices {
			of[standing{v.ID, v.Verdict}] = append(of[standing{v.ID, v.Verdict}], q.Rule)
		}
	}
	var lines []string
	for _, d := range a.Policy.Devices {
		var parts []string
		for _, v := range verdicts() {
			switch list := of[standing{d.ID, v.verdict}]; {
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
