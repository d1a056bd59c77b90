package alert

import (
	"cmp"
	"container/list"
	"slices"
	"time"

	"spanaudit/report"
	"spanaudit/rules"
)

// Ledger decides which findings are told: each once, again when it becomes
// graver, and again with counts at most once in an interval. It is used by one
// goroutine. The same calls give the same alerts.
type Ledger struct {
	origin  Origin
	every   time.Duration
	bound   int
	entries map[string]*list.Element // of *entry, by the finding's id
	silent  *list.List               // those that were seen longest ago in front
	pending map[string]*entry        // those that have more to tell
	stats   LedgerStats
}

// LedgerStats counts what a Ledger left out.
type LedgerStats struct {
	Known   int    // findings that it remembers
	Evicted uint64 // findings that it forgot to keep its bound: seen again, they are new
	Untold  uint64 // of those, the ones that had counts to tell
	Waived  uint64 // times that a finding was not told because it is waived
}

// Told is what was told of a finding before, as a Ledger is seeded with it.
type Told struct {
	ID       string
	Severity rules.Severity // the gravest
	Verdict  rules.Verdict  // fail if it ever was
	Time     report.Instant // of the last alert
	Count    int            // that it told
}

type entry struct {
	Told
	latest report.Finding // without its lists, where more is pending
	more   int            // seen since the last alert
	seen   int            // the finding's Count when it was seen last
}

// Defaults of a Ledger.
const (
	DefaultEvery = time.Hour
	DefaultBound = 65536
)

// NewLedger returns a Ledger that remembers at most bound findings (some 1 kB
// each) and forgets those that were silent longest. A finding that goes on is
// told again once in every; zero means the default, for either.
func NewLedger(origin Origin, every time.Duration, bound int) *Ledger {
	return &Ledger{
		origin: origin, every: cmp.Or(every, DefaultEvery), bound: cmp.Or(bound, DefaultBound),
		entries: map[string]*list.Element{}, silent: list.New(), pending: map[string]*entry{},
	}
}

// Seed notes what was told before, by an earlier run, the oldest first. Counts of
// the findings that follow may start from nothing or go on from Count.
func (l *Ledger) Seed(told []Told) {
	for _, t := range told {
		e := l.entry(t.ID)
		e.Told, e.seen = t, t.Count
	}
}

// Seen takes a finding as it is now and returns the alert that is to be told of
// it, if one is. It is called whenever a finding is new or has changed; nothing
// happens where its Count, severity and verdict are those of the last call. A
// waived finding is not told; when its waiver has lapsed, it is new.
func (l *Ledger) Seen(f *report.Finding, now report.Instant) (Alert, bool) {
	if f.Waiver != nil {
		l.stats.Waived++
		return Alert{}, false
	}
	_, known := l.entries[f.ID]
	e := l.entry(f.ID)
	e.more += grown(e.seen, f.Count)
	e.seen = f.Count
	e.Time = min(e.Time, now) // the clock may have been set back
	switch {
	case !known:
		return l.tell(e, f, New, now), true
	case graver(e, f):
		return l.tell(e, f, Graver, now), true
	case e.more == 0:
		return Alert{}, false
	case l.due(e, now):
		return l.tell(e, f, Again, now), true
	}
	e.latest = brief(f)
	l.pending[f.ID] = e
	return Alert{}, false
}

// Heard reports whether Seen has nothing new to take of a finding, by what it was
// called with last: such a finding need not be made for it.
func (l *Ledger) Heard(id string, s rules.Severity, v rules.Verdict, count int) bool {
	at, known := l.entries[id]
	if !known {
		return false
	}
	e := at.Value.(*entry)
	return e.seen == count && !graver(e, &report.Finding{Severity: s, Verdict: v})
}

// Due returns the alerts of findings that went on since they were told, and whose
// interval is over, the one told longest ago first. It is called every few
// seconds, so that counts are told of what has stopped, too.
func (l *Ledger) Due(now report.Instant) []Alert {
	var due []*entry
	for _, e := range l.pending {
		e.Time = min(e.Time, now)
		if l.due(e, now) {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
	})
	var alerts []Alert
	for _, e := range due {
		alerts = append(alerts, l.tell(e, &e.latest, Again, now))
	}
	return alerts
}

// Stats returns what was left out so far.
func (l *Ledger) Stats() LedgerStats {
	s := l.stats
	s.Known = len(l.entries)
	return s
}

// entry returns what is known of a finding, as the one that was seen last.
func (l *Ledger) entry(id string) *entry {
	if at, known := l.entries[id]; known {
		l.silent.MoveToBack(at)
		return at.Value.(*entry)
	}
	for len(l.entries) >= l.bound {
		l.evict()
	}
	e := &entry{Told: Told{ID: id}}
	l.entries[id] = l.silent.PushBack(e)
	return e
}

func (l *Ledger) evict() {
	e := l.silent.Remove(l.silent.Front()).(*entry)
	delete(l.entries, e.ID)
	l.stats.Evicted++
	if _, more := l.pending[e.ID]; more {
		delete(l.pending, e.ID)
		l.stats.Untold++
	}
}

func (l *Ledger) due(e *entry, now report.Instant) bool {
	return now.UTC().Sub(e.Time.UTC()) >= l.every
}

// tell makes the alert and notes that it was told.
func (l *Ledger) tell(e *entry, f *report.Finding, kind Kind, now report.Instant) Alert {
	a := Alert{
		Schema: Schema, Time: now, Kind: kind, Sensor: l.origin.Sensor, Site: l.origin.Site, Policy: l.origin.Policy,
		Since: e.more, Finding: *f,
	}
	if kind == Graver {
		was := e.Severity
		a.Was = &was
	}
	if e.Severity = max(e.Severity, f.Severity); e.Verdict != rules.Fail {
		e.Verdict = f.Verdict
	}
	e.Time, e.Count = now, f.Count
	e.more, e.latest = 0, report.Finding{}
	delete(l.pending, e.ID)
	return a
}

func graver(e *entry, f *report.Finding) bool {
	return f.Severity > e.Severity || e.Verdict != rules.Fail && f.Verdict == rules.Fail
}

// grown returns how much a count grew. One that shrank was begun anew.
func grown(before, now int) int {
	if now < before {
		return now
	}
	return now - before
}

// brief returns what is kept of a finding until it is told.
func brief(f *report.Finding) report.Finding {
	b := *f
	b.Flows, b.Evidence, b.Controls = []string{}, []report.Evidence{}, []string{}
	b.Decoded, b.Context, b.Remediation = nil, nil, ""
	return b
}
