package record

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"

	"spanaudit/flow"
)

// written makes a record with flows in several batches.
func written(t testing.TB, flows int) string {
	t.Helper()
	path := newRecord(t)
	s := open(t, path, Options{})
	w := begin(t, s, begun)
	for i := range flows {
		w.Ended(flowAt(i, begun+flow.Time(i)*second))
		if i%10 == 9 {
			must(t, w.Commit(context.Background(), begun+flow.Time(i)*second))
		}
	}
	must(t, w.Close(context.Background(), begun+flow.Time(flows)*second))
	must(t, s.Close())
	return path
}

// What is no record, or a damaged one, is said to be so and is not touched.
func TestWhatIsNoRecordIsLeftAsItIs(t *testing.T) {
	good, err := os.ReadFile(written(t, 100))
	must(t, err)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"text":              {bytes.Repeat([]byte("not a database\n"), 1000), "is no record of spanaudit"},
		"another program's": {foreign(t, "CREATE TABLE users (id)"), "is a database of another program"},
		"a newer version's": {foreign(t, "CREATE TABLE x (id); PRAGMA application_id = 1936744814; PRAGMA user_version = 99"), "newer version of spanaudit (format 99"},
		"schema overwritten": {append(append(bytes.Clone(good[:100]), bytes.Repeat([]byte{0xff}, 4096-100)...), good[4096:]...),
			"is damaged and is left as it is"},
	} {
		path := newRecord(t)
		must(t, os.WriteFile(path, c.content, 0o600))
		for _, open := range []func() (*Store, error){
			func() (*Store, error) { return Open(path, Options{}) },
			func() (*Store, error) { return OpenReadOnly(path) },
		} {
			if s, err := open(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v; %q is wanted", name, err, c.want)
				if err == nil {
					s.Close()
				}
			}
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, c.content) {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
	if _, err := OpenReadOnly(newRecord(t)); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

// A batch that is damaged costs its own events, and the time is said to be blind.
func TestDamagedBatchIsABlindStretch(t *testing.T) {
	path := written(t, 100)
	s := open(t, path, Options{})
	_, err := s.write.Exec("UPDATE batch SET data = substr(data, 1, 40) || zeroblob(20) || substr(data, 61) WHERE id = 4")
	must(t, err)
	h, sp := replayed(t, s, all, ever)
	want := Stretch{begun + 30*second, begun + 39*second, CauseDamaged}
	if len(h.events) != 90 || len(sp.Blind) != 1 || sp.Blind[0] != want {
		t.Errorf("%d events, %+v; 90 and %+v are wanted", len(h.events), sp.Blind, want)
	}
}

// A file that lost its end, or pages in it, is an error or says so; it never
// passes for whole.
func TestDamagedFileIsSaidToBe(t *testing.T) {
	path := written(t, 3000)
	whole, err := os.ReadFile(path)
	must(t, err)
	for name, content := range map[string][]byte{
		"cut in half": whole[:len(whole)/2],
		"pages lost":  append(append(bytes.Clone(whole[:4096*3]), make([]byte, 4096*4)...), whole[4096*7:]...),
	} {
		must(t, os.WriteFile(path, content, 0o600))
		err := func() error {
			s, err := OpenReadOnly(path)
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.Check(context.Background()); err == nil {
				t.Errorf("%s: found to be whole", name)
			}
			_, err = s.Replay(context.Background(), all, ever, &heard{})
			return err
		}()
		if err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// foreign returns a database that statements made.
func foreign(t *testing.T, statements string) []byte {
	t.Helper()
	path := newRecord(t)
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec(statements)
	must(t, err)
	must(t, db.Close())
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// FuzzRecord holds that a record in which anything was overwritten is refused, or
// replayed with its end and its Findings, in bounded time.
func FuzzRecord(f *testing.F) {
	good, err := os.ReadFile(written(f, 20))
	must(f, err)
	f.Add(uint32(0), []byte("SQLite format 3"))
	f.Add(uint32(100), bytes.Repeat([]byte{0xff}, 40))
	for at := 4096; at < len(good); at += 4096 {
		f.Add(uint32(at), []byte{0x0d, 0, 0, 0xff, 0xff})
		f.Add(uint32(at+4000), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	}
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		path := newRecord(t)
		data := bytes.Clone(good)
		copy(data[int(at)%len(data):], with)
		must(t, os.WriteFile(path, data, 0o600))
		s, err := OpenReadOnly(path)
		if err != nil {
			return
		}
		defer s.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_, err = s.Replay(ctx, all, ever, &heard{})
		if err == nil {
			_, err = s.Findings(ctx, all, ever)
		}
		if ctx.Err() != nil {
			t.Fatalf("it does not end: %v", err)
		}
	})
}
