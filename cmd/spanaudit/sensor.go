package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/report/alert"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// sensor is a watch that is under way.
type sensor struct {
	world
	*watchFlags
	policy  *rules.Policy
	sinks   alert.Sinks
	ledger  *alert.Ledger
	heads   *keep
	record  *recorder        // nil where none is kept
	untold  []report.Finding // in it, by an earlier run
	watcher *watcher
	failOn  rules.Severity
	worst   rules.Severity // of what was told
	told    bool           // anything was
	crowded bool           // it was said that more findings are told than are remembered
	failing map[string]bool
	window  *window
	board   *board
	began   time.Time
	shown   time.Time // when it was shown last how the watch stands
	service *notifier
	blind   time.Duration // so far
	down    bool          // the interface is, or has no carrier
	targets []*alert.Target

	mu      sync.Mutex // of what SIGHUP changes
	since   time.Time  // when the policy was read
	refusal string     // why it could not be read the last time
}

// follow judges what src shows until it ends, or ctx does.
func (s *sensor) follow(ctx context.Context, src *capture.Source) error {
	_, err := runAudit(ctx, src, s.policy, auditOptions{
		Workers: min(runtime.GOMAXPROCS(0), maxWorkers), Filter: s.filter, Frames: s.heads.take, Watch: s.watcher, Witness: s.witness(),
	})
	return err
}

// open opens the places where alerts are told.
func (s *sensor) open() error {
	alerts := slices.Clone(s.alerts)
	switch s.form {
	case "text", "ndjson":
		alerts = append([]string{"-?format=" + s.form}, alerts...)
	}
	var err error
	if s.targets, err = alert.ParseAll(alerts); err != nil {
		return fmt.Errorf("--alert %w", err)
	}
	if s.sinks, err = alert.OpenAll(s.targets, s.surroundings()); err != nil {
		return err
	}
	host, _ := os.Hostname()
	s.ledger = alert.NewLedger(alert.Origin{Sensor: cmp.Or(s.name, host), Site: s.policy.Metadata.Description, Policy: s.policy.Name}, 0, 0)
	s.watcher = newWatcher(s.tell)
	if s.watchFlags.record == "" {
		return nil
	}
	return s.openRecord(host)
}

// surroundings is what targets of alerts are opened in.
func (s *sensor) surroundings() alert.World {
	return alert.World{Stdout: s.stdout, Screen: screenOf(s.stdout, s.getenv), State: s.state, Tool: tool(), Now: time.Now}
}

// openRecord opens the record, and takes from it what was told before.
func (s *sensor) openRecord(host string) error {
	err := mayWriteIn(filepath.Dir(s.watchFlags.record))
	if err != nil {
		return fmt.Errorf("--record: %w", err)
	}
	s.record, err = openRecord(s.watchFlags.record, record.Options{
		Tool: tool().Version, Sensor: cmp.Or(s.name, host), MaxAge: s.watchFlags.keep, MaxBytes: s.size << 20,
	}, s.iface, s.policy)
	if err != nil {
		return err
	}
	s.watcher.record, s.record.tell, s.record.failed = s.record.writer, s.pass, s.unrecorded()
	go s.record.run()
	told, untold, err := s.record.told()
	if err != nil {
		return fmt.Errorf("--record: %w", err)
	}
	s.ledger.Seed(told)
	s.watcher.recall = func(audit rules.Witness) {
		if err := s.record.store.Recall(context.Background(), flow.Time(s.began.UnixNano()), audit); err != nil {
			s.world.complain(fmt.Errorf("names and sessions of before are not known: %w", err))
		}
	}
	s.untold = untold
	return nil
}

// resume tells what an earlier run was killed before it had told.
func (s *sensor) resume() {
	now := time.Now().UnixNano()
	job := entry{at: flow.Time(now)}
	for i := range s.untold {
		if a, ok := s.ledger.Seen(&s.untold[i], report.Instant(now)); ok {
			job.alerts = append(job.alerts, a)
		}
	}
	if s.untold = nil; len(job.alerts) > 0 {
		s.hand(job)
	}
}

// witness is who writes the record; nil for nobody.
func (s *sensor) witness() rules.Witness {
	if s.record == nil {
		return nil
	}
	return s.record.writer
}

// end closes the record, and then the places where alerts are told, as far as they
// were opened.
func (s *sensor) end() error {
	var err error
	if s.record != nil {
		err = s.record.close(flow.Time(time.Now().UnixNano()))
	}
	return errors.Join(err, s.sinks.Close())
}

// unrecorded returns what says, once, that the record cannot be written, and when it
// can again. It is called by the goroutine that commits.
func (s *sensor) unrecorded() func(error) {
	failing := false
	return func(err error) {
		switch bad := err != nil; {
		case bad == failing:
		case bad:
			s.world.complain(fmt.Errorf("the record is not written: %w", err))
		default:
			s.say("the record is written again")
		}
		failing = err != nil
	}
}

// tell tells what is new among the findings that stand.
func (s *sensor) tell(seen *sight) {
	inputs := []report.Input{{Name: s.iface}}
	at := report.Instant(time.Now().UnixNano())
	job := entry{at: seen.now, packets: map[string][]capture.RawFrame{}}
	for _, found := range seen.standing {
		if !found.firm || found.Waiver != nil {
			continue
		}
		if s.ledger.Heard(found.ID, found.Severity, found.Verdict, found.count) {
			found.forget()
			continue
		}
		now := found.Copy()
		now.Count = found.count
		f := report.NewFinding(&now, inputs, seen.policy)
		if a, ok := s.ledger.Seen(&f, at); ok {
			job.alerts = append(job.alerts, a)
			if s.record != nil {
				job.packets[a.ID] = s.heads.packets(&now)
			}
		}
		found.forget()
	}
	slices.SortFunc(job.alerts, func(x, y alert.Alert) int {
		return cmp.Or(cmp.Compare(y.Severity, x.Severity), cmp.Compare(x.First, y.First), cmp.Compare(x.ID, y.ID))
	})
	job.alerts = append(job.alerts, s.ledger.Due(at)...)
	s.notice(seen)
	s.hand(job)
	s.complain()
	s.show(seen)
	s.service.ticked(time.Now())
}

// hand has alerts told, by way of the record where there is one.
func (s *sensor) hand(job entry) {
	for _, a := range job.alerts {
		s.told, s.worst = true, max(s.worst, a.Severity)
	}
	if s.record != nil {
		s.record.work <- job
		return
	}
	for _, a := range job.alerts {
		s.pass(a)
	}
}

// notice notes whether the interface is down, and has the record know it, and what
// the capture lost.
func (s *sensor) notice(seen *sight) {
	more, was := seen.captured.Blind-s.blind, s.down
	s.blind, s.down = seen.captured.Blind, more > 0
	if s.record == nil {
		return
	}
	w := s.record.writer
	w.Count(seen.now, record.Counters{Frames: []uint64{seen.captured.Frames}, Loss: seen.loss})
	switch {
	case s.down && !was:
		w.Blind(seen.now.Add(-more), record.CauseDown)
	case was && !s.down:
		w.Sees(seen.now)
	}
	if policy := seen.policy; policy != s.policy {
		s.policy = policy
		w.Policy(seen.now, policy)
	}
}

// pass tells an alert.
func (s *sensor) pass(a alert.Alert) {
	s.window.alert(a.Finding)
	_ = s.sinks.Tell(a) // what is dropped is counted, and said by complain
}

// complain says of each sink that it fails, and that it does so no more, and once
// that there are more findings than can be told apart from new ones.
func (s *sensor) complain() {
	if n := s.ledger.Stats().Evicted; n > 0 && !s.crowded {
		s.crowded = true
		s.world.complain(errors.New("there are more findings than are remembered: those seen again are told again as new"))
	}
	for _, st := range s.sinks.Stats() {
		bad := st.Failing || st.Dropped+st.Refused > 0
		if bad == s.failing[st.Sink] {
			continue
		}
		s.failing[st.Sink] = bad
		if bad {
			s.world.complain(fmt.Errorf("%s: alerts are not told there (%d dropped, %d refused, %d waiting): %s", st.Sink, st.Dropped, st.Refused, st.Waiting, st.Error))
		} else {
			s.say("%s: alerts are told again", st.Sink)
		}
	}
}

func (s *sensor) say(format string, args ...any) {
	if !s.quiet {
		s.world.tell(format, args...)
	}
}

// obey has SIGHUP read the policy again, until the watch is to stop.
func (s *sensor) obey(o *orders) {
	for {
		select {
		case <-o.Stop.Done():
			return
		case <-o.Reload:
			s.service.reloading()
			s.reread()
			s.service.ready()
		}
	}
}

// confinement is what a watch needs once everything is open.
func (s *sensor) confinement() confinement {
	var c confinement
	if info, err := os.Stat(s.watchFlags.policy); err == nil && !info.IsDir() {
		c.Read = append(c.Read, filepath.Dir(s.watchFlags.policy))
	}
	if s.watchFlags.record != "" {
		c.Write = append(c.Write, filepath.Dir(s.watchFlags.record))
	}
	for _, t := range s.targets {
		if dir := t.Dir(s.surroundings()); dir != "" {
			c.Write = append(c.Write, dir)
		}
	}
	return c
}

// giveUp confines the process, where it is this program's own.
func (s *sensor) giveUp() error {
	if s.process == nil {
		return nil
	}
	layers, err := confine(s.confinement())
	if err != nil {
		return err
	}
	if !s.quiet {
		tellLayers(s.world, layers)
	}
	return nil
}

// loaded returns when the policy was read.
func (s *sensor) loaded() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since
}

// refused returns why the policy could not be read the last time, "" when it was.
func (s *sensor) refused() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal
}

// reread reads the policy again and opens files of alerts again, which may have
// been moved. A policy that is invalid changes nothing.
func (s *sensor) reread() {
	if err := s.sinks.Reopen(); err != nil {
		s.world.complain(err)
	}
	policy, err := loadPolicy(s.world, s.watchFlags.policy)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.refusal = err.Error()
		s.world.complain(fmt.Errorf("the policy stays as it was: %w", err))
		return
	}
	s.since, s.refusal = time.Now(), ""
	s.watcher.reload.Store(policy)
	s.say("policy %s was read again", policy.Name)
}
