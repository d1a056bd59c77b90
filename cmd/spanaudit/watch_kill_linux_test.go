package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"spanaudit/flow"
	"spanaudit/report/alert"
	"spanaudit/report/record"
)

// Killed at any moment under load, a watch leaves a record that is whole and holds
// each violation that was told; what it holds is told, if need be by the next
// watch, which delivers what waited for a server, too; nothing that keeps alerts is
// damaged.
func TestAWatchThatIsKilledKeepsWhatItTold(t *testing.T) {
	const variable = "SPANAUDIT_TEST_WATCH"
	if args := os.Getenv(variable); args != "" { // the program that is killed
		os.Exit(run(strings.Split(args, "\n"), world{os.Stdin, os.Stdout, os.Stderr, os.Getenv, &process{newHeap()}}))
	}
	const kills = 50
	send := wireTo(t, "span0")
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Skipf("no loopback interface to be had here: %v: %s", err, out)
	}
	hook := newHook(t)
	dir := t.TempDir()
	db, told := filepath.Join(dir, "watch.db"), map[string]bool{}
	watch := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		c.Env = append(os.Environ(), variable+"="+strings.Join([]string{"watch", "--interface", "span0", "--quiet", "--format", "ndjson", "--listen", "none",
			"--record", db, "--state", dir, "--alert", "file:" + dir + "/alerts", "--alert", hook.URL + "?unsigned=yes&spool=" + dir + "/spool"}, "\n"))
		c.Stderr = new(bytes.Buffer)
		return c
	}
	frames, stop := violate(t, send)
	random, begun := rand.New(rand.NewPCG(7, 7)), time.Now()
	for kill := range kills {
		c := watch()
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(random.IntN(800))*time.Millisecond, func() { _ = c.Process.Kill() })
		hear(t, out, told)
		if err := c.Wait(); err == nil || err.Error() != "signal: killed" {
			t.Fatalf("it ended: %v: %s", err, c.Stderr)
		}
		checkAlerts(t, dir, told)
		checkRecord(t, db, told, kill%10 == 9)
	}
	load := float64(frames()) / time.Since(begun).Seconds()

	hook.well.Store(true)
	c, out := watch(), new(bytes.Buffer) // and once more, to a good end
	c.Stdout = out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(2*time.Second, func() { _ = c.Process.Signal(syscall.SIGTERM) })
	err := c.Wait()
	stop()
	if c.ProcessState.ExitCode() != statusViolations {
		t.Errorf("in the end: %v: %s", err, c.Stderr)
	}
	hear(t, out, told)
	checkAlerts(t, dir, told)
	taken := hook.alerts(told)
	if kept := checkRecord(t, db, told, true); kept != len(told) {
		t.Errorf("%d of %d findings in the record were told", len(told), kept)
	}
	if left, _ := filepath.Glob(dir + "/spool/*.json"); len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}
	if len(told) < 5*kills || taken < kills {
		t.Errorf("%d findings were told, %d alerts posted: too few to prove anything", len(told), taken)
	}
	t.Logf("%d kills, %.0f frames a second, %d findings told, %d alerts posted", kills, load, len(told), taken)
}

// hear notes what a watch tells, in lines that are whole.
func hear(t *testing.T, out io.Reader, told map[string]bool) {
	t.Helper()
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return // the rest of a line that was cut off, if any
		}
		var a alert.Alert
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		told[a.ID] = true
	}
}

// checkRecord holds a record against what was told, its report too where that is
// asked for. It returns how many findings there are.
func checkRecord(t *testing.T, path string, told map[string]bool, reported bool) (findings int) {
	t.Helper()
	if _, err := os.Stat(path); err != nil && len(told) == 0 {
		return 0 // it was killed before there was one
	}
	s, err := record.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := s.Findings(t.Context(), 0, flow.Time(time.Now().UnixNano()))
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for _, f := range list {
		kept[f.ID] = true
	}
	allIn(t, "the record", kept, told)
	if !reported {
		return len(kept)
	}
	status, text, stderr := spanaudit("report", "--format", "json", path)
	var a auditDocument
	if err := json.Unmarshal([]byte(text), &a); err != nil || status != statusDone {
		t.Fatalf("status %d, %v: %s", status, err, stderr)
	}
	listed := map[string]bool{}
	for _, f := range a.Findings {
		listed[f.ID] = true
	}
	allIn(t, "the report", listed, told)
	return len(kept)
}

func allIn(t *testing.T, place string, have, want map[string]bool) {
	t.Helper()
	missing, one := 0, ""
	for id := range want {
		if !have[id] {
			missing++
			one = id
		}
	}
	if missing > 0 {
		t.Fatalf("%d of %d findings that were told are not in %s, as %s", missing, len(want), place, one)
	}
}

// checkAlerts holds that the file of alerts and the spool are whole, and notes what
// was told there: of a line or a request there is all, or nothing but an end that
// the next watch takes away.
func checkAlerts(t *testing.T, dir string, told map[string]bool) {
	t.Helper()
	text, _ := os.ReadFile(filepath.Join(dir, "alerts")) // there is none where it was killed before
	hear(t, bytes.NewReader(text), told)
	spooled, _ := filepath.Glob(dir + "/spool/*.json")
	for _, path := range spooled {
		ids, err := posted(read(t, path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, id := range ids {
			told[id] = true
		}
	}
}

// posted returns the ids of a request's alerts.
func posted(body []byte) (ids []string, err error) {
	var b struct {
		Schema string
		Alerts []alert.Alert
	}
	err = json.Unmarshal(body, &b)
	for _, a := range b.Alerts {
		ids = append(ids, a.ID)
	}
	if err == nil && (b.Schema != alert.BatchSchema || len(ids) == 0) {
		err = fmt.Errorf("schema %q, %d alerts", b.Schema, len(ids))
	}
	return ids, err
}

// hook is a server that takes every other request until it is well.
type hook struct {
	*httptest.Server
	well  atomic.Bool
	mu    sync.Mutex
	asked int
	taken map[string]string // bodies, by their keys
}

func newHook(t *testing.T) *hook {
	h := &hook{taken: map[string]string{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return // it was killed
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.asked++; h.asked%2 == 0 && !h.well.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if _, err := posted(body); err != nil {
			t.Errorf("posted: %v: %q", err, body)
		}
		key := q.Header.Get("Idempotency-Key")
		if was, known := h.taken[key]; known && was != string(body) {
			t.Errorf("two requests have the key %s", key)
		}
		h.taken[key] = string(body)
	}))
	t.Cleanup(h.Close)
	return h
}

// alerts notes those that were taken, and counts them.
func (h *hook) alerts(told map[string]bool) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, body := range h.taken {
		ids, _ := posted([]byte(body))
		for _, id := range ids {
			told[id] = true
		}
		n += len(ids)
	}
	return n
}

// violate sends the site's violations over and over, each time of another site, until
// it is stopped. frames is how many were sent so far.
func violate(t *testing.T, send func([]byte)) (frames func() uint64, stop func()) {
	list := readFrames(t, violations)
	var sent atomic.Uint64
	var ending atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for site := uint16(1); ; site++ {
			address, mac := []byte{10, byte(site >> 8), byte(site)}, []byte{2, 0, 0x5e, byte(site >> 8), byte(site)}
			for i, f := range list {
				if ending.Load() {
					return
				}
				data := bytes.ReplaceAll(f.data, []byte{10, 20, 0}, address)
				send(bytes.ReplaceAll(data, []byte{2, 0, 0x5e, 0, 0x53}, mac))
				sent.Add(1)
				if i%10 == 0 {
					time.Sleep(2 * time.Millisecond)
				}
			}
		}
	}()
	return sent.Load, func() {
		ending.Store(true)
		<-done
	}
}
