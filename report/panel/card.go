package panel

import (
	"cmp"
	"slices"

	"spanaudit/report"
	"spanaudit/rules"
)

// card is a finding as the page shows it. Its text is as report.Line writes it.
type card struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Verdict  string `json:"verdict,omitempty"` // in words; empty of a plain failure
	Class    string `json:"class,omitempty"`   // of the verdict
	Rule     string `json:"rule"`
	Message  string `json:"message"`
	Parties  string `json:"parties"`
	Seen     string `json:"seen"`
	Waived   bool   `json:"waived,omitempty"`
}

// newCard bounds what a finding takes: some 1 kB.
func newCard(f *report.Finding) card {
	c := card{
		ID: clip(f.ID, 80), Severity: f.Severity.String(), Rule: clip(f.Rule, 80), Message: clip(f.Message, 600),
		Parties: clip(f.Device.Line(), 200), Waived: f.Waiver != nil,
	}
	if f.Verdict != rules.Fail {
		_, v := verdictOf(f.Verdict)
		c.Verdict, c.Class = v.words, v.class
	}
	if peer := clip(f.Peer.Line(), 300); peer != "" {
		if c.Parties != "" {
			c.Parties += " with "
		}
		c.Parties += peer
	}
	switch {
	case f.First == 0 && f.Last == 0:
		c.Seen = "over the whole capture"
	case f.Count > 1:
		c.Seen = instant(f.First.UTC()) + " UTC, " + counted(f.Count, "time") + ", last " + instant(f.Last.UTC()) + " UTC"
	default:
		c.Seen = instant(f.First.UTC()) + " UTC"
	}
	return c
}

// newest lists findings as the page shows them, at most so many: those that were
// told, the last first, then the others of the audit, the last seen first.
func newest(told []card, a *report.Audit, most int) []card {
	list := slices.Clone(told)
	slices.Reverse(list)
	seen := map[string]bool{}
	list = slices.DeleteFunc(list, func(c card) bool {
		again := seen[c.ID]
		seen[c.ID] = true
		return again
	})
	if a != nil {
		byTime := make([]*report.Finding, len(a.Findings))
		for i := range a.Findings {
			byTime[i] = &a.Findings[i]
		}
		slices.SortStableFunc(byTime, func(x, y *report.Finding) int { return cmp.Compare(y.First, x.First) })
		for _, f := range byTime {
			if len(list) >= most {
				break
			}
			if c := newCard(f); !seen[c.ID] {
				list = append(list, c)
			}
		}
	}
	return list[:min(len(list), most)]
}
