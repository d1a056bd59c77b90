package report

import (
	"fmt"
	"time"

	"spanaudit/rules"
)

// waiver is a policy's waiver in the document that JSON writes.
type waiver struct {
	ID         string `json:"id"`
	Reason     string `json:"reason"`
	Owner      string `json:"owner"`
	ApprovedBy string `json:"approved_by"`
	Ticket     string `json:"ticket,omitempty"`
	Created    string `json:"created"`
	Expires    string `json:"expires"`
}

type waiverUse struct {
	waiver
	Rule    string   `json:"rule"`
	Excused int      `json:"excused"`
	Again   int      `json:"failed_again"`
	Remarks []string `json:"remarks"`
}

func newWaiver(w *rules.Waiver) waiver {
	return waiver{w.ID, w.Reason, w.Owner, w.ApprovedBy, w.Ticket, w.Created.Format(time.DateOnly), w.Expires.Format(time.DateOnly)}
}

// waived says by what and for how long a finding is waived.
func waived(w *rules.Waiver) string {
	return fmt.Sprintf("waived until %s by %s: %s (approved by %s)", w.Expires.Format(time.DateOnly), Line(w.ID), Line(w.Reason), Line(w.ApprovedBy))
}

// waivers says what became of each waiver.
func waivers(uses []rules.WaiverUse) []string {
	var lines []string
	for _, u := range uses {
		text := fmt.Sprintf("%s (%s)", Line(u.ID), Line(u.Rule))
		if u.Excused > 0 {
			text += fmt.Sprintf(" excuses %s until %s", count(u.Excused, "finding"), u.Expires.Format(time.DateOnly))
		}
		for i, remark := range u.Remarks {
			if i == 0 && u.Excused == 0 {
				text += " " + remark
			} else {
				text += "; " + remark
			}
		}
		lines = append(lines, text)
	}
	return lines
}
