package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"spanaudit/rules"
)

// minWidth is the narrowest screen that is written for.
const minWidth = 60

// Screen is what a table is written for.
type Screen struct {
	Width int  // in cells; less than 60 is taken as 60
	Color bool // with the escape sequences of ECMA-48
}

// Table writes the audit for people: a head, the requirements, the findings
// and what limits both. It names no input and no frame, so that the same
// packets give the same text however they are divided into files. Text from
// the wire is written as by Line.
func Table(w io.Writer, a *Audit, o Screen) error {
	o.Width = max(o.Width, minWidth)
	p := &page{screen: o}
	p.paragraph("", head(a))
	p.title("Requirements")
	judged, rest := split(a.Requirements)
	if len(judged) > 0 {
		p.table(requirementLayouts(judged))
	}
	p.title("Findings")
	if len(a.Findings) == 0 {
		p.paragraph("", noFindings(a))
	} else {
		p.table(findingLayouts(a))
		p.paragraph("", "\nWhat to do about a finding: spanaudit rules show RULE\nHow it was decided, frame by frame: spanaudit explain --help")
	}
	if lines := devices(a); len(lines) > 0 {
		p.title("Declared devices")
		p.list(lines)
	}
	if len(a.Waivers) > 0 {
		p.title("Waivers")
		p.list(waivers(a.Waivers))
	}
	if len(rest) > 0 {
		p.title("Requirements that nothing was seen of, or that do not apply")
		p.list(unjudged(rest))
	}
	if len(a.Statements) > 0 {
		p.title("The source document")
		p.paragraph("", "The statements of "+rules.SourceDocument+"; spanaudit rules statements lists them.")
		p.list(statements(a.Statements))
	}
	p.title("Coverage")
	p.list(coverageLines(&a.Coverage))
	return write(w, p.text.Bytes(), p.err)
}

// FindingTable writes the findings alone as Table does or, where brief is set, each
// in a line without its sentence; nothing where there are none.
func FindingTable(w io.Writer, a *Audit, o Screen, brief bool) error {
	if len(a.Findings) == 0 {
		return nil
	}
	o.Width = max(o.Width, minWidth)
	p, layouts := &page{screen: o}, findingLayouts
	if brief {
		layouts = briefLayouts
	}
	p.table(layouts(a))
	return write(w, p.text.Bytes(), p.err)
}

// page is the text that has been laid out so far.
type page struct {
	screen Screen
	text   bytes.Buffer
	err    error // the first
}

func (p *page) title(text string) {
	fmt.Fprintf(&p.text, "\n%s\n", p.painted(text, bold))
}

// paragraph writes wrapped text, its first line behind a mark and the others
// as far in.
func (p *page) paragraph(mark, text string) {
	for _, line := range wrap(text, p.screen.Width-cells(mark)) {
		p.text.WriteString(mark + line + "\n")
		mark = strings.Repeat(" ", cells(mark))
	}
}

func (p *page) list(lines []string) {
	for _, line := range lines {
		p.paragraph("- ", line)
	}
}

// table writes the first of the layouts that has room.
func (p *page) table(layouts []grid) {
	for i, g := range layouts {
		if widths, fits := g.widths(p.screen.Width); fits || i == len(layouts)-1 {
			p.draw(g, widths)
			return
		}
	}
}

// draw renders a grid whose cells are wrapped here, because what tablewriter
// finds too long it may cut.
func (p *page) draw(g grid, widths []int) {
	var drawn bytes.Buffer
	t := tablewriter.NewTable(&drawn,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.Border{Left: tw.Off, Right: tw.Off, Top: tw.Off, Bottom: tw.Off},
			Symbols:  tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{Separators: tw.Separators{BetweenRows: state(g.ruled), BetweenColumns: tw.On}},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: g.alignment()}),
		tablewriter.WithEastAsian(tw.Off), // else the locale decides
	)
	t.Header(g.heads)
	for _, row := range g.rows {
		if err := t.Append(p.cells(row, widths)); err != nil && p.err == nil {
			p.err = err
		}
	}
	if err := t.Render(); err != nil && p.err == nil {
		p.err = err
	}
	for line := range strings.Lines(drawn.String()) {
		p.text.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

// cells wraps and paints a row's cells.
func (p *page) cells(row []cell, widths []int) []string {
	texts := make([]string, len(row))
	for i, c := range row {
		var lines []string
		for _, part := range c {
			for _, line := range wrap(part.text, widths[i]) {
				lines = append(lines, p.painted(line, part.style))
			}
		}
		texts[i] = strings.Join(lines, "\n")
	}
	return texts
}

func (p *page) painted(text string, s style) string { return p.screen.painted(text, s) }

func (o Screen) painted(text string, s style) string {
	if !o.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (g grid) alignment() []tw.Align {
	aligns := make([]tw.Align, len(g.heads))
	for i, head := range g.heads {
		aligns[i] = tw.AlignLeft
		if head == headExamined || head == headFailed || head == headUndecided {
			aligns[i] = tw.AlignRight
		}
	}
	return aligns
}

func state(on bool) tw.State {
	if on {
		return tw.On
	}
	return tw.Off
}

// cells returns how many cells of a terminal the text takes.
func cells(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }
