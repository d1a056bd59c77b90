package alert

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spanaudit/report"
)

// Those who kill run this binary again, with these in its environment.
const (
	victimTarget = "SPANAUDIT_TEST_ALERT_TARGET"
	victimFrom   = "SPANAUDIT_TEST_ALERT_FROM"
)

func TestMain(m *testing.M) {
	if target := os.Getenv(victimTarget); target != "" {
		from, _ := strconv.Atoi(os.Getenv(victimFrom))
		victim(target, from)
	}
	os.Exit(m.Run())
}

// victim tells alerts until it is killed, and prints the number of each that is
// safe, as the sink says.
func victim(text string, from int) {
	target, err := Parse(text)
	if err != nil {
		panic(err)
	}
	s, err := target.Open(World{Tool: report.Tool{Name: "spanaudit"}, Now: time.Now, Retry: quickly()})
	if err != nil {
		panic(err)
	}
	safe := func() int { return int(s.Stats().Told) }
	before := 0
	if w, ok := s.(*Webhook); ok {
		safe = func() int { // what was put into the spool is safe
			w.spool.mu.Lock()
			defer w.spool.mu.Unlock()
			return int(w.spool.next)
		}
		before = safe()
	}
	for i := 0; ; i++ {
		if err := s.Tell(newAlert(id(from + i))); err != nil {
			panic(err)
		}
		for safe()-before < i+1 {
			time.Sleep(50 * time.Microsecond)
		}
		fmt.Println(from + i)
	}
}

// kill runs a victim, kills it after a while, and returns the last number that it
// printed, or -1.
func kill(t *testing.T, target string, from int, after time.Duration) int {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fmt.Sprint(victimTarget, "=", target), fmt.Sprint(victimFrom, "=", from))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if last < 0 { // it has begun
			time.AfterFunc(after, func() { c.Process.Kill() })
		}
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("the victim ended: %v", err)
	}
	return last
}

const kills = 25

func TestAFileSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	target := "file:" + dir + "/a?max=15kB&keep=1000&gzip=yes"
	var last []int
	for i := range kills {
		last = append(last, kill(t, target, i*10_000, time.Duration(i*i)*time.Millisecond/4))
	}
	s := open(t, target, world(t))
	s.Close()
	files := strings.Fields(names(t, dir))
	slices.SortFunc(files, func(a, b string) int { return age(t, b) - age(t, a) })
	var all []string
	for _, name := range files {
		all = append(all, ids(t, read(t, filepath.Join(dir, name)))...)
	}
	complete(t, all, last)
	t.Logf("%d kills, %d files, %d alerts", kills, len(files), len(all))
}

// age returns the number of an old file.
func age(t *testing.T, name string) int {
	t.Helper()
	number := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(name, ".gz"), "a"), ".")
	if number == "" {
		return 0
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("%s is no file of alerts", name)
	}
	return n
}

// complete holds that ids are in order, each once, and that of each victim none up
// to its last is missing.
func complete(t *testing.T, all []string, last []int) {
	t.Helper()
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("not in order, or twice: %q", all)
	}
	for i, to := range last {
		for n := i * 10_000; n <= to; n++ {
			if _, found := slices.BinarySearch(all, id(n)); !found {
				t.Fatalf("%s was told, and is missing", id(n))
			}
		}
	}
}

func TestAWebhookSurvivesKill(t *testing.T) {
	r := newReceiver(t)
	r.answer = func(n int, w http.ResponseWriter) {
		if n%7 == 3 {
			w.WriteHeader(503)
		}
		time.Sleep(time.Duration(n%5) * time.Millisecond)
	}
	options, spool := hookOptions(t)
	var last []int
	for i := range kills {
		last = append(last, kill(t, r.URL+options, i*10_000, time.Duration(i*i)*time.Millisecond/4))
	}
	w := world(t)
	s := open(t, r.URL+options, w)
	wait(t, "the spool is empty", func() bool { return s.Stats().Waiting == 0 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	requests, _ := r.all()
	var all []string
	keys := map[string]string{}
	twice := 0
	for _, q := range requests {
		if !q.taken {
			continue
		}
		if body, known := keys[q.key]; known {
			twice++
			if body != q.body {
				t.Errorf("two requests have the key %s", q.key)
			}
			continue
		}
		keys[q.key] = q.body
		all = append(all, q.ids...)
	}
	complete(t, all, last)
	if got := names(t, spool); got != "lock" && got != "lock partial" {
		t.Errorf("left in the spool: %s", got)
	}
	t.Logf("%d kills, %d requests taken, %d of them twice", kills, len(keys)+twice, twice)
}
