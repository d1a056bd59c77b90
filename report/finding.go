package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

// findingLayouts returns the table of findings for screens from wide to narrow.
func findingLayouts(r *rules.Report) []grid {
	const sentence = "WHAT WAS SEEN AND WANTED"
	wide := grid{heads: []string{"SEVERITY", "RULE", "DEVICE", "PEER", "TIME (UTC)", sentence}, ruled: true}
	medium := grid{heads: []string{"SEVERITY", "RULE, DEVICE, PEER, TIME (UTC)", sentence}, ruled: true}
	stacked := grid{heads: []string{"SEVERITY", "FINDING (TIMES ARE UTC)"}, ruled: true}
	narrow := grid{heads: []string{"FINDING (TIMES ARE UTC)"}, ruled: true}
	for i := range r.Findings {
		f := &r.Findings[i]
		paint := severityStyle(f.Severity)
		severity := cell{{f.Severity.String(), paint}}
		if f.Verdict != rules.Fail {
			severity = append(severity, line{string(f.Verdict), verdictStyle(f.Verdict)})
		}
		if f.Waiver != nil {
			severity = append(severity, line{"waived", dim})
		}
		rule, device, peer, seen := Line(f.Rule), deviceLines(f.Device), peerLines(f.Peer), seenLines(f, r)
		said := cell{{message(f), plain}}
		wide.rows = append(wide.rows, []cell{severity, {{rule, plain}}, device, peer, seen, said})

		parties := slices.Concat(inLine("", device, " "), inLine("with ", peer, " "))
		lines := slices.Concat(cell{{rule, bold}}, parties, inLine("", seen, ", "))
		medium.rows = append(medium.rows, []cell{severity, lines, said})

		body := slices.Concat(said, inLine("", slices.Concat(inLine("", parties, " "), seen), ", "))
		stacked.rows = append(stacked.rows, []cell{severity, slices.Concat(cell{{rule, bold}}, body)})
		title := cell{{inLine("", severity, ", ")[0].text + ": " + rule, paint}}
		narrow.rows = append(narrow.rows, []cell{slices.Concat(title, body)})
	}
	return []grid{wide, medium, stacked, narrow}
}

// inLine puts the lines of a cell into one; a cell without any stays so.
func inLine(before string, c cell, between string) cell {
	if len(c) == 0 {
		return nil
	}
	texts := make([]string, len(c))
	for i, l := range c {
		texts[i] = l.text
	}
	return cell{{before + strings.Join(texts, between), plain}}
}

func deviceLines(h rules.Host) cell {
	var c cell
	switch {
	case h.ID != "" && h.Role != "" && h.Role != h.ID:
		c = append(c, line{fmt.Sprintf("%s (%s)", Line(h.ID), Line(h.Role)), plain})
	case h.ID != "":
		c = append(c, line{Line(h.ID), plain})
	}
	if h.IP.IsValid() {
		return append(c, line{h.IP.String(), plain})
	}
	if h.MAC != "" {
		c = append(c, line{Line(h.MAC), plain})
	}
	return c
}

func peerLines(p rules.Peer) cell {
	var c cell
	if p.Name != "" && p.Name != p.IP.String() {
		c = append(c, line{Line(p.Name), plain})
	}
	switch {
	case p.IP.IsValid() && p.Port != 0:
		c = append(c, line{netip.AddrPortFrom(p.IP, p.Port).String(), plain})
	case p.IP.IsValid():
		c = append(c, line{p.IP.String(), plain})
	}
	return c
}

// seenLines says when a finding was seen and how often. The day is left out
// where the audit has only one.
func seenLines(f *rules.Finding, r *rules.Report) cell {
	if f.First == 0 && f.Last == 0 {
		return nil
	}
	layout := time.DateTime
	if day(r.Start) == day(r.End) && day(f.First) == day(r.Start) && day(f.Last) == day(r.Start) {
		layout = time.TimeOnly
	}
	first, last := f.First.UTC().Format(layout), f.Last.UTC().Format(layout)
	c := cell{{first, plain}}
	if last != first {
		c = cell{{first + " to " + last, plain}}
	}
	if f.Count > 1 {
		c = append(c, line{thousands(uint64(f.Count)) + " times", plain})
	}
	return c
}

func day(t flow.Time) string { return t.UTC().Format(time.DateOnly) }

func message(f *rules.Finding) string {
	text := Line(f.Message)
	if f.Waiver != nil {
		text += "\n" + waived(f.Waiver)
	}
	return text
}

// noFindings says what it is worth that nothing was found.
func noFindings(r *rules.Report) string {
	text := fmt.Sprintf("No violation was observed in %s.", count(r.Coverage.Flows, "flow"))
	if _, rest := split(r.Requirements); len(rest) > 0 {
		text += " What was not observed is not shown to hold."
	}
	return text
}

func severityStyle(s rules.Severity) style {
	switch s {
	case rules.Critical:
		return alarm
	case rules.High:
		return red
	case rules.Medium:
		return yellow
	case rules.Low:
		return cyan
	}
	return plain
}
