package alert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"spanaudit/report"
	"spanaudit/rules"
)

// quickly is a Retry for tests.
func quickly() Retry {
	return Retry{First: 5 * time.Millisecond, Max: 20 * time.Millisecond, Jitter: func() float64 { return 0.5 }}
}

func world(t *testing.T) World {
	return World{Stdout: io.Discard, State: t.TempDir(), Tool: report.Tool{Name: "spanaudit", Version: "1.0.0"}, Now: time.Now, Retry: quickly()}
}

// open opens a target, and holds at the end that it leaves no goroutine.
func open(t *testing.T, text string, w World) Sink {
	t.Helper()
	target, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	noneLeft(t)
	s, err := target.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// noneLeft fails the test when a goroutine of this package outlives it.
func noneLeft(t *testing.T) {
	t.Cleanup(func() {
		var stacks string
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			buf := make([]byte, 1<<20)
			stacks = string(buf[:runtime.Stack(buf, true)])
			left := false
			for s := range strings.SplitSeq(stacks, "\n\n") {
				left = left || strings.Contains(s, "alert.(*queue)") || strings.Contains(s, "alert.watch") || strings.Contains(s, "alert.(*Webhook)")
			}
			if !left {
				return
			}
		}
		t.Errorf("a goroutine is left:\n%s", stacks)
	})
}

func tell(t *testing.T, s Sink, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := s.Tell(newAlert(id(i))); err != nil {
			t.Fatal(err)
		}
	}
}

func id(i int) string { return fmt.Sprintf("f-%06d", i) }

// ids returns the ids of the alerts of lines.
func ids(t *testing.T, lines []byte) (all []string) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		var a Alert
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all = append(all, a.ID)
	}
	return all
}

// inOrder holds that ids are those from first to last, each once.
func inOrder(t *testing.T, got []string, from, to int) {
	t.Helper()
	if len(got) != to-from {
		t.Fatalf("%d alerts, want %d: %q", len(got), to-from, got)
	}
	for i, g := range got {
		if g != id(from+i) {
			t.Fatalf("alert %d is %s", i, g)
		}
	}
}

func TestStandardOutputGetsLinesInOrder(t *testing.T) {
	w := world(t)
	var out bytes.Buffer
	w.Stdout = &out
	s := open(t, "-", w)
	tell(t, s, 0, 500)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	inOrder(t, ids(t, out.Bytes()), 0, 500)
	if got := s.Stats(); got != (Stats{Sink: "-", Told: 500}) {
		t.Errorf("%+v", got)
	}
	if err := s.Tell(newAlert("f")); !errors.Is(err, ErrClosed) {
		t.Errorf("told after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestStandardOutputForPeople(t *testing.T) {
	w := world(t)
	var out bytes.Buffer
	w.Stdout, w.Screen = &out, report.Screen{Color: true}
	s := open(t, "-?format=text&min=high", w)
	low := newAlert("f-low")
	low.Severity = rules.Medium
	s.Tell(low)
	tell(t, s, 0, 1)
	s.Close()
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "\x1b[31mHIGH\x1b[0m") {
		t.Errorf("%q", got)
	}
}

// A reader that does not read makes neither Tell nor Close wait for ever.
func TestAReaderThatDoesNotReadCostsAlertsAndNoTime(t *testing.T) {
	r, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer pipe.Close()
	w := world(t)
	w.Stdout = pipe
	s := open(t, "-?queue=10", w)
	began, full := time.Now(), 0
	for i := range 2000 {
		if err := s.Tell(newAlert(id(i))); errors.Is(err, ErrFull) {
			full++
		}
		if i%50 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Tell took %s", took)
	}
	if got := s.Stats(); full == 0 || got.Dropped != uint64(full) || got.Waiting != 10 {
		t.Errorf("%d errors, %+v", full, got)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "could not be told") {
		t.Errorf("Close: %v", err)
	}
	got := s.Stats()
	if got.Told+got.Dropped != 2000 || got.Waiting != 0 {
		t.Errorf("of 2000: %+v", got)
	}
}

// limited is a stream that takes so many octets and then fails, once.
type limited struct {
	bytes.Buffer
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.room > 0 && len(p) > l.room {
		n, _ := l.Buffer.Write(p[:l.room])
		l.room = 0
		return n, errors.New("no space left")
	}
	l.room -= len(p)
	return l.Buffer.Write(p)
}

func TestAStreamThatTookHalfALineGetsTheNextOneWhole(t *testing.T) {
	w := world(t)
	out := &limited{room: 1500}
	w.Stdout = out
	s := open(t, "-", w)
	tell(t, s, 0, 10)
	s.Close()
	var whole, torn int
	lines := bufio.NewScanner(&out.Buffer)
	for lines.Scan() {
		if json.Valid(lines.Bytes()) {
			whole++
		} else {
			torn++
		}
	}
	if got := s.Stats(); whole != 9 || torn != 1 || got.Told != 9 || got.Dropped != 1 || got.Failed != 1 || got.Error == "" {
		t.Errorf("%d whole, %d torn, %+v", whole, torn, got)
	}
}

func TestSinksAreToldTheSameByManyGoroutines(t *testing.T) {
	w := world(t)
	var out bytes.Buffer
	w.Stdout = &out
	path := t.TempDir() + "/a.ndjson"
	targets, err := ParseAll([]string{"-?queue=5000", "file:" + path + "?queue=5000"})
	if err != nil {
		t.Fatal(err)
	}
	noneLeft(t)
	sinks, err := OpenAll(targets, w)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 100 {
				if err := sinks.Tell(newAlert(id(g*100 + i))); err != nil {
					t.Error(err)
				}
				sinks.Stats()
				if i%50 == 0 {
					if err := sinks.Reopen(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := sinks.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := len(ids(t, out.Bytes())), len(ids(t, file)); a != 800 || b != 800 {
		t.Errorf("%d on standard output and %d in the file, want 800", a, b)
	}
}

func TestRetryWaitsTwiceAsLongEachTime(t *testing.T) {
	r := Retry{First: time.Second, Max: 10 * time.Second, Jitter: func() float64 { return 0 }}
	for attempt, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		if got := r.after(attempt); got != want*time.Second {
			t.Errorf("after %d: %s", attempt, got)
		}
	}
	r.Jitter = func() float64 { return 0.5 }
	if got := r.after(1 << 30); got != 7500*time.Millisecond {
		t.Errorf("with jitter: %s", got)
	}
}
