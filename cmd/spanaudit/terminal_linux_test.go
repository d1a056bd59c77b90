package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal of a width. Closing it and then reading what
// was written is the caller's.
func terminal(t *testing.T, width uint16) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 25, Col: width}); err != nil {
		t.Fatal(err)
	}
	return user, program
}

// onTerminal runs the program with its output and errors on a terminal and
// returns what that shows.
func onTerminal(t *testing.T, width uint16, stdin io.Reader, env map[string]string, args ...string) string {
	t.Helper()
	user, program := terminal(t, width)
	shown := make(chan string)
	go func() {
		var b bytes.Buffer
		io.Copy(&b, user) // ends with EIO when the program's side is closed
		shown <- b.String()
	}()
	run(args, world{stdin, program, program, func(key string) string { return env[key] }, nil})
	program.Close()
	return <-shown
}

func TestTheTableFollowsTheTerminal(t *testing.T) {
	for _, width := range []uint16{60, 80, 140} {
		text := onTerminal(t, width, strings.NewReader(""), map[string]string{"NO_COLOR": "1"}, "audit", "--quiet", violations)
		widest := 0
		for line := range strings.Lines(text) {
			widest = max(widest, utf8.RuneCountInString(strings.TrimRight(line, "\r\n")))
		}
		if widest > int(width) || widest < int(width)-12 {
			t.Errorf("on %d columns the widest line has %d", width, widest)
		}
	}
}

func TestColourOnATerminalUnlessRefused(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, true},
		{map[string]string{"TERM": "xterm-256color"}, true},
		{map[string]string{"NO_COLOR": "1"}, false},
		{map[string]string{"TERM": "dumb"}, false},
	} {
		text := onTerminal(t, 80, strings.NewReader(""), c.env, "audit", "--quiet", violations)
		if got := strings.Contains(text, "\x1b[1;31m"); got != c.want {
			t.Errorf("%v: colour %v, want %v", c.env, got, c.want)
		}
	}
}

func TestProgressIsShownOnATerminalAndTakenAway(t *testing.T) {
	slow := &slowReader{content: read(t, violations)}
	text := onTerminal(t, 80, slow, nil, "audit", "-o", os.DevNull, "-")
	if !strings.Contains(text, clearLine+"1s") || !strings.Contains(text, clearLine+"spanaudit: -: ") {
		t.Errorf("the terminal shows %q", text)
	}
}
