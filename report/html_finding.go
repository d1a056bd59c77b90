package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spanaudit/rules"
)

// htmlFinding is a finding as the page shows it.
type htmlFinding struct {
	Finding
	Anchor   string // the id of its element
	Title    string // of its rule
	RuleID   string
	Of       string // the device by which it can be filtered
	Parties  string // the device and its peer
	Seen     string // when and how often, for the head
	When     string // the same, so that it can be found in a capture
	Controls string
	Excerpts []htmlExcerpt
	Ties     []htmlExcerpt // frames of other flows that it rests on
	Record   string        // what was decoded of the flow that Message speaks of
}

// htmlExcerpt is what was read out of one input: a list and not a table, because
// there can be very many.
type htmlExcerpt struct {
	File    string
	Caption string
	Frames  []string // its number, when it came, how long after the first, and what it is
	Filter  string   // for Wireshark
}

// FindingList returns the findings in the audit's order. It is made once.
func (p *htmlPage) FindingList() []htmlFinding {
	if p.findings != nil {
		return p.findings
	}
	var seen anchors
	controls := map[string]string{}
	p.findings = make([]htmlFinding, 0, len(p.Findings))
	for _, f := range p.Findings {
		joined := strings.Join(f.Controls, "\n")
		if _, known := controls[joined]; !known {
			controls[joined] = frameworks(f.Controls)
		}
		p.findings = append(p.findings, htmlFinding{
			Finding: f, Anchor: seen.id("finding", f.ID), Title: p.docs[f.Rule].Title, RuleID: p.ruleIDs[f.Rule],
			Of: filterName(f.Device), Parties: parties(&f), Seen: seenText(&f, p.Period), When: whenSeen(&f),
			Controls: controls[joined], Excerpts: excerpts(f.Evidence), Ties: excerpts(f.Context), Record: flowFacts(f.Decoded),
		})
	}
	return p.findings
}

// htmlSeverity is the findings of one severity.
type htmlSeverity struct {
	ID, Name string
	Findings []*htmlFinding
}

// BySeverity returns the findings, the gravest first.
func (p *htmlPage) BySeverity() []htmlSeverity {
	all := p.FindingList()
	var list []htmlSeverity
	for s := rules.Critical; s >= rules.Info; s-- {
		group := htmlSeverity{ID: severityID(s), Name: s.String()}
		for i := range all {
			if all[i].Severity == s {
				group.Findings = append(group.Findings, &all[i])
			}
		}
		if len(group.Findings) > 0 {
			list = append(list, group)
		}
	}
	return list
}

// NoFindings says what it is worth that nothing was found.
func (p *htmlPage) NoFindings() string { return noFindings(p.Audit) }

// maxChoices bounds what a filter offers to choose from; text finds the rest.
const maxChoices = 200

// FilterRules returns the rules that findings are of.
func (p *htmlPage) FilterRules() []string {
	return p.choices(func(f *htmlFinding) string { return f.Rule })
}

// FilterDevices returns the devices that findings are about.
func (p *htmlPage) FilterDevices() []string {
	return p.choices(func(f *htmlFinding) string { return f.Of })
}

func (p *htmlPage) choices(of func(*htmlFinding) string) []string {
	seen := map[string]bool{}
	var list []string
	all := p.FindingList()
	for i := range all {
		if choice := of(&all[i]); choice != "" && !seen[choice] && len(list) < maxChoices {
			seen[choice] = true
			list = append(list, choice)
		}
	}
	slices.Sort(list)
	return list
}

// filterName names a device in as little as tells it from others.
func filterName(d Device) string {
	switch {
	case d.ID != "":
		return d.ID
	case d.IP.IsValid():
		return d.IP.String()
	}
	return d.MAC
}

// excerpts lists frames by the input that they are of, in the order given.
func excerpts(evidence []Evidence) []htmlExcerpt {
	var list []htmlExcerpt
	for _, part := range framesByFile(evidence) {
		var frames []Evidence
		for _, e := range evidence {
			if e.File == part.file {
				frames = append(frames, e)
			}
		}
		x := newExcerpt(part.file, frames)
		x.Filter = "frame.number in {" + part.list() + "}"
		list = append(list, x)
	}
	return list
}

func newExcerpt(file string, frames []Evidence) htmlExcerpt {
	x := htmlExcerpt{File: file, Caption: fmt.Sprintf("Frames of %s, from %s:", file, dated(frames[0].Time))}
	wide := 0
	for _, e := range frames {
		wide = max(wide, len(strconv.FormatUint(e.Frame, 10)))
	}
	for _, e := range frames {
		x.Frames = append(x.Frames, fmt.Sprintf("%*d  %s  %s  %s%s", wide, e.Frame, e.Time.UTC().Format("15:04:05.000000"), since(frames[0].Time, e.Time), e.What, shows(e.What)))
	}
	return x
}

// since writes the seconds from one time to another.
func since(from, to Instant) string { return fmt.Sprintf("%+.6f s", float64(to-from)/1e9) }

// deviceText names a device in a line.
func deviceText(d Device) string {
	if text := d.Line(); text != "" {
		return text
	}
	return "the capture"
}

// parties names the device and its peer.
func parties(f *Finding) string {
	if peer := peerText(f.Peer); peer != "" {
		return deviceText(f.Device) + " with " + peer
	}
	return deviceText(f.Device)
}

// whenSeen says how often a finding was seen, and when.
func whenSeen(f *Finding) string {
	text := capital(countTimes(f.Count))
	if f.First != 0 || f.Last != 0 {
		text += fmt.Sprintf("; first %s, last %s UTC", exactly(f.First), exactly(f.Last))
	}
	return text
}

// peerText names a peer in a line, "" where there is none.
func peerText(p Peer) string { return p.Line() }

// seenText says when a finding was seen and how often, "" where that is not known.
func seenText(f *Finding, p *Period) string {
	if c := inLine("", seenLines(f, p), ", "); len(c) > 0 {
		return c[0].text
	}
	return ""
}

// inText puts the lines of a cell into one.
func inText(c cell) string {
	if len(c) == 0 {
		return ""
	}
	return inLine("", c, " ")[0].text
}
