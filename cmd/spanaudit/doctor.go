package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"spanaudit/capture"
	"spanaudit/report"
	"spanaudit/rules"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	iface, canary, replay string
	policy, format        string
	length                time.Duration
}

func newDoctor(w world, status *int) *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor -i IFACE",
		Short: "Examine whether an interface shows what an audit needs to see",
		Long: "doctor captures from an interface for a minute and tells what an audit of it could rest on: whether both directions\n" +
			"of conversations are seen, which VLANs, hosts, devices and gateway, frames that are merged or cut, copies, drops, the\n" +
			"clock, and the state of the interface. With --canary it sends two violations as frames from a second interface, which\n" +
			"must be plugged in where the mirror port copies from, and looks whether the engine finds them: RTSP, and a TLS\n" +
			"handshake without forward secrecy, between addresses of documentation (198.51.100.77 and 203.0.113.77, 203.0.113.78).\n" +
			"With --replay it looks whether the engine finds violations in a capture file.\n\n" +
			"The exit status is 0 when nothing is wrong, 1 when something is, 2 for wrong use, 3 when the interface failed.",
		Example: "  spanaudit doctor -i eth1\n" +
			"  spanaudit doctor -i eth1 --for 30s --policy site.yaml --canary eth2",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			var err error
			*status, err = doctor(w, f)
			return err
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.iface, "interface", "i", "", "the interface `IFACE` to examine")
	flags.DurationVar(&f.length, "for", time.Minute, "look for this `TIME`")
	flags.StringVarP(&f.policy, "policy", "p", rules.Profiles()[0], "policy `FILE` whose devices are looked for, or the name of a built-in profile")
	flags.StringVar(&f.canary, "canary", "", "send violations from the interface `IFACE`, and look for them")
	flags.StringVar(&f.replay, "replay", "", "look for the violations that the capture `FILE` holds")
	flags.StringVarP(&f.format, "format", "f", "table", "`FORM` of the report: table, json")
	complete(c, "policy", rules.Profiles())
	complete(c, "format", []string{"table", "json"})
	return c
}

func (f doctorFlags) check() error {
	switch {
	case f.iface == "":
		return errors.New("doctor needs an interface to examine: -i IFACE")
	case f.canary != "" && f.replay != "":
		return errors.New("--canary and --replay are two ways to the same; give one")
	case f.canary == f.iface:
		return errors.New("--canary is the interface that is examined; give another, which the mirror port copies from")
	case f.length < time.Second:
		return fmt.Errorf("--for is %v; a second or more is wanted", f.length)
	case f.format != "table" && f.format != "json":
		return fmt.Errorf("no form %q%s", f.format, didYouMean(f.format, []string{"table", "json"}))
	}
	return nil
}

// doctor examines the interface, says what came out, and returns the exit status.
func doctor(w world, f doctorFlags) (int, error) {
	if err := f.check(); err != nil {
		return statusUsage, err
	}
	policy, err := loadPolicy(w, f.policy)
	if err != nil {
		return statusUsage, err
	}
	v := &visit{flags: f, policy: policy, seen: newView(policy)}
	if f.replay != "" {
		if err := v.replay(); err != nil {
			return statusUnread, err
		}
	}
	if err := v.look(w); err != nil {
		return statusUsage, err
	}
	checks := v.checks()
	bad := func(s report.State) int {
		n := 0
		for _, c := range checks {
			if c.State == s {
				n++
			}
		}
		return n
	}
	says := "Nothing is wrong with what " + f.iface + " shows."
	if wrong, looks := bad(report.Wrong), bad(report.Look); wrong > 0 {
		says = fmt.Sprintf("An audit of %s would miss things: %d wrong, %d to look at.", f.iface, wrong, looks)
	} else if looks > 0 {
		says = fmt.Sprintf("Nothing is wrong with what %s shows; %d to look at.", f.iface, looks)
	}
	if f.canary == "" && f.replay == "" {
		says += " That violations are found was not tried: --canary or --replay does."
	}
	if f.format == "json" {
		err = json.NewEncoder(w.stdout).Encode(map[string]any{"interface": f.iface, "checks": checks, "summary": says})
	} else {
		err = report.Checks(w.stdout, checks, nil, says, screenOf(w.stdout, w.getenv))
	}
	switch {
	case err != nil:
		return statusUsage, err
	case v.failed != nil:
		return statusUnread, nil
	case bad(report.Wrong) > 0:
		return statusViolations, nil
	}
	return statusDone, nil
}

// visit is one examination: what was looked at, and what was found.
type visit struct {
	flags  doctorFlags
	policy *rules.Policy
	seen   *view

	before, after linkState
	stats         capture.Stats
	coverage      rules.Coverage
	duplicates    uint64
	failed        error // of the capture
	clock         clockState

	canary   []string // rules by which the canary was found
	unsent   error    // why the canary was not
	replayed []string // rules by which violations of the file were found
}

// look captures for the time given, or until an interrupt. What an interface
// shows is judged by the canary's own policy, in which only the canary is at home.
func (v *visit) look(w world) error {
	src, err := capture.OpenLive(v.flags.iface, capture.LiveOptions{})
	if err != nil {
		return err
	}
	defer src.Close()
	home, err := rules.Parse("canary", []byte(canaryPolicy))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	ctx, cancel := context.WithTimeout(ctx, v.flags.length)
	defer cancel()
	w.tell("looking at %s for %v; Ctrl-C ends it", v.flags.iface, v.flags.length)
	v.before = readLink(v.flags.iface)
	sent := make(chan error, 1)
	if v.flags.canary != "" {
		if send, err := injector(v.flags.canary); err != nil {
			sent <- err
		} else {
			time.AfterFunc(v.flags.length/8, func() { sent <- send(canaryFrames()) })
		}
	}
	r, err := runAudit(ctx, src, home, auditOptions{Workers: 1, Stats: func(n uint64) { v.duplicates = n }, Frames: v.seen.see})
	v.failed = err
	v.after, v.clock, v.stats, v.coverage = readLink(v.flags.iface), readClock(), src.Stats(), r.Coverage
	if v.flags.canary != "" {
		select {
		case v.unsent = <-sent:
		default:
			v.unsent = errors.New("the capture ended before")
		}
	}
	for _, finding := range r.Findings {
		if finding.Device.IP == canaryClient.Addr() && finding.Verdict == rules.Fail {
			v.canary = append(v.canary, finding.Rule)
		}
	}
	return nil
}

// replay audits the file by the policy.
func (v *visit) replay() error {
	src, err := capture.Open([]string{v.flags.replay}, capture.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	r, err := runAudit(context.Background(), src, v.policy, auditOptions{Workers: 1})
	if err != nil {
		return err
	}
	for _, in := range src.Inputs() {
		if in.Err != nil {
			return fmt.Errorf("%s: %w", in.Name, in.Err)
		}
	}
	for _, finding := range r.Findings {
		if finding.Verdict == rules.Fail && !slices.Contains(v.replayed, finding.Rule) {
			v.replayed = append(v.replayed, finding.Rule)
		}
	}
	return nil
}
