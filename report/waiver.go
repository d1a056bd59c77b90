package report

import (
	"fmt"
	"time"

	"spanaudit/rules"
)

// Waiver is a waiver of the policy. Days are written YYYY-MM-DD.
type Waiver struct {
	ID         string `json:"id"`
	Reason     string `json:"reason"`
	Owner      string `json:"owner"`
	ApprovedBy string `json:"approved_by"`
	Ticket     string `json:"ticket,omitempty"`
	Created    string `json:"created"`
	Expires    string `json:"expires"`
}

// WaiverUse is what became of a waiver.
type WaiverUse struct {
	Waiver
	Rule    string   `json:"rule"`
	Excused int      `json:"excused"`      // findings
	Again   int      `json:"failed_again"` // findings that it no longer excuses
	Remarks []string `json:"remarks"`
}

func newWaiver(w *rules.Waiver) Waiver {
	return Waiver{w.ID, w.Reason, w.Owner, w.ApprovedBy, w.Ticket, w.Created.Format(time.DateOnly), w.Expires.Format(time.DateOnly)}
}

func newWaiverUse(u rules.WaiverUse) WaiverUse {
	return WaiverUse{newWaiver(u.Waiver), u.Rule, u.Excused, u.Again, list(u.Remarks)}
}

// waived says by what and for how long a finding is waived.
func waived(w *Waiver) string {
	return fmt.Sprintf("waived until %s by %s: %s (approved by %s)", Line(w.Expires), Line(w.ID), Line(w.Reason), Line(w.ApprovedBy))
}

// waivers says what became of each waiver.
func waivers(uses []WaiverUse) []string {
	var lines []string
	for _, u := range uses {
		text := fmt.Sprintf("%s (%s)", Line(u.ID), Line(u.Rule))
		if u.Excused > 0 {
			text += fmt.Sprintf(" excuses %s until %s", count(u.Excused, "finding"), Line(u.Expires))
		}
		for i, remark := range u.Remarks {
			if i == 0 && u.Excused == 0 {
				text += " " + Line(remark)
			} else {
				text += "; " + Line(remark)
			}
		}
		lines = append(lines, text)
	}
	return lines
}
