package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spanaudit/capture"
	"spanaudit/report"
	"spanaudit/rules"
)

// maxWorkers is more than one reader of packets can keep busy.
const maxWorkers = 64

// auditFlags is what the command line of audit says.
type auditFlags struct {
	iface    string
	way      string // to capture
	duration time.Duration
	policy   string
	format   string
	output   string
	flows    string
	flowForm string
	filter   string
	failOn   string
	reported string
	strict   bool
	digest   bool
	evidence evidenceFlags
	quiet    bool

	anonymize    bool
	anonymizeKey string

	workers int
}

func newAudit(w world, status *int) *cobra.Command {
	var f auditFlags
	c := &cobra.Command{
		Use:   "audit {FILE|DIR|-}... | -i IFACE",
		Short: "Audit capture files, or an interface, and write the report",
		Long: "audit reads captures (pcap or pcapng, plain, gzip or zstd) as one, in time order; of a directory the\n" +
			"captures directly in it; - is standard input. With -i it captures from an interface until --duration\n" +
			"is over or Ctrl-C. The report alone goes to standard output.\n\n" +
			"Exit status: 0 no violation at or above --fail-on, 1 violations, 2 wrong use or invalid policy,\n" +
			"3 an input could not be read whole, 4 with --strict something could not be decided.",
		Example: "  spanaudit audit capture.pcapng\n" +
			"  spanaudit audit --policy site.yaml --format json -o audit.json captures/\n" +
			"  tcpdump -i eth1 -w - | spanaudit audit -\n" +
			"  spanaudit audit -i eth1 --duration 10m",
		RunE: func(c *cobra.Command, args []string) error {
			got, err := audit(w, &f, args)
			*status = got
			return err
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.policy, "policy", "p", "edge-camera", "policy `FILE`, or the name of a built-in profile")
	flags.StringVarP(&f.format, "format", "f", "table", "`FORM` of the report: "+strings.Join(formatNames(), ", "))
	flags.StringVarP(&f.output, "output", "o", "", "write the report to `FILE` instead of standard output")
	flags.StringVar(&f.flows, "flows", "", "write flow records to `FILE`, one JSON object a line")
	flags.StringVar(&f.flowForm, "flows-format", "ecs", "`FORM` of the flow records: "+strings.Join(flowFormatNames(), ", "))
	flags.BoolVar(&f.digest, "digest", false, "name inputs by their SHA-256 however large they are; without it, up to 256 MB\nin all: of more, computing it takes longer than the audit")
	flags.StringVar(&f.filter, "filter", "", "look only at what this BPF `EXPR` matches; the report says so")
	flags.StringVar(&f.failOn, "fail-on", "", "`SEVERITY` from which on violations give exit status 1, or none\n(default: the policy's, else high)")
	flags.BoolVar(&f.strict, "strict", false, "exit with 4 when nothing failed but something could not be decided")
	flags.StringVar(&f.reported, "now", "", "`TIME` of the report, as 2026-11-25T10:00:00Z: the same input then gives the same bytes")
	flags.BoolVar(&f.anonymize, "anonymize", false, "map IP addresses and MACs to others, the same in all that is written; networks and\nvendors can still be told, and names of hosts and devices stay as they are")
	flags.StringVar(&f.anonymizeKey, "anonymize-key", "", "anonymize by the secret in `FILE`, 16 bytes or more: with the same policy the same\nmapping each time; without it the mapping is another in every run")
	flags.StringVarP(&f.iface, "interface", "i", "", "capture from the interface `IFACE` instead of reading files")
	flags.StringVar(&f.way, "capture", "", "capture the interface by `WAY`: "+capture.WayRing+" or "+capture.WayLibpcap+"; the ring, if not said, where it can serve")
	flags.DurationVar(&f.duration, "duration", 0, "end the capture after this `TIME`, such as 60s or 10m")
	f.evidence.add(flags)
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress bar, and of the inputs only what is wrong")
	flags.IntVar(&f.workers, "workers", min(runtime.GOMAXPROCS(0), maxWorkers), "examine packets with `N` goroutines; the report is the same")
	complete(c, "policy", rules.Profiles())
	complete(c, "format", formatNames())
	complete(c, "flows-format", flowFormatNames())
	complete(c, "fail-on", failOns())
	complete(c, "capture", []string{capture.WayRing, capture.WayLibpcap})
	return c
}

// complete offers words, beside files, to the shell.
func complete(c *cobra.Command, flag string, words []string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveDefault))
}

func (f *auditFlags) until() string {
	if f.duration == 0 {
		return ""
	}
	return " for " + f.duration.String()
}

// check refuses what the flags and arguments cannot mean together.
func (f *auditFlags) check(w world, args []string) error {
	switch {
	case f.iface == "" && len(args) == 0:
		return errors.New("audit needs something to read: a capture file, a directory of them, - for standard input, or -i IFACE")
	case f.iface != "" && len(args) > 0:
		return fmt.Errorf("audit reads either -i %s or %q, not both", f.iface, args[0])
	case f.iface == "" && f.way != "":
		return errors.New("--capture says how an interface is captured: give -i IFACE too")
	case f.iface == "" && f.duration != 0:
		return errors.New("--duration ends a live capture; it needs -i IFACE")
	case f.duration < 0:
		return fmt.Errorf("--duration %s is negative; give a time such as 60s", f.duration)
	case f.workers < 1 || f.workers > maxWorkers:
		return fmt.Errorf("--workers %d is not possible; give 1 to %d", f.workers, maxWorkers)
	}
	for _, arg := range args {
		if _, ok := terminalOf(w.stdin); arg == "-" && ok {
			return errors.New("standard input is a terminal; pipe a capture into it, as in: tcpdump -i eth1 -w - | spanaudit audit -")
		}
	}
	return nil
}

// unasked is the bytes of files of which a report names the SHA-256 unasked.
const unasked = 256 << 20

// hash returns up to what size inputs are hashed. The table names no hash.
func (f *auditFlags) hash() int64 {
	switch {
	case f.evidence.path == "" && f.format == "table":
		return 0
	case f.evidence.path != "" || f.digest:
		return math.MaxInt64
	}
	return unasked
}

// reportTime reads the value of --now; without one it is the wall clock's time, to
// the second.
func reportTime(text string) (report.Instant, error) {
	if text == "" {
		return report.Instant(time.Now().Truncate(time.Second).UnixNano()), nil
	}
	var at report.Instant
	if err := at.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("--now %q is no time; write it as 2026-11-25T10:00:00Z", text)
	}
	return at, nil
}

// threshold returns the severity from which on violations fail the audit: what
// --fail-on says, else the policy, else high.
func (f *auditFlags) threshold(p *rules.Policy) (rules.Severity, error) {
	switch {
	case f.failOn == "none":
		return never, nil
	case f.failOn == "" && p.Report.FailOn != nil:
		return *p.Report.FailOn, nil
	case f.failOn == "":
		return rules.High, nil
	}
	var s rules.Severity
	if s.UnmarshalText([]byte(f.failOn)) != nil {
		return 0, fmt.Errorf("--fail-on %q is not known%s", f.failOn, didYouMean(f.failOn, failOns()))
	}
	return s, nil
}

func failOns() []string { return []string{"info", "low", "medium", "high", "critical", "none"} }
