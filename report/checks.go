package report

import (
	"io"
	"slices"
)

// Check is one thing that was examined, and what came out.
type Check struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Says  string `json:"says"`         // what was seen; it is written as by Line
	Do    string `json:"do,omitempty"` // what to do about it, if anything
}

// State is what came out of a Check.
type State string

// The states of a Check.
const (
	Right State = "ok"
	Wrong State = "wrong"
	Open  State = "open"         // not shown: neither right nor wrong
	Look  State = "look at this" // it may be meant, or may hide something
)

// Checks writes what was examined, then each problem, what to do, and in a sentence
// what it all comes to.
func Checks(w io.Writer, checks []Check, problems []string, summary string, o Screen) error {
	o.Width = max(o.Width, minWidth)
	p := &page{screen: o}
	g := grid{heads: []string{"CHECK", "RESULT", "WHAT WAS SEEN"}}
	for _, c := range checks {
		g.rows = append(g.rows, []cell{{{Line(c.Name), plain}}, {{string(c.State), c.State.style()}}, {{Line(c.Says), plain}}})
	}
	p.table([]grid{g})
	if len(problems) > 0 {
		p.title("What is wrong")
		for _, problem := range problems {
			p.paragraph("- ", Line(problem))
		}
	}
	if slices.ContainsFunc(checks, func(c Check) bool { return c.Do != "" }) {
		p.title("What to do")
	}
	for _, c := range checks {
		if c.Do != "" {
			p.paragraph("- ", Line(c.Name+": "+c.Do))
		}
	}
	p.text.WriteString("\n")
	p.paragraph("", Line(summary))
	return write(w, p.text.Bytes(), p.err)
}

func (s State) style() style {
	switch s {
	case Right:
		return green
	case Wrong:
		return alarm
	}
	return yellow
}
