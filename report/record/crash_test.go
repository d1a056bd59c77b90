//go:build unix

package record

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

// This test binary is also the process that is killed, or that has no room.
func TestMain(m *testing.M) {
	switch path := os.Getenv("SPANAUDIT_RECORD"); {
	case path == "":
		os.Exit(m.Run())
	case os.Getenv("SPANAUDIT_ROOM") != "":
		os.Exit(fillUp(path))
	default:
		os.Exit(load(path))
	}
}

func child(t *testing.T, path string, env ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), append(env, "SPANAUDIT_RECORD="+path)...)
	c.Stderr = os.Stderr
	return c
}

// load writes flows as fast as it can and commits often, each time with a finding.
// It says what is committed, and never ends.
func load(path string) int {
	s, err := Open(path, Options{MaxBytes: 8 << 20})
	if err == nil {
		var w *Writer
		if w, err = s.Begin(context.Background(), Run{Inputs: []string{"eth0"}, Started: begun}); err == nil {
			err = loadForever(s, w)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func loadForever(s *Store, w *Writer) error {
	sample := flowAt(1, begun)
	n := 0
	for commit := 1; ; commit++ {
		for range 500 {
			w.Ended(sample)
			n++
		}
		id := fmt.Sprintf("%d-%d", w.run, commit)
		at := begun + flow.Time(commit)*second/50
		err := w.Commit(context.Background(), at, Finding{
			ID: id, Rule: "tls-version", Severity: rules.High, First: at, Last: at, Count: commit, JSON: []byte(`{"id":"` + id + `"}`),
			Packets: []Packet{{Frame: flow.Frame{Number: uint64(commit), Time: at}, Link: 1, Length: 60, Data: make([]byte, 60)}},
		})
		if err != nil {
			return err
		}
		fmt.Println(w.run, n, id)
		if commit%10 == 0 {
			if _, err := s.Prune(context.Background(), at); err != nil {
				return err
			}
		}
	}
}

// Killed at any moment, the record is whole, every finding that was told is in it
// and every event that was committed; what was not is lost, and nothing else.
func TestKilledAtAnyMomentNothingCommittedIsLost(t *testing.T) {
	path := newRecord(t)
	kills := 50
	if testing.Short() {
		kills = 5
	}
	random := rand.New(rand.NewPCG(7, 7))
	told := map[string]bool{}
	flows := map[int64]int{}
	for range kills {
		c := child(t, path)
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		lines := bufio.NewScanner(out)
		lines.Scan() // it is under way
		wait := time.AfterFunc(time.Duration(random.IntN(120))*time.Millisecond, func() { c.Process.Kill() })
		for more := true; more; more = lines.Scan() {
			var run int64
			var n int
			var id string
			if _, err := fmt.Sscan(lines.Text(), &run, &n, &id); err != nil {
				break // a line that was cut off
			}
			told[id], flows[run] = true, n
		}
		wait.Stop()
		c.Wait()

		s, err := OpenReadOnly(path)
		must(t, err)
		must(t, s.Check(context.Background()))
		if findings, err := s.Findings(context.Background(), all, ever); err != nil {
			t.Fatal(err)
		} else {
			have := map[string]bool{}
			for _, f := range findings {
				have[f.ID] = len(f.JSON) > 0
			}
			for id := range told {
				if !have[id] {
					t.Fatalf("finding %s was told and is not there", id)
				}
			}
		}
		s.Close()
	}
	s := open(t, path, Options{})
	rows, err := s.read.Query("SELECT run, sum(flows) FROM batch GROUP BY run")
	must(t, err)
	defer rows.Close()
	var pruned int64
	_ = s.read.QueryRow("SELECT min(run) FROM batch").Scan(&pruned)
	seen := 0
	for rows.Next() {
		var run int64
		var n int
		must(t, rows.Scan(&run, &n))
		seen++
		// One commit may have come through that the child did not live to tell of.
		if run > pruned && n != flows[run] && n != flows[run]+500 {
			t.Errorf("run %d: %d flows are there, %d were committed", run, n, flows[run])
		}
	}
	if seen < 2 || len(told) < kills {
		t.Errorf("%d runs, %d findings: too little was written to prove anything", seen, len(told))
	}
	t.Logf("%d kills, %d findings, %d runs with events", kills, len(told), seen)
}

// fillUp writes until the file may not grow any more, then gives it room and
// commits what waited.
func fillUp(path string) int {
	signal.Ignore(syscall.SIGXFSZ) // as a full disk: an error of write
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s, err := Open(path, Options{})
	if err != nil {
		return fail(err)
	}
	w, err := s.Begin(context.Background(), Run{Inputs: []string{"eth0"}, Started: begun})
	if err != nil {
		return fail(err)
	}
	room, _ := strconv.Atoi(os.Getenv("SPANAUDIT_ROOM"))
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return fail(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(room), Max: limit.Max}); err != nil {
		return fail(err)
	}
	n, failures := 0, 0
	for i := range 400 {
		for range 100 {
			w.Ended(flowAt(n, begun+flow.Time(n)*second/1000))
			n++
		}
		if err := w.Commit(context.Background(), begun+flow.Time(i)*second); err != nil {
			failures++
		}
	}
	if failures == 0 {
		return fail(errors.New("there was room all the time"))
	}
	fmt.Println(n, failures)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return fail(err)
	}
	if err := w.Close(context.Background(), begun+400*second); err != nil {
		return fail(err)
	}
	return 0
}

// A full disk is an error of Commit; what was written stays whole, and what waits
// is written when there is room again.
func TestFullDiskLosesNothing(t *testing.T) {
	path := newRecord(t)
	out, err := child(t, path, "SPANAUDIT_ROOM=262144").Output()
	must(t, err)
	var n, failures uint64
	fmt.Sscan(string(out), &n, &failures)
	s, err := OpenReadOnly(path)
	must(t, err)
	defer s.Close()
	must(t, s.Check(context.Background()))
	h, sp := replayed(t, s, all, ever)
	if sp.Flows != n || len(h.events) != int(n) || failures == 0 || n == 0 {
		t.Errorf("%d flows were taken in, %d commits failed, %d flows are there", n, failures, sp.Flows)
	}
}

// One record has one writer; a second one is told so, and the first is not
// disturbed. Who only reads sees what is committed.
func TestOneWriterAndReaders(t *testing.T) {
	path := newRecord(t)
	s := open(t, path, Options{})
	w := begin(t, s, begun)
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "being written by another process") {
		t.Errorf("a second writer: %v", err)
	}
	c := child(t, path) // in another process, too
	c.Stderr = nil
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "being written by another process") {
		t.Errorf("a second process: %v, %s", err, out)
	}
	r, err := OpenReadOnly(path)
	must(t, err)
	defer r.Close()
	if _, err := r.Begin(context.Background(), Run{}); err == nil {
		t.Error("a record that is only read is written")
	}
	done := make(chan error)
	go func() {
		for i := range 200 {
			w.Ended(flowAt(i, begun+flow.Time(i)*second))
			if err := w.Commit(context.Background(), begun+flow.Time(i)*second); err != nil {
				done <- err
				return
			}
		}
		done <- w.Close(context.Background(), begun+200*second)
	}()
	for last, ready := uint64(0), false; !ready; {
		select {
		case err := <-done:
			must(t, err)
			ready = true
		default:
		}
		h, sp := replayed(t, r, all, ever)
		if sp.Flows < last || uint64(len(h.events)) != sp.Flows {
			t.Fatalf("%d flows after %d", sp.Flows, last)
		}
		last = sp.Flows
		if ready && last != 200 {
			t.Errorf("%d flows in the end", last)
		}
	}
	must(t, s.Close())
	s = open(t, path, Options{}) // the lock is gone with its holder
	begin(t, s, begun)
}

// Whoever may read the folder and nothing else can still read the record.
func TestRecordOfAReadOnlyFolderIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a # strange ? name%20", "record.db")
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	s := open(t, path, Options{})
	w := begin(t, s, begun)
	w.Ended(flowAt(1, begun))
	must(t, w.Close(context.Background(), begun))
	must(t, s.Close())
	must(t, os.Remove(lockPath(path)))
	must(t, os.Chmod(path, 0o400))
	must(t, os.Chmod(filepath.Dir(path), 0o500))
	defer os.Chmod(filepath.Dir(path), 0o700)
	s, err := OpenReadOnly(path)
	must(t, err)
	defer s.Close()
	if h, _ := replayed(t, s, all, ever); len(h.events) != 1 {
		t.Errorf("%d events", len(h.events))
	}
}
