package main

import (
	"os"

	"golang.org/x/term"

	"spanaudit/report"
)

// defaultWidth is the width of tables that are not written to a terminal.
const defaultWidth = 100

// terminalOf returns the descriptor of a stream that is a terminal.
func terminalOf(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok || f == nil {
		return 0, false
	}
	return int(f.Fd()), term.IsTerminal(int(f.Fd()))
}

// screenOf returns the width of the terminal that out is, and whether colour
// is wanted there (https://no-color.org).
func screenOf(out any, getenv func(string) string) report.Screen {
	fd, ok := terminalOf(out)
	if !ok {
		return report.Screen{Width: defaultWidth}
	}
	width, _, err := term.GetSize(fd)
	if err != nil || width <= 0 {
		width = defaultWidth
	}
	return report.Screen{Width: width, Color: getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}
