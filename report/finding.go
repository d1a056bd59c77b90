package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"spanaudit/rules"
)

// Finding is one violation. rules.Finding says what each part means.
type Finding struct {
	ID       string         `json:"id"`
	Rule     string         `json:"rule"`
	Severity rules.Severity `json:"severity"`
	Verdict  rules.Verdict  `json:"verdict"`
	Message  string         `json:"message"`
	Device   Device         `json:"device"`
	Peer     Peer           `json:"peer,omitzero"`
	First    Instant        `json:"first,omitzero"`
	Last     Instant        `json:"last,omitzero"`
	Count    int            `json:"count"`
	Flows    []string       `json:"flows"` // Community IDs

	// Decoded is the flow record of the flow that Message speaks of, as
	// NewFlowWriter's writes it; nothing where no flow shows the violation.
	Decoded json.RawMessage `json:"decoded,omitempty"`

	Evidence    []Evidence `json:"evidence"`
	Context     []Evidence `json:"context,omitempty"` // frames of other flows that it rests on
	Controls    []string   `json:"controls"`
	Remediation string     `json:"remediation,omitempty"`
	Waiver      *Waiver    `json:"waiver,omitempty"`
}

// Peer is the other party of a finding.
type Peer struct {
	IP   netip.Addr `json:"ip,omitzero"`
	Port uint16     `json:"port,omitempty"`
	Name string     `json:"name,omitempty"`
}

// Line names the peer in one line, written as by the function Line: name, address
// and port; "" where there is none.
func (p Peer) Line() string { return inText(peerLines(p)) }

// Evidence is a frame that proves a finding.
type Evidence struct {
	File  string  `json:"file"`
	Frame uint64  `json:"frame"` // from 1
	Time  Instant `json:"time"`
	What  string  `json:"what,omitempty"` // the message in it
}

// NewFinding returns what is written of a finding that was judged by the policy.
func NewFinding(f *rules.Finding, inputs []Input, p *rules.Policy) Finding {
	return newFinding(f, inputs, func(a netip.Addr) rules.Trust { return p.ZoneOf(a).Trust })
}

// name returns what a peer is best called.
func (p Peer) name() string { return cmp.Or(p.Name, address(p.IP)) }

func newFinding(f *rules.Finding, inputs []Input, trust func(netip.Addr) rules.Trust) Finding {
	doc := Finding{
		ID: f.ID, Rule: f.Rule, Severity: f.Severity, Verdict: f.Verdict, Message: f.Message,
		Device: newDevice(f.Device), Peer: Peer(f.Peer),
		First: Instant(f.First), Last: Instant(f.Last), Count: f.Count,
		Flows: list(f.Flows), Evidence: []Evidence{}, Controls: list(f.Controls),
		Remediation: f.Remediation,
	}
	if f.Waiver != nil {
		w := newWaiver(f.Waiver)
		doc.Waiver = &w
	}
	doc.Evidence = append(doc.Evidence, located(f.Evidence, inputs)...)
	doc.Context = located(f.Context, inputs)
	if f.Record != nil {
		var line jsonLine
		(&ecs{trust: trust}).record(&line, f.Record)
		doc.Decoded = json.RawMessage(line)
	}
	return doc
}

// located names the frames by their inputs.
func located(list []rules.Evidence, inputs []Input) (frames []Evidence) {
	for _, e := range list {
		if e.Frame.Number == 0 {
			continue
		}
		file := ""
		if e.Frame.Input < len(inputs) {
			file = inputs[e.Frame.Input].Name
		}
		frames = append(frames, Evidence{file, e.Frame.Number, Instant(e.Frame.Time), e.What})
	}
	return frames
}

// findingLayouts returns the table of findings for screens from wide to narrow.
func findingLayouts(a *Audit) []grid {
	const sentence = "WHAT WAS SEEN AND WANTED"
	wide := grid{heads: []string{"SEVERITY", "RULE", "DEVICE", "PEER", "TIME (UTC)", sentence}, ruled: true}
	medium := grid{heads: []string{"SEVERITY", "RULE, DEVICE, PEER, TIME (UTC)", sentence}, ruled: true}
	stacked := grid{heads: []string{"SEVERITY", "FINDING (TIMES ARE UTC)"}, ruled: true}
	narrow := grid{heads: []string{"FINDING (TIMES ARE UTC)"}, ruled: true}
	for i := range a.Findings {
		f := &a.Findings[i]
		paint := severityStyle(f.Severity)
		severity := cell{{f.Severity.String(), paint}}
		if f.Verdict != rules.Fail {
			severity = append(severity, line{Line(string(f.Verdict)), verdictStyle(f.Verdict)})
		}
		if f.Waiver != nil {
			severity = append(severity, line{"waived", dim})
		}
		rule, device, peer, seen := Line(f.Rule), deviceLines(f.Device), peerLines(f.Peer), seenLines(f, a.Period)
		said := cell{{message(f), plain}}
		wide.rows = append(wide.rows, []cell{severity, {{rule, plain}}, device, peer, seen, said})

		parties := slices.Concat(inLine("", device, " "), inLine("with ", peer, " "))
		lines := slices.Concat(cell{{rule, bold}}, parties, inLine("", seen, ", "))
		medium.rows = append(medium.rows, []cell{severity, lines, said})

		body := slices.Concat(said, inLine("", slices.Concat(inLine("", parties, " "), seen), ", "))
		stacked.rows = append(stacked.rows, []cell{severity, slices.Concat(cell{{rule, bold}}, body)})
		title := cell{{severity.joined(", ") + ": " + rule, paint}}
		narrow.rows = append(narrow.rows, []cell{slices.Concat(title, body)})
	}
	return []grid{wide, medium, stacked, narrow}
}

// briefLayouts has a line for each finding.
func briefLayouts(a *Audit) []grid {
	g := grid{heads: []string{"SEVERITY", "LAST (UTC)", "SEEN", "RULE", "DEVICE", "PEER"}}
	for i := range a.Findings {
		f := &a.Findings[i]
		grade, last := f.Severity.String(), ""
		if f.Waiver != nil {
			grade += ", waived"
		} else if f.Verdict != rules.Fail {
			grade += ", " + Line(string(f.Verdict))
		}
		if f.Last != 0 {
			last = f.Last.UTC().Format(time.TimeOnly)
		}
		row := []cell{{{grade, severityStyle(f.Severity)}}, {{last, plain}}, {{strconv.Itoa(f.Count), plain}}, {{Line(f.Rule), bold}}}
		for _, party := range []cell{deviceLines(f.Device), peerLines(f.Peer)} {
			row = append(row, party[:min(len(party), 1)])
		}
		g.rows = append(g.rows, row)
	}
	return []grid{g}
}

// inLine puts the lines of a cell into one; a cell without any stays so.
func inLine(before string, c cell, between string) cell {
	if len(c) == 0 {
		return nil
	}
	return cell{{before + c.joined(between), plain}}
}

// joined returns the text of a cell's lines.
func (c cell) joined(between string) string {
	return strings.Join(mapped(c, func(l line) string { return l.text }), between)
}

func deviceLines(h Device) cell {
	var c cell
	switch {
	case h.ID != "" && h.Role != "" && h.Role != h.ID:
		c = append(c, line{fmt.Sprintf("%s (%s)", Line(h.ID), Line(h.Role)), plain})
	case h.ID != "":
		c = append(c, line{Line(h.ID), plain})
	}
	if h.IP.IsValid() {
		return append(c, line{Line(h.IP.String()), plain}) // it may have a zone
	}
	if h.MAC != "" {
		c = append(c, line{Line(h.MAC), plain})
	}
	return c
}

func peerLines(p Peer) cell {
	var c cell
	if p.Name != "" && p.Name != p.IP.String() {
		c = append(c, line{Line(p.Name), plain})
	}
	switch {
	case p.IP.IsValid() && p.Port != 0:
		c = append(c, line{Line(netip.AddrPortFrom(p.IP, p.Port).String()), plain})
	case p.IP.IsValid():
		c = append(c, line{Line(p.IP.String()), plain})
	}
	return c
}

// seenLines says when a finding was seen and how often. The day is left out
// where the audit has only one.
func seenLines(f *Finding, p *Period) cell {
	if f.First == 0 && f.Last == 0 {
		return nil
	}
	layout := time.DateTime
	if p != nil && day(p.Start) == day(p.End) && day(f.First) == day(p.Start) && day(f.Last) == day(p.Start) {
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

func day(t Instant) string { return t.UTC().Format(time.DateOnly) }

func message(f *Finding) string {
	text := Line(f.Message)
	if f.Waiver != nil {
		text += "\n" + waived(f.Waiver)
	}
	return text
}

// noFindings says what it is worth that nothing was found.
func noFindings(a *Audit) string {
	text := fmt.Sprintf("No violation was observed in %s.", count(a.Coverage.Flows, "flow"))
	if _, rest := split(a.Requirements); len(rest) > 0 {
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
