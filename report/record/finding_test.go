package record

import (
	"context"
	"os"
	"strings"
	"testing"

	"spanaudit/rules"
)

// A finding that was written counts as untold until it is said to be told, and
// again when there is more to tell of it.
func TestAFindingIsUntoldUntilItIsTold(t *testing.T) {
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	finding := func(id string) Finding {
		return Finding{ID: id, Rule: "tls-version", Severity: rules.High, First: begun, Last: begun, Count: 1, JSON: []byte("{}")}
	}
	untold := func(want string) {
		t.Helper()
		list, err := s.Findings(context.Background(), all, ever)
		must(t, err)
		var ids []string
		for _, f := range list {
			if f.Untold {
				ids = append(ids, f.ID)
			}
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("untold: %q; %q is wanted", got, want)
		}
	}
	must(t, w.Commit(context.Background(), begun, finding("a")))
	untold("a")
	w.Told()
	untold("a")
	must(t, w.Commit(context.Background(), begun+second, finding("b")))
	untold("b")
	must(t, w.Commit(context.Background(), begun+2*second, finding("a")))
	untold("a b")
	w.Told()
	must(t, w.Close(context.Background(), begun+3*second))
	untold("")
}

// A record of the first version is made one of this.
func TestAnOlderRecordIsTakenOver(t *testing.T) {
	path := newRecord(t)
	old := foreign(t, schema1+`INSERT INTO finding VALUES ('a', 'tls-version', 'high', 1, 1, 1, 1, '{}', 0);
		PRAGMA application_id = 1936744814; PRAGMA user_version = 1`)
	must(t, os.WriteFile(path, old, 0o600))
	if _, err := OpenReadOnly(path); err == nil || !strings.Contains(err.Error(), "older version") {
		t.Errorf("read: %v", err)
	}
	s := open(t, path, Options{})
	must(t, s.Check(context.Background()))
	if list, err := s.Findings(context.Background(), all, ever); err != nil || len(list) != 1 || list[0].ID != "a" || list[0].Untold {
		t.Errorf("%+v, %v", list, err)
	}
}
