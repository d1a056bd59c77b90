package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"spanaudit/report"
)

// reportFlags is what the command line of report says.
type reportFlags struct {
	format   string
	output   string
	from, to string
	policy   string
	reported string
	evidence evidenceFlags
}

func newReport(w world) *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report {AUDIT|BUNDLE|RECORD|-}",
		Short: "Write a saved audit again, in another form, or that of a time that was watched",
		Long: "report reads an audit that was saved by --format json, or that of a bundle, and writes it in any form. What is written is what the\n" +
			"audit itself would have written, its time of report included; --now gives it another.\n\n" +
			"Of the record of a watch it judges all that was seen, or what was seen --from one time --to another; --evidence writes the bundle\n" +
			"that audit --evidence writes, of the packets that were kept of each finding when it was told. Secrets in them were blanked then.",
		Example: "  spanaudit audit --format json -o audit.json capture.pcapng\n" +
			"  spanaudit report audit.json\n" +
			"  spanaudit report watch.db --from 2026-11-01 --to 2026-12-01 --evidence november.zip",
		Args: oneArg("an audit that was saved by: spanaudit audit --format json -o audit.json"),
		RunE: func(_ *cobra.Command, args []string) error { return f.write(w, args[0]) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.format, "format", "f", "table", "`FORM` of the report: "+strings.Join(formatNames(), ", "))
	flags.StringVarP(&f.output, "output", "o", "", "write the report to `FILE` instead of standard output")
	flags.StringVar(&f.from, "from", "", "of a record, begin at this `TIME`: 2026-11-25, or 2026-11-25T10:00:00Z")
	flags.StringVar(&f.to, "to", "", "of a record, end before this `TIME`")
	flags.StringVarP(&f.policy, "policy", "p", "", "of a record, judge by this `POLICY` instead of that which was in force")
	flags.StringVar(&f.reported, "now", "", "`TIME` of the report, as 2026-11-25T10:00:00Z")
	f.evidence.add(flags)
	flags.Lookup("evidence").Usage = "of a record, " + flags.Lookup("evidence").Usage
	_ = flags.MarkHidden("keep-secrets") // it is refused, with the reason
	complete(c, "format", formatNames())
	c.AddCommand(newReportSchema(w))
	return c
}

// write writes the report of what is at path.
func (f *reportFlags) write(w world, path string) error {
	form, err := formatOf(f.format)
	if err != nil {
		return err
	}
	if err := f.evidence.check(); err != nil {
		return err
	}
	if isRecord(path) {
		return f.ofRecord(w, path, form)
	}
	a, err := readSaved(w, path)
	switch {
	case err != nil:
		return err
	case f.from+f.to+f.policy != "":
		return errors.New("--from, --to and --policy are of the record of a watch, and this is an audit that was made")
	case f.evidence.path != "":
		return errors.New("--evidence needs packets, of which an audit that was made has none: give the record of a watch, or the captures to spanaudit audit --evidence")
	}
	if f.reported != "" {
		if a.Reported, err = reportTime(f.reported); err != nil {
			return err
		}
	}
	var kept []string
	if f.format != "json" || isBundle(path) { // else the same audit at another time may take its place
		kept = []string{path}
	}
	return f.render(w, form, a, kept)
}

// ofRecord writes the report of the record of a watch, and the evidence.
func (f *reportFlags) ofRecord(w world, path string, form format) error {
	if f.evidence.keepSecrets {
		return errors.New("--keep-secrets cannot be: secrets were blanked when the packets were recorded, and are in the record no more")
	}
	now, err := reportTime(f.reported)
	if err != nil {
		return err
	}
	proof, err := f.evidence.begin(w, false)
	if err != nil {
		return err
	}
	defer proof.close()
	proof.guard()
	r, err := judgeRecord(w, path, f.from, f.to, f.policy)
	if err != nil {
		return err
	}
	defer r.store.Close()
	a := r.audit()
	a.Reported = now
	if err := f.render(w, form, a, []string{path, f.policy, f.evidence.key}); err != nil || proof == nil {
		return err
	}
	m, err := proof.write(r.carver(a), r.report.Findings, a)
	if err != nil {
		return err
	}
	proof.tell(w, m, false)
	return nil
}

func (f *reportFlags) render(w world, form format, a *report.Audit, kept []string) error {
	return writeOutput(w, f.output, kept, func(to io.Writer, screen report.Screen) error { return form.render(to, a, screen) })
}

func newReportSchema(w world) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Write a JSON Schema of saved audits",
		Long: "schema writes a JSON Schema (draft 2020-12) of what `audit --format json` writes, for whoever reads it. A\n" +
			"later version may write more keys. An audit in a file that is called schema is read as ./schema.",
		Example: "  spanaudit report schema > audit.schema.json",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return report.WriteSchema(w.stdout) },
	}
}
