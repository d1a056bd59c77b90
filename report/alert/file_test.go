package alert

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spanaudit/report"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return text
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestAFileIsRotatedBySizeAndKeepsSoManyOldOnes(t *testing.T) {
	for _, c := range []struct{ gzip, suffix string }{{"no", ""}, {"yes", ".gz"}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "a")
		s := open(t, "file:"+path+"?max=10kB&keep=3&gzip="+c.gzip, world(t))
		tell(t, s, 0, 100) // some 9 a file
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := names(t, dir), "a a.1"+c.suffix+" a.2"+c.suffix+" a.3"+c.suffix; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		var all []string
		for _, name := range []string{".3" + c.suffix, ".2" + c.suffix, ".1" + c.suffix, ""} {
			text := read(t, path+name)
			if len(text) > 10_000 {
				t.Errorf("%s has %d octets", name, len(text))
			}
			all = append(all, ids(t, text)...)
		}
		inOrder(t, all, 100-len(all), 100)
		if got := s.Stats(); got.Told != 100 || got.Failed != 0 {
			t.Errorf("%+v", got)
		}
	}
}

func TestAFileWithoutOldOnesStartsAnew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, "file:"+dir+"/a?max=10kB&keep=0", world(t))
	tell(t, s, 0, 50)
	s.Close()
	got := ids(t, read(t, dir+"/a"))
	inOrder(t, got, 50-len(got), 50)
	if n := names(t, dir); n != "a" || len(got) > 15 {
		t.Errorf("%s, with %d alerts", n, len(got))
	}
}

func TestAFileIsRotatedWhenItsPeriodIsOver(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/a"
	w := world(t)
	today := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	w.Now = func() time.Time { return today }
	s := open(t, "file:"+path+"?age=1d", w)
	tell(t, s, 0, 1)
	s.Close()
	for i, date := range []time.Time{today.Add(-13 * time.Hour), today.Add(-time.Hour)} {
		if err := os.Chtimes(path, date, date); err != nil {
			t.Fatal(err)
		}
		s = open(t, "file:"+path+"?age=1d", w)
		tell(t, s, i+1, i+2)
		s.Close()
	}
	if n := names(t, dir); n != "a a.1" {
		t.Fatal(n)
	}
	inOrder(t, ids(t, read(t, path+".1")), 0, 1)
	inOrder(t, ids(t, read(t, path)), 1, 3)
}

// Whatever is left of the last line, what was written before stays and what is
// written after is whole.
func TestAFileWhoseLastLineIsTornAnywhere(t *testing.T) {
	one, two := newAlert(id(0)), newAlert(id(1))
	first, second := ndjson(t, &one), ndjson(t, &two)
	path := t.TempDir() + "/a"
	form := (&Target{}).lines(World{}, report.Screen{})
	for end := range len(second) + 1 {
		if err := os.WriteFile(path, append(bytes.Clone(first), second[:end]...), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFile(FileOptions{Path: path, Form: form, Now: time.Now}, QueueOptions{})
		if err != nil {
			t.Fatal(err)
		}
		tell(t, f, 2, 3)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		want := []string{id(0), id(2)}
		if end >= len(second)-1 { // all of it, but for the line feed
			want = []string{id(0), id(1), id(2)}
		}
		if got := ids(t, read(t, path)); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("torn at %d: %q, want %q", end, got, want)
		}
	}
}

func TestATornFirstLineIsTakenAway(t *testing.T) {
	for _, c := range []struct{ format, torn string }{
		{"ndjson", `{"sch`}, {"ndjson", `{"schema":"spanaudit/alert/v1","time":`}, {"cef", "CEF:0|span"}, {"cef", "CEF:0|spanaudit|spanaudit|1"},
	} {
		path := t.TempDir() + "/a"
		if err := os.WriteFile(path, []byte(c.torn), 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, "file:"+path+"?format="+c.format, world(t))
		tell(t, s, 0, 1)
		s.Close()
		if got := string(read(t, path)); strings.Count(got, "\n") != 1 || strings.HasPrefix(got[1:], c.torn) {
			t.Errorf("%q became %q", c.torn, got)
		}
	}
}

func TestAFileOfSomebodyElseIsLeftAlone(t *testing.T) {
	path := t.TempDir() + "/passwd"
	text := "root:x:0:0:root"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"ndjson", "cef"} {
		target, err := Parse("file:" + path + "?format=" + form)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := target.Open(world(t)); err == nil || !strings.Contains(err.Error(), "give another file") {
			t.Errorf("%s: %v", form, err)
		}
	}
	if got := string(read(t, path)); got != text {
		t.Errorf("it is now %q", got)
	}
	target, _ := Parse("file:" + filepath.Dir(path))
	if _, err := target.Open(world(t)); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a directory: %v", err)
	}
}

func TestReopenFollowsTheName(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/a"
	s := open(t, "file:"+path, world(t))
	tell(t, s, 0, 5)
	wait(t, "five are written", func() bool { return s.Stats().Told == 5 })
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := (Sinks{s}).Reopen(); err != nil {
		t.Fatal(err)
	}
	tell(t, s, 5, 8)
	s.Close()
	inOrder(t, ids(t, read(t, path+".moved")), 0, 5)
	inOrder(t, ids(t, read(t, path)), 5, 8)
}

func TestAFileThatCannotBeReopenedStaysOpen(t *testing.T) {
	dir := t.TempDir()
	sub := dir + "/sub"
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, "file:"+sub+"/a", world(t))
	if err := os.Rename(sub, dir+"/moved"); err != nil {
		t.Fatal(err)
	}
	if err := (Sinks{s}).Reopen(); err == nil {
		t.Fatal("there is nothing to open, and yet no error")
	}
	tell(t, s, 0, 3)
	s.Close()
	inOrder(t, ids(t, read(t, dir+"/moved/a")), 0, 3)
}

// A crash amid rotation leaves any of these; the next rotations keep all old files
// that are whole, and as many as there may be.
func TestRotationGoesOnFromWhatACrashLeft(t *testing.T) {
	for _, left := range [][]string{
		{".1", ".1.gz"}, {".2", ".3.gz"}, {".1", ".1.gz.partial"}, {".1", ".2.gz", ".3.gz"}, {".1.gz", ".2", ".3"},
	} {
		dir := t.TempDir()
		path := dir + "/a"
		for _, name := range left {
			text := bytes.NewBuffer(nil)
			var to io.WriteCloser = nopCloser{text}
			if strings.HasSuffix(name, ".gz") {
				to = gzip.NewWriter(text)
			}
			old := newAlert("f-old" + strings.TrimSuffix(name, ".gz"))
			to.Write(ndjson(t, &old))
			to.Close()
			if err := os.WriteFile(path+name, text.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, "file:"+path+"?max=10kB&keep=4&gzip=yes", world(t))
		tell(t, s, 0, 12) // one rotation
		s.Close()
		if got := s.Stats(); got.Failed != 0 {
			t.Errorf("%q: %+v", left, got)
		}
		got := names(t, dir)
		for n := range 4 {
			if plain := fmt.Sprintf("a.%d", n+1); strings.Contains(got+" ", plain+" ") && strings.Contains(got+" ", plain+".gz ") {
				t.Errorf("%q: %s", left, got)
			}
		}
		if strings.Contains(got, "partial") || strings.Contains(got, "a.5") {
			t.Errorf("%q: %s", left, got)
		}
		first := ids(t, read(t, path+".1.gz"))
		inOrder(t, append(first, ids(t, read(t, path))...), 0, 12)
		for _, n := range []string{"1", "2", "3"} {
			old := "f-old." + n
			there := bytes.Contains([]byte(strings.Join(left, " ")+" "), []byte("."+n))
			found := false
			for _, name := range strings.Fields(got) {
				found = found || bytes.Contains(read(t, dir+"/"+name), []byte(`"`+old+`"`))
			}
			if there && !found {
				t.Errorf("%q: %s is gone from %s", left, old, got)
			}
		}
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestAFullDiskIsWaitedFor(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	dir := t.TempDir()
	s := open(t, "file:"+dir+"/a", world(t)).(*File)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.out.mu.Lock()
	s.out.shut()
	s.out.file = full
	s.out.mu.Unlock()
	tell(t, s, 0, 20)
	s.Close()
	inOrder(t, ids(t, read(t, dir+"/a")), 0, 20)
	if got := s.Stats(); got.Failed != 1 || got.Told != 20 || got.Failing || !strings.Contains(got.Error, "no space") {
		t.Errorf("%+v", got)
	}
}
