//go:build cgo && linux

package main

import (
	"encoding/json"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What an interface shows is judged as the file is from which it was replayed.
func TestLiveAuditFindsWhatTheFileShows(t *testing.T) {
	send := wireTo(t, "span0")
	frames := readFrames(t, violations)
	go func() {
		time.Sleep(300 * time.Millisecond) // the capture has begun
		for _, f := range frames {
			send(f.data)
			time.Sleep(200 * time.Microsecond)
		}
	}()
	proof := filepath.Join(t.TempDir(), "evidence.zip")
	_, stdout, stderr := spanaudit("audit", "-i", "span0", "--duration", "3s", "--policy", policyFor(violations), "--format", "json", "--evidence", proof)
	var live auditDocument
	if err := json.Unmarshal([]byte(stdout), &live); err != nil {
		t.Fatal(err, stderr)
	}
	file := auditJSON(t, "--policy", policyFor(violations), violations)
	got := slices.Sorted(maps.Keys(live.findingLines()))
	want := slices.Sorted(maps.Keys(file.findingLines()))
	if !slices.Equal(got, want) {
		t.Errorf("live %v\nfile %v", got, want)
	}
	if status, stdout, stderr := spanaudit("verify", proof); status != statusDone {
		t.Errorf("verify: status %d: %s%s", status, stdout, stderr)
	}
}

// wireTo makes a pair of interfaces in a network namespace of this test's
// thread, and returns a function by which a frame arrives at the one named.
func wireTo(t *testing.T, name string) func([]byte) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may make interfaces")
	}
	runtime.LockOSThread() // for good: the namespace ends with the thread
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace to be had here: %v", err)
	}
	for _, args := range [][]string{
		{"link", "add", name, "type", "veth", "peer", "name", "wire0"},
		{"link", "set", name, "up"},
		{"link", "set", "wire0", "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Skipf("no veth pair to be had here: %v: %s", err, out)
		}
	}
	peer, err := net.InterfaceByName("wire0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	return func(b []byte) {
		_ = unix.Sendto(socket, b, 0, &unix.SockaddrLinklayer{Ifindex: peer.Index})
	}
}
