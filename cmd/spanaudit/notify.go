package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// notifier tells the service manager how it stands (sd_notify(3)). A nil notifier,
// of a process that no manager waits for, tells nothing. What cannot be told is
// lost: the manager's absence must not end a capture.
type notifier struct {
	socket   net.Conn
	patience time.Duration // the manager wants a sign of life each; 0 is never
	alive    time.Time     // when the last was given
}

// newNotifier reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and opens the
// socket: afterwards the process may be confined.
func newNotifier(getenv func(string) string, pid int) (*notifier, error) {
	path := getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "@") { // "@" is an abstract one, to Go too
		return nil, fmt.Errorf("NOTIFY_SOCKET is %q: an absolute path or an abstract socket (@name) is wanted", path)
	}
	socket, err := net.Dial("unixgram", path)
	if err != nil {
		return nil, fmt.Errorf("open NOTIFY_SOCKET: %w", err)
	}
	n := &notifier{socket: socket}
	micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if whose := getenv("WATCHDOG_PID"); err == nil && micros > 0 && (whose == "" || whose == strconv.Itoa(pid)) {
		n.patience = time.Duration(micros) * time.Microsecond
	}
	return n, nil
}

// ready tells that start, or a reload, is over.
func (n *notifier) ready() { n.send("READY=1") }

// reloading tells that a reload has begun; ready must follow.
func (n *notifier) reloading() {
	n.send(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonic().Microseconds()))
}

// stopping tells that the end has begun.
func (n *notifier) stopping() { n.send("STOPPING=1") }

// status tells in a line how things stand.
func (n *notifier) status(line string) {
	n.send("STATUS=" + strings.Join(strings.FieldsFunc(line, func(r rune) bool { return r < ' ' }), " "))
}

// ticked is called each time that the engine has done a piece of work, or has had
// none to do; at most each half of the manager's patience it tells that. One
// goroutine may call it, which must be the one that would be stuck.
func (n *notifier) ticked(now time.Time) {
	if n == nil || n.patience == 0 || now.Sub(n.alive) < n.patience/2 {
		return
	}
	n.alive = now
	n.send("WATCHDOG=1")
}

func (n *notifier) send(state string) {
	if n != nil {
		_, _ = n.socket.Write([]byte(state))
	}
}
