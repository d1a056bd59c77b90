package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanaudit/capture"
	"spanaudit/report"
)

// The report of a watch, of all its time and of a month, is the audit of the packets
// that it saw, byte for byte. Left out of the comparison are the SHA-256 of the
// file, for an interface has none, and of the month the time in which nobody
// watched.
func TestTheReportOfAWatchIsTheAuditOfItsPackets(t *testing.T) {
	send := wireTo(t, "span0")
	frames := readFrames(t, violations)
	policy, err := filepath.Abs(policyFor(violations))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // where the file may be called as the interface is
	stop := keepPackets(t, "span0")
	go func() {
		time.Sleep(500 * time.Millisecond) // the watch has begun
		for i, f := range frames {
			if i > 0 { // as it was, but for the pauses
				time.Sleep(min(f.time-frames[i-1].time, 10*time.Millisecond))
			}
			if i == len(frames)/2 {
				time.Sleep(2 * time.Second) // nothing comes
			}
			send(f.data)
		}
	}()
	if status, _, stderr := spanaudit("watch", "-i", "span0", "--duration", "12s", "--policy", policy, "--listen", "none", "--record", "watch.db"); status != statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if n := stop(); n != len(frames) {
		t.Fatalf("%d frames were seen, %d sent", n, len(frames))
	}

	_, want, stderr := spanaudit("audit", "--quiet", "--policy", policy, "--now", now, "--format", "json", "span0")
	sum := fmt.Sprintf("      \"sha256\": \"%x\",\n", sha256.Sum256(read(t, "span0")))
	if strings.Count(want, sum) != 1 {
		t.Fatalf("%s is not in the audit: %s", sum, stderr)
	}
	want = strings.Replace(want, sum, "", 1)
	_, got, stderr := spanaudit("report", "--now", now, "--format", "json", "watch.db")
	if got != want {
		t.Errorf("%s%s", stderr, firstDifference(want, got))
	}

	day := func(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	_, got, stderr = spanaudit("report", "--from", day(-15), "--to", day(15), "--now", now, "--format", "json", "watch.db")
	month, err := report.Read(strings.NewReader(got))
	if err != nil {
		t.Fatal(err, stderr)
	}
	if blind := month.Coverage.Blind; len(blind) != 2 {
		t.Errorf("blind: %v; before and after the watch is wanted", blind)
	}
	month.Coverage.Blind = nil
	var text strings.Builder
	if err := report.JSON(&text, month); err != nil {
		t.Fatal(err)
	}
	if text.String() != want {
		t.Errorf("of the month: %s", firstDifference(want, text.String()))
	}
}

// keepPackets writes what an interface shows into a file of its name, with the
// times that a watch beside it is told. What it returns ends that, and returns how
// many frames there were.
func keepPackets(t *testing.T, iface string) (stop func() int) {
	t.Helper()
	// As long as one socket of the machine asks for the time of its packets, the
	// kernel takes it once, where they come in, and not for each that looks at them.
	clock, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err == nil {
		err = unix.SetsockoptInt(clock, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	src, err := capture.OpenLive(iface, capture.LiveOptions{Raw: true})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(iface)
	if err != nil {
		t.Fatal(err)
	}
	to := bufio.NewWriter(file)
	w, err := capture.NewPcapngWriter(to, capture.PcapngOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ending, frames := make(chan struct{}), make(chan int)
	go func() {
		n, last := 0, false
		for b := (capture.Batch{}); ; {
			err := src.Read(&b)
			for _, f := range b.Frames {
				n++
				err = w.Write(f, "")
			}
			if err != nil {
				t.Error(err)
			}
			if err != nil || last && len(b.Frames) == 0 {
				break
			}
			select {
			case <-ending:
				last = true
			default:
			}
		}
		frames <- n
	}()
	return func() int {
		close(ending)
		n := <-frames
		st := src.Stats()
		_ = w.Losses(st.Received, st.Dropped) // as the kernel counts them, too
		_ = to.Flush()
		_, _, _ = file.Close(), src.Close(), unix.Close(clock)
		return n
	}
}
