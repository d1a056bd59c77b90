package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spanaudit/capture"
	"spanaudit/report/panel"
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
