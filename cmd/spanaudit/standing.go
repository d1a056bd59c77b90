package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"spanaudit/report"
	"spanaudit/report/panel"
	"spanaudit/rules"
)

// maxShown bounds the findings that are shown of a watch beside those that were
// told.
const maxShown = 100

// show shows how the watch stands, on its page and on the terminal, at most once a
// second.
func (s *sensor) show(seen *sight) {
	now := time.Now()
	if now.Sub(s.shown) < 900*time.Millisecond {
		return
	}
	s.shown = now
	if s.process != nil {
		s.process.heap.fit()
	}
	if s.window == nil && s.board == nil && s.service == nil {
		return
	}
	st := s.standing(seen, now)
	s.window.show(s, seen, st)
	s.board.show(st)
	s.service.status(fmt.Sprintf("%s, %d packets seen, %d lost", headlineOf(&st), st.Packets, st.Dropped.Kernel))
}

// headlineOf says in a line how the audit stands.
func headlineOf(st *panel.State) string {
	failed := 0
	for _, q := range st.Audit.Requirements {
		if q.Verdict == rules.Fail {
			failed++
		}
	}
	by, waived := map[rules.Severity]int{}, 0
	for _, c := range st.Counts {
		by[c.Severity] += c.Findings
		waived += c.Waived
	}
	var parts []string
	for v := rules.Critical; v >= rules.Info; v-- {
		if by[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", by[v], v))
		}
	}
	if waived > 0 {
		parts = append(parts, fmt.Sprintf("%d waived", waived))
	}
	if len(parts) == 0 {
		parts = []string{"no finding"}
	}
	return fmt.Sprintf("%d of %s failed: %s", failed, count(len(st.Audit.Requirements), "requirement"), strings.Join(parts, ", "))
}

// standing says how the watch stands.
func (s *sensor) standing(seen *sight, now time.Time) panel.State {
	a, counts := s.soFar(seen)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	st := panel.State{
		At: now, Audit: a, Counts: counts, Interface: s.iface, Since: s.began, Up: !s.down,
		Packets: seen.captured.Frames, Bytes: seen.captured.Bytes, Dropped: panel.Dropped{Kernel: seen.captured.Dropped},
		Outages: seen.captured.Outages, Blind: seen.captured.Blind,
		Flows: seen.open, Record: s.record.state(), Memory: memory.Sys - memory.HeapReleased, Goroutines: runtime.NumGoroutine(),
		Policy: panel.Policy{Name: a.Policy.Name, Version: a.Policy.Version, SHA256: a.Policy.SHA256, Loaded: s.loaded(), Error: s.refused()},
	}
	for _, sink := range s.sinks.Stats() {
		st.Sinks = append(st.Sinks, panel.Sink{
			Name: sink.Sink, Told: sink.Told, Waiting: sink.Waiting, Dropped: sink.Dropped + sink.Refused, Failing: sink.Failing, Error: sink.Error,
		})
	}
	return st
}

// soFar returns the audit so far, of the findings the last to begin, and how many
// there are of all. Those of flows that go on are among them: the verdicts on their
// rules say so already.
func (s *sensor) soFar(seen *sight) (*report.Audit, []panel.FindingCount) {
	r := seen.outline
	by := map[panel.FindingCount]*panel.FindingCount{}
	broken := map[string]int{}
	for _, f := range seen.standing {
		k := panel.FindingCount{Rule: f.Rule, Severity: f.Severity}
		if by[k] == nil {
			by[k] = &panel.FindingCount{Rule: f.Rule, Severity: f.Severity}
		}
		if f.Waiver != nil {
			by[k].Waived++
		} else {
			by[k].Findings++
			if f.Verdict == rules.Fail {
				broken[f.Rule]++
			}
		}
	}
	for i := range r.Requirements {
		q := &r.Requirements[i]
		if n := broken[q.Rule]; n > 0 && q.Verdict != rules.Fail {
			q.Verdict, q.Reason = rules.Fail, ""
			q.Failed = max(q.Failed, n)
		}
	}
	last := slices.Clone(seen.standing)
	slices.SortFunc(last, func(x, y standing) int { return cmp.Or(cmp.Compare(y.First, x.First), cmp.Compare(x.ID, y.ID)) })
	last = last[:min(len(last), maxShown)]
	slices.SortStableFunc(last, func(x, y standing) int { return cmp.Compare(y.Severity, x.Severity) })
	for _, f := range last {
		now := f.Copy()
		now.Count = f.count
		r.Findings = append(r.Findings, now)
	}
	var counts []panel.FindingCount
	for _, c := range by {
		counts = append(counts, *c)
	}
	return auditNow([]report.Input{{Name: s.iface, Packets: seen.captured.Frames}}, r), counts
}
