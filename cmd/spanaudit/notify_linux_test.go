package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNotifierTellsTheManager(t *testing.T) {
	for name, path := range map[string]string{
		"a path":             filepath.Join(t.TempDir(), "notify"),
		"an abstract socket": fmt.Sprintf("@spanaudit-test-%d", os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer manager.Close()
			told := func() string {
				b := make([]byte, 4096)
				_ = manager.SetReadDeadline(time.Now().Add(5 * time.Second))
				n, err := manager.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				return string(b[:n])
			}
			env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "7"}
			n, err := newNotifier(func(k string) string { return env[k] }, 7)
			if err != nil {
				t.Fatal(err)
			}
			before := monotonic()
			n.ready()
			n.reloading()
			n.status("2 findings\nREADY=1")
			n.stopping()
			if got := told(); got != "READY=1" {
				t.Errorf("ready: %q", got)
			}
			var micros int64
			got := told()
			if _, err := fmt.Sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%d", &micros); err != nil || micros < before.Microseconds() || micros > monotonic().Microseconds() {
				t.Errorf("reloading: %q, %v", got, err)
			}
			if got := told(); got != "STATUS=2 findings READY=1" {
				t.Errorf("status: %q", got)
			}
			if got := told(); got != "STOPPING=1" {
				t.Errorf("stopping: %q", got)
			}

			start := time.Unix(1_000_000, 0)
			signs := 0
			for ms := range 30_001 { // 30 s of an engine that ticks each millisecond
				n.ticked(start.Add(time.Duration(ms) * time.Millisecond))
				for ; n.alive.Sub(start) >= time.Duration(signs)*5*time.Second; signs++ {
					if got := told(); got != "WATCHDOG=1" {
						t.Fatalf("watchdog: %q", got)
					}
				}
			}
			if signs != 7 { // at 0, 5, … 30 s
				t.Errorf("%d signs of life in 30 s, with a patience of 10 s", signs)
			}
		})
	}
}

func TestNotifierOfNobody(t *testing.T) {
	n, err := newNotifier(func(string) string { return "" }, 1)
	if n != nil || err != nil {
		t.Fatal(n, err)
	}
	n.ready() // must do nothing
	n.ticked(time.Now())
	if _, err := newNotifier(func(string) string { return "relative" }, 1); err == nil || !strings.Contains(err.Error(), "NOTIFY_SOCKET") {
		t.Errorf("a relative path: %v", err)
	}
}

func TestNotifierLeavesAnothersWatchdog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "8"}
	n, err := newNotifier(func(k string) string { return env[k] }, 7)
	if err != nil || n.patience != 0 {
		t.Errorf("patience %v, %v", n.patience, err)
	}
}
