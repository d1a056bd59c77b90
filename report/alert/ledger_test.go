package alert

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"spanaudit/report"
	"spanaudit/rules"
)

const second = report.Instant(time.Second)

func seen(t *testing.T, l *Ledger, f *report.Finding, now report.Instant) Kind {
	t.Helper()
	a, told := l.Seen(f, now)
	if !told {
		return ""
	}
	if a.ID != f.ID || a.Schema != Schema || a.Time != now {
		t.Errorf("the alert is %+v", a)
	}
	return a.Kind
}

func TestAFindingIsToldOnceAndThenWithCountsAtIntervals(t *testing.T) {
	l := NewLedger(Origin{Sensor: "s", Site: "p", Policy: "q"}, time.Minute, 0)
	f := finding("f-1")
	f.Count = 1
	start := at("2026-11-23T10:00:00Z")
	if got := seen(t, l, f, start); got != New {
		t.Fatalf("first: %q", got)
	}
	for i := range report.Instant(59) {
		f.Count++
		if got := seen(t, l, f, start+i*second); got != "" {
			t.Fatalf("after %d s: %q", i, got)
		}
	}
	if due := l.Due(start + 59*second); due != nil {
		t.Fatalf("too early: %v", due)
	}
	due := l.Due(start + 60*second)
	if len(due) != 1 || due[0].Kind != Again || due[0].Since != 59 || due[0].Count != 60 || due[0].Sensor != "s" {
		t.Fatalf("due: %+v", due)
	}
	if due := l.Due(start + 600*second); due != nil {
		t.Fatalf("nothing happened since, and yet: %v", due)
	}
	if got := seen(t, l, f, start+700*second); got != "" {
		t.Fatalf("nothing changed, and yet: %q", got)
	}
	f.Count++
	a, told := l.Seen(f, start+800*second)
	if !told || a.Kind != Again || a.Since != 1 || len(a.Evidence) == 0 {
		t.Fatalf("long after: %+v, %v", a, told)
	}
}

func TestWhatBecomesGraverIsToldAtOnceAndOnlyThen(t *testing.T) {
	l := NewLedger(Origin{}, 0, 0)
	f := finding("f-1")
	var kinds []Kind
	for _, step := range []struct {
		severity rules.Severity
		verdict  rules.Verdict
	}{
		{rules.Low, rules.Indeterminate}, {rules.Low, rules.Indeterminate}, {rules.Low, rules.Fail}, {rules.Low, rules.Indeterminate}, {rules.Low, rules.Fail},
		{rules.High, rules.Fail}, {rules.Medium, rules.Fail}, {rules.High, rules.Fail}, {rules.Critical, rules.Fail},
	} {
		f.Severity, f.Verdict = step.severity, step.verdict
		f.Count++
		kinds = append(kinds, seen(t, l, f, at("2026-11-23T10:00:00Z")))
	}
	if want := []Kind{New, "", Graver, "", "", Graver, "", "", Graver}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("told %q, want %q", kinds, want)
	}
}

func TestAWaivedFindingIsToldWhenItsWaiverHasLapsed(t *testing.T) {
	l := NewLedger(Origin{}, 0, 0)
	f := finding("f-1")
	f.Waiver = &report.Waiver{ID: "W-1"}
	if got := seen(t, l, f, 1); got != "" || l.Stats().Waived != 1 {
		t.Errorf("waived: %q, %+v", got, l.Stats())
	}
	f.Waiver = nil
	if got := seen(t, l, f, 2); got != New {
		t.Errorf("lapsed: %q", got)
	}
}

func TestWhatAnEarlierRunToldIsNotNew(t *testing.T) {
	l := NewLedger(Origin{}, time.Hour, 0)
	start := at("2026-11-23T10:00:00Z")
	l.Seed([]Told{{ID: "f-1", Severity: rules.High, Verdict: rules.Fail, Time: start, Count: 40}})
	f := finding("f-1")
	f.Count = 2 // counted anew
	if got := seen(t, l, f, start+second); got != "" {
		t.Errorf("told as %q", got)
	}
	if due := l.Due(start + 3600*second); len(due) != 1 || due[0].Since != 2 {
		t.Errorf("due: %+v", due)
	}
	f.Severity = rules.Critical
	if got := seen(t, l, f, start+3700*second); got != Graver {
		t.Errorf("graver told as %q", got)
	}
}

func TestALedgerForgetsWhatWasSilentLongest(t *testing.T) {
	l := NewLedger(Origin{}, time.Hour, 3)
	for i := range 3 {
		seen(t, l, finding(fmt.Sprint(i)), report.Instant(i))
	}
	again := finding("0") // not silent any more, and with counts to tell
	again.Count++
	seen(t, l, again, 3)
	next := finding("1")
	next.Count++
	seen(t, l, next, 4)
	seen(t, l, finding("2"), 5)
	seen(t, l, finding("3"), 6) // "0" goes
	if s := l.Stats(); s != (LedgerStats{Known: 3, Evicted: 1, Untold: 1}) {
		t.Errorf("%+v", s)
	}
	if got := seen(t, l, finding("0"), 7); got != New {
		t.Errorf("what was forgotten is %q", got)
	}
	if due := l.Due(2 * 3600 * second); len(due) != 0 { // "1" went for "0"
		t.Errorf("due of what was forgotten: %v", due)
	}
}

func TestAClockThatJumpsDoesNotSilence(t *testing.T) {
	l := NewLedger(Origin{}, time.Hour, 0)
	f := finding("f-1")
	start := at("2030-01-01T00:00:00Z")
	seen(t, l, f, start)
	back := at("2026-01-01T00:00:00Z")
	f.Count++
	if got := seen(t, l, f, back); got != "" {
		t.Errorf("set back: %q", got)
	}
	if due := l.Due(back + 3600*second); len(due) != 1 {
		t.Errorf("an hour after the clock was set back %d alerts are due, want 1", len(due))
	}
}

func TestTheSameCallsGiveTheSameAlerts(t *testing.T) {
	run := func() (all []string) {
		l := NewLedger(Origin{}, time.Minute, 50)
		for i := range 400 {
			f := finding(fmt.Sprint(i % 70))
			f.Count = i
			now := report.Instant(i) * second
			if a, told := l.Seen(f, now); told {
				all = append(all, string(ndjson(t, &a)))
			}
			for _, a := range l.Due(now) {
				all = append(all, string(ndjson(t, &a)))
			}
		}
		return all
	}
	if a, b := run(), run(); !reflect.DeepEqual(a, b) || len(a) < 70 {
		t.Errorf("%d and %d alerts, not the same", len(a), len(b))
	}
}

// A finding that is as it was when it was seen last need not be made for Seen.
func TestWhatWasHeardIsKnown(t *testing.T) {
	l := NewLedger(Origin{}, 0, 0)
	if l.Heard("f-1", rules.High, rules.Fail, 1) {
		t.Error("heard before it was seen")
	}
	l.Seen(&report.Finding{ID: "f-1", Severity: rules.High, Verdict: rules.Fail, Count: 1}, 1)
	for _, c := range []struct {
		severity rules.Severity
		count    int
		want     bool
	}{{rules.High, 1, true}, {rules.Medium, 1, true}, {rules.High, 2, false}, {rules.Critical, 1, false}} {
		if got := l.Heard("f-1", c.severity, rules.Fail, c.count); got != c.want {
			t.Errorf("%s, %d times: heard %v", c.severity, c.count, got)
		}
	}
}
