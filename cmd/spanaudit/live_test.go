//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanaudit/capture"
)

// What an interface shows is judged as the file is from which it was replayed,
// whichever way it is captured.
func TestLiveAuditFindsWhatTheFileShows(t *testing.T) {
	file := auditJSON(t, "--policy", policyFor(violations), violations)
	want := slices.Sorted(maps.Keys(file.findingLines()))
	frames := readFrames(t, violations)
	for _, way := range []string{capture.WayLibpcap, capture.WayRing} {
		t.Run(way, func(t *testing.T) {
			send := wireTo(t, "span0")
			go sendFrames(send, frames, 300*time.Millisecond) // when the capture has begun
			proof := filepath.Join(t.TempDir(), "evidence.zip")
			_, stdout, stderr := spanaudit("audit", "-i", "span0", "--capture", way, "--duration", "5s", "--policy", policyFor(violations), "--format", "json", "--evidence", proof)
			if strings.Contains(stderr, "built without it") {
				t.Skip("built without libpcap")
			}
			var live auditDocument
			if err := json.Unmarshal([]byte(stdout), &live); err != nil {
				t.Fatal(err, stderr)
			}
			if got := slices.Sorted(maps.Keys(live.findingLines())); !slices.Equal(got, want) {
				t.Errorf("live %v\nfile %v", got, want)
			}
			if status, stdout, stderr := spanaudit("verify", proof); status != statusDone {
				t.Errorf("verify: status %d: %s%s", status, stdout, stderr)
			}
		})
	}
}

// TestLiveAuditTellsOutages: the time in which the interface was down is in the
// report, and too much of it is a violation.
func TestLiveAuditTellsOutages(t *testing.T) {
	wireTo(t, "span0")
	ip := exec.Command("sh", "-c", "sleep 0.5; ip link set span0 down; sleep 0.7; ip link set span0 up")
	if err := ip.Start(); err != nil {
		t.Fatal(err)
	}
	defer ip.Wait()
	_, stdout, stderr := spanaudit("audit", "-i", "span0", "--capture", "ring", "--duration", "2s", "--format", "json")
	var got struct {
		Coverage struct {
			Capture struct {
				Outages uint64
				Blind   uint64 `json:"blind_milliseconds"`
			}
		}
		Findings []struct{ Rule, Message string }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err, stderr)
	}
	if c := got.Coverage.Capture; c.Outages != 1 || c.Blind < 500 || c.Blind > 2000 {
		t.Errorf("coverage %+v", c)
	}
	told := false
	for _, f := range got.Findings {
		told = told || f.Rule == "capture-loss" && strings.Contains(f.Message, "interface down or without carrier: ")
	}
	if !told {
		t.Errorf("not told in %+v", got.Findings)
	}
}

// sendFrames sends frames, one soon after the other, when a time has passed.
func sendFrames(send func([]byte), frames []frame, after time.Duration) {
	time.Sleep(after)
	for _, f := range frames {
		send(f.data)
		time.Sleep(200 * time.Microsecond)
	}
}

// wireTo makes a pair of interfaces in a network namespace of this test's
// thread, and returns a function by which a frame arrives at the one named.
func wireTo(t *testing.T, name string) func([]byte) {
	t.Helper()
	newNetwork(t)
	wire(t, name, "wire0")
	return sender(t, "wire0")
}

// newNetwork gives this test's thread a network namespace without interfaces.
func newNetwork(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may make interfaces")
	}
	runtime.LockOSThread() // for good: the namespace ends with the thread
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace to be had here: %v", err)
	}
	for _, of := range []string{"all", "default"} { // else the interfaces speak of themselves
		_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+of+"/disable_ipv6", []byte("1"), 0) // where there is IPv6
	}
}

// wire makes a pair of interfaces that are up.
func wire(t *testing.T, name, other string) {
	t.Helper()
	ready(t, "ip", "link", "add", name, "type", "veth", "peer", "name", other)
	ready(t, "ip", "link", "set", name, "up")
	ready(t, "ip", "link", "set", other, "up")
}

// ready runs a program by which the network is made.
func ready(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Skipf("not to be had here: %s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// sender returns a function that sends a frame out of an interface.
func sender(t *testing.T, name string) func([]byte) {
	t.Helper()
	out, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	return func(b []byte) {
		_ = unix.Sendto(socket, b, 0, &unix.SockaddrLinklayer{Ifindex: out.Index})
	}
}

// mirrorTo makes a switch with a port for each host of the fixtures' site, which
// mirrors what enters each of them to the interface named, as that of site.sh does.
// A frame leaves from its host.
func mirrorTo(t *testing.T, name string) func([]byte) {
	t.Helper()
	newNetwork(t)
	wire(t, name, "span")
	ready(t, "ip", "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
	ready(t, "ip", "link", "set", "bridge", "up")
	hosts := map[string]func([]byte){}
	for _, mac := range []string{"\x01", "\x05", "\x10", "\x21", "\x50"} { // the last byte
		host := fmt.Sprintf("%x", mac)
		wire(t, "host"+host, "port"+host)
		ready(t, "ip", "link", "set", "port"+host, "master", "bridge")
		ready(t, "tc", "qdisc", "add", "dev", "port"+host, "clsact")
		ready(t, "tc", strings.Fields("filter add dev port"+host+" ingress protocol all u32 match u32 0 0 action mirred egress mirror dev span")...)
		hosts["\x02\x00\x5e\x00\x53"+mac] = sender(t, "host"+host)
	}
	return func(b []byte) {
		if send := hosts[string(b[6:12])]; send != nil {
			send(b)
		} else {
			t.Errorf("a frame of no host: % x", b[:12])
		}
	}
}
