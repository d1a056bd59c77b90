package report

// grid is a table before it is drawn. Its last column takes the room that the
// others leave.
type grid struct {
	heads []string
	rows  [][]cell
	ruled bool // a line between rows
}

// cell is the lines of one cell, each in its style; a line too long for the
// column is wrapped.
type cell []line

type line struct {
	text  string
	style style
}

// style is the parameter of an ECMA-48 SGR sequence.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
	alarm  style = "1;31"
)

// Bounds of a column's width in cells.
const (
	maxColumn = 34 // of all but the last, unless a word needs more
	minLast   = 28
	cellFrame = 3 // padding on both sides and the line between columns
)

// widths lays out the columns within the width of a screen and reports whether
// the last one gets what it needs.
func (g grid) widths(screen int) (widths []int, fits bool) {
	last := len(g.heads) - 1
	room := screen - cellFrame*last - 2
	for i := range last {
		natural, word := g.measure(i)
		w := min(natural, max(word, maxColumn))
		widths = append(widths, w)
		room -= w
	}
	natural, word := g.measure(last)
	need := min(natural, max(word, minLast))
	return append(widths, max(min(natural, room), 1)), room >= need
}

// measure returns the width of a column's widest line and that of its widest
// word that must stay whole.
func (g grid) measure(column int) (natural, word int) {
	natural = cells(g.heads[column])
	word = natural
	for _, row := range g.rows {
		for _, l := range row[column] {
			natural = max(natural, widest(l.text))
			word = max(word, longestWord(l.text))
		}
	}
	return natural, word
}
