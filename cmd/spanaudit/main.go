// Spanaudit audits the traffic of a camera-AI appliance's network, from
// capture files or an interface, against a policy.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
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

// complain writes an error for the person at the terminal.
func (w world) complain(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(w.stderr, "spanaudit: %s\n", line)
	}
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
