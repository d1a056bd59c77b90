package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"spanaudit/report"
	"spanaudit/report/panel"
)

// board is a table on a terminal of how a watch stands, drawn again each second on
// the terminal's other screen (xterm's, as editors use it). It is a writer of what
// is said meanwhile: the last lines of that stand below, and all of it is written to
// stderr in the end. The nil board is none.
type board struct {
	out    io.Writer
	fd     int
	getenv func(string) string
	stderr io.Writer

	mu    sync.Mutex
	said  []string    // lines
	lost  int         // of them, for which there was no room
	last  panel.State // that was shown
	rates [2]float64  // packets and bytes a second
}

const (
	maxSaid  = 1000 // lines that are kept until the end
	saidShow = 3    // of them that are shown
)

// openBoard begins to draw on a terminal; nil where out is none that can be drawn
// on.
func openBoard(w world) *board {
	fd, ok := terminalOf(w.stdout)
	if !ok || w.getenv("TERM") == "dumb" {
		return nil
	}
	b := &board{out: w.stdout, fd: fd, getenv: w.getenv, stderr: w.stderr}
	io.WriteString(b.out, "\x1b[?1049h\x1b[?25l\x1b[2J") // other screen, no cursor, blank
	return b
}

// Write implements io.Writer.
func (b *board) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(string(text)) {
		if len(b.said) == maxSaid {
			b.said = slices.Delete(b.said, 0, 1)
			b.lost++
		}
		b.said = append(b.said, strings.TrimRight(line, "\n"))
	}
	return len(text), nil
}

// show draws how the watch stands.
func (b *board) show(st panel.State) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if past := st.At.Sub(b.last.At).Seconds(); !b.last.At.IsZero() && past > 0 {
		b.rates = [2]float64{float64(st.Packets-b.last.Packets) / past, float64(st.Bytes-b.last.Bytes) / past}
	}
	b.last = st
	screen, rows := screenOf(b.out, b.getenv), 24
	if _, n, err := term.GetSize(b.fd); err == nil && n > 0 {
		rows = n
	}
	said := b.said[max(0, len(b.said)-saidShow):]
	lines := append(b.head(screen), "")
	lines = append(lines, b.findings(screen, rows-len(lines)-len(said)-1, true)...)
	for len(lines) < rows-len(said) {
		lines = append(lines, "")
	}
	for _, line := range said {
		lines = append(lines, shorten(report.Line(line), screen.Width))
	}
	var drawn bytes.Buffer
	drawn.WriteString("\x1b[H")
	for i, line := range lines[:min(len(lines), rows)] {
		if i > 0 {
			drawn.WriteString("\r\n")
		}
		drawn.WriteString(line + "\x1b[K") // and nothing behind it
	}
	drawn.WriteString("\x1b[J")
	b.out.Write(drawn.Bytes())
}

// head says in a few lines what is seen and how it stands.
func (b *board) head(screen report.Screen) []string {
	st := &b.last
	state := "up"
	if !st.Up {
		state = "DOWN"
	}
	text := fmt.Sprintf("%s %s, policy %s, watched for %s\n", st.Interface, state, report.Line(st.Policy.Name), st.At.Sub(st.Since).Round(time.Second)) +
		fmt.Sprintf("%.0f packets/s, %s, %d lost, %d flows open, %.0f MB of memory", b.rates[0], bitRate(b.rates[1]), st.Dropped.Kernel, st.Flows, float64(st.Memory)/1e6)
	if !st.Record.Commit.IsZero() {
		text += fmt.Sprintf(", record %.0f MB", float64(st.Record.Bytes)/1e6)
	}
	text += "\n" + headlineOf(st)
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, shorten(strings.TrimRight(line, "\n"), screen.Width))
	}
	return lines
}

func shorten(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}

func bitRate(bytes float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}} {
		if bits := 8 * bytes; bits >= unit.of {
			return fmt.Sprintf("%.1f %s", bits/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%.0f bit/s", 8*bytes)
}

// findings returns the table of the findings, as much of it as there is room for.
func (b *board) findings(screen report.Screen, room int, brief bool) []string {
	var text bytes.Buffer
	if err := report.FindingTable(&text, b.last.Audit, screen, brief); err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for line := range strings.Lines(text.String()) {
		lines = append(lines, strings.TrimRight(line, "\n"))
	}
	return lines[:min(len(lines), max(room, 0))]
}

// close leaves the terminal as it was, with the last table and what was said.
func (b *board) close() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	io.WriteString(b.out, "\x1b[?1049l\x1b[?25h")
	if b.last.Audit != nil {
		screen := screenOf(b.out, b.getenv)
		for _, line := range append(append(b.head(screen), ""), b.findings(screen, 20*maxShown, false)...) {
			io.WriteString(b.out, line+"\n")
		}
	}
	if b.lost > 0 {
		fmt.Fprintf(b.stderr, "spanaudit: %s before these\n", count(b.lost, "line"))
	}
	for _, line := range b.said {
		io.WriteString(b.stderr, line+"\n")
	}
}
