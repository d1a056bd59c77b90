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
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/report/alert"
	"spanaudit/report/panel"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// watchFlags is what the command line of watch says.
type watchFlags struct {
	iface    string
	policy   string
	filter   string
	form     string
	alerts   []string
	name     string // of the sensor
	failOn   string
	state    string
	record   string
	keep     time.Duration
	size     int64 // MB
	way      string
	listen   string
	token    string // file
	user     string
	duration time.Duration
	quiet    bool
}

func newWatch(w world, status *int) *cobra.Command {
	var f watchFlags
	c := &cobra.Command{
		Use:   "watch -i IFACE",
		Short: "Watch an interface for as long as it takes, and tell violations within seconds",
		Long: "watch judges what an interface shows, as audit does, and tells each violation within two seconds of the packet that\n" +
			"proves it: once, again when it becomes graver, and once an hour how often it went on. It ends with Ctrl-C or SIGTERM;\n" +
			"SIGHUP has it read the policy again, and keep the old one if the new one is invalid.\n\n" +
			"Alerts go to standard output and to each --alert: file:PATH, syslog://HOST, syslog+tcp://HOST, syslog+tls://HOST or\n" +
			"https://HOST/PATH, each with options behind a question mark, as in file:/var/log/spanaudit.ndjson?max=100MB&keep=7.\n\n" +
			"Exit status: 0 no violation at or above --fail-on, 1 violations, 2 wrong use or invalid policy, 3 the interface could\n" +
			"not be read any more.",
		Example: "  spanaudit watch -i eth1 --policy site.yaml\n" +
			"  spanaudit watch -i eth1 --policy site.yaml --format ndjson --alert syslog+tls://logs.example.com",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			got, err := watch(w, &f)
			*status = got
			return err
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.iface, "interface", "i", "", "watch the interface `IFACE`")
	flags.StringVarP(&f.policy, "policy", "p", "edge-camera", "policy `FILE`, or the name of a built-in profile")
	flags.StringVarP(&f.form, "format", "f", "", "`FORM` of standard output: alerts as text or ndjson, none, or on a terminal a table\nof the findings (default: that, and where there is no terminal text)")
	flags.StringArrayVar(&f.alerts, "alert", nil, "tell alerts at `TARGET`, too; may be repeated")
	flags.StringVar(&f.filter, "filter", "", "look only at what this BPF `EXPR` matches; reports say so")
	flags.StringVar(&f.name, "sensor", "", "`NAME` of this sensor in alerts (default: the host's)")
	flags.StringVar(&f.state, "state", ".", "`DIR` where alerts wait that a server does not take")
	flags.StringVar(&f.failOn, "fail-on", "", "`SEVERITY` from which on violations give exit status 1, or none\n(default: the policy's, else high)")
	flags.StringVar(&f.record, "record", "", "keep what is seen in `FILE`, from which spanaudit report makes the report of any time")
	flags.DurationVar(&f.keep, "record-age", 90*24*time.Hour, "keep it for this `TIME`; 0 for ever")
	flags.Int64Var(&f.size, "record-size", 4096, "let the file grow to so many `MB`; 0 for any size")
	flags.StringVar(&f.listen, "listen", panel.DefaultAddress, "serve a page, metrics for Prometheus and health at `ADDRESS`, or none")
	flags.StringVar(&f.token, "token-file", "", "want the token in `FILE` of whoever looks; needed where others than this machine can")
	flags.StringVar(&f.way, "capture", "", "`WAY` of capturing: ring or libpcap (default: ring, where it can serve)")
	flags.StringVar(&f.user, "user", "", "once the interface is open go on as `USER`, whose the files are that are written")
	flags.DurationVar(&f.duration, "duration", 0, "end after this `TIME`, such as 24h")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "of what is no alert, say only what is wrong")
	complete(c, "policy", rules.Profiles())
	complete(c, "format", watchForms())
	complete(c, "fail-on", failOns())
	return c
}

func watchForms() []string { return []string{"table", "text", "ndjson", "none"} }

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

func watch(w world, f *watchFlags) (int, error) {
	if err := f.check(w); err != nil {
		return statusUsage, err
	}
	policy, err := loadPolicy(w, f.policy)
	if err != nil {
		return statusUsage, err
	}
	failOn, err := (&auditFlags{failOn: f.failOn}).threshold(policy)
	if err != nil {
		return statusUsage, err
	}
	s := &sensor{world: w, watchFlags: f, policy: policy, heads: newKeep(), failOn: failOn, failing: map[string]bool{}, began: time.Now(), since: time.Now()}
	if w.process != nil {
		w.process.heap.forLong()
	}
	src, err := capture.OpenLive(f.iface, capture.LiveOptions{Way: f.way, Filter: f.filter, Raw: true})
	if err != nil {
		return statusUsage, err
	}
	defer src.Close()
	if s.window, err = openWindow(f.listen, f.token); err != nil {
		return statusUsage, err
	}
	defer s.window.close()
	if s.service, err = newNotifier(w.getenv, os.Getpid()); err != nil {
		w.complain(err)
	}
	if f.user != "" && w.process != nil {
		if err := become(f.user); err != nil {
			return statusUsage, fmt.Errorf("--user: %w", err)
		}
	}
	if err := s.open(); err != nil {
		return statusUsage, errors.Join(err, s.end())
	}
	if err := s.giveUp(); err != nil {
		return statusUsage, errors.Join(err, s.end())
	}
	if s.form == "table" {
		if s.board = openBoard(w); s.board != nil {
			s.stderr = s.board
			defer s.board.close()
		}
	}
	ctx := context.Background()
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	o := takeOrders(ctx)
	defer o.close()
	go s.obey(o)
	s.service.ready()
	s.resume()
	s.say("watching %s by policy %s; Ctrl-C ends it", f.iface, policy.Name)
	broken := s.follow(o.Stop, src)
	s.service.stopping()
	closed := s.end()
	switch {
	case broken != nil:
		return statusUnread, errors.Join(broken, closed)
	case closed != nil:
		return statusUsage, closed
	case s.told && s.worst >= s.failOn:
		return statusViolations, nil
	}
	return statusDone, nil
}

// follow judges what src shows until it ends, or ctx does.
func (s *sensor) follow(ctx context.Context, src *capture.Source) error {
	_, err := runAudit(ctx, src, s.policy, auditOptions{
		Workers: min(runtime.GOMAXPROCS(0), maxWorkers), Filter: s.filter, Frames: s.heads.take, Watch: s.watcher, Witness: s.witness(),
	})
	return err
}

func (f *watchFlags) check(w world) error {
	_, terminal := terminalOf(w.stdout)
	if f.form == "" && terminal && w.getenv("TERM") != "dumb" {
		f.form = "table"
	}
	f.form = cmp.Or(f.form, "text")
	switch {
	case f.form == "table" && !terminal:
		return errors.New("--format table draws on a terminal, and standard output is none; use text or ndjson")
	case f.iface == "":
		return errors.New("watch needs an interface: -i IFACE")
	case f.duration < 0:
		return fmt.Errorf("--duration %s is negative; give a time such as 24h", f.duration)
	case !slices.Contains(watchForms(), f.form):
		return fmt.Errorf("--format %q is not known%s", f.form, didYouMean(f.form, watchForms()))
	case f.form != "none" && f.form != "table" && slices.ContainsFunc(f.alerts, func(a string) bool { return a == "-" || strings.HasPrefix(a, "-?") }):
		return errors.New("standard output is written to already; with --alert - give --format none")
	}
	return nil
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
