// Spanaudit audits the traffic of a camera-AI appliance's network, from
// capture files or an interface, against a policy.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"spanaudit/report"
	"spanaudit/rules"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that has seen enough does not change the verdict
	own := &process{newHeap()}
	status := run(os.Args[1:], world{os.Stdin, os.Stdout, os.Stderr, os.Getenv, own})
	runtime.KeepAlive(own)
	os.Exit(status)
}

// world is what the program has of its surroundings beside the file system.
type world struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string

	process *process // nil where it is not this program's own, as in tests
}

// process is the process that the program runs in, which it may change.
type process struct{ heap *heap }

// tell writes a line for the person at the terminal, in which names of files and
// what others wrote show as they stand.
func (w world) tell(format string, args ...any) {
	fmt.Fprintf(w.stderr, "spanaudit: %s\n", report.Line(fmt.Sprintf(format, args...)))
}

// complain tells an error.
func (w world) complain(err error) {
	for _, line := range linesOf(err) {
		w.tell("%s", line)
	}
}

// linesOf has errors that were joined, and what is wrong in a policy file, as a line
// each. Any other error is one line, whatever it quotes.
func linesOf(err error) (lines []string) {
	if joined, is := err.(interface{ Unwrap() []error }); is {
		for _, e := range joined.Unwrap() {
			lines = append(lines, linesOf(e)...)
		}
		return lines
	}
	var policy *rules.PolicyError
	if errors.As(err, &policy) {
		ours, _ := strings.CutSuffix(err.Error(), policy.Error())
		lines = strings.Split(ours, "\n")
		problems := policy.Lines()
		problems[0] = lines[len(lines)-1] + problems[0]
		return append(lines[:len(lines)-1], problems...)
	}
	return []string{err.Error()}
}

// run does what the arguments say and returns the exit status.
func run(args []string, w world) int {
	status := statusDone
	root := newRoot(w, &status)
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		w.complain(err)
		return max(status, statusUsage)
	}
	return status
}
