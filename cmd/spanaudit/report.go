package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"spanaudit/report"
)

func newReport(w world) *cobra.Command {
	var form, output, now, from, to, policy string
	c := &cobra.Command{
		Use:   "report {AUDIT|BUNDLE|RECORD|-}",
		Short: "Write a saved audit again, in another form, or that of a time that was watched",
		Long: "report reads an audit that was saved by --format json, or that of a bundle, and writes it in any form. What is written is what the\n" +
			"audit itself would have written, its time of report included; --now gives it another.\n\n" +
			"Of the record of a watch it judges all that was seen, or what was seen --from one time --to another.",
		Example: "  spanaudit audit --format json -o audit.json capture.pcapng\n" +
			"  spanaudit report audit.json",
		Args: oneArg("an audit that was saved by: spanaudit audit --format json -o audit.json"),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := formatOf(form)
			if err != nil {
				return err
			}
			var a *report.Audit
			if isRecord(args[0]) {
				if a, err = auditOfRecord(w, args[0], from, to, policy); err == nil {
					a.Reported, err = reportTime(now)
				}
			} else if a, err = readSaved(w, args[0]); err == nil && from+to+policy != "" {
				err = errors.New("--from, --to and --policy are of the record of a watch, and this is an audit that was made")
			}
			if err != nil {
				return err
			}
			if now != "" {
				if a.Reported, err = reportTime(now); err != nil {
					return err
				}
			}
			kept := args
			if f.name == "json" && !isBundle(args[0]) {
				kept = nil // the same audit at another time may take its place
			}
			return writeOutput(w, output, kept, func(to io.Writer, screen report.Screen) error { return f.render(to, a, screen) })
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&form, "format", "f", "table", "`FORM` of the report: "+strings.Join(formatNames(), ", "))
	flags.StringVarP(&output, "output", "o", "", "write the report to `FILE` instead of standard output")
	flags.StringVar(&from, "from", "", "of a record, begin at this `TIME`: 2026-11-25, or 2026-11-25T10:00:00Z")
	flags.StringVar(&to, "to", "", "of a record, end before this `TIME`")
	flags.StringVarP(&policy, "policy", "p", "", "of a record, judge by this `POLICY` instead of that which was in force")
	flags.StringVar(&now, "now", "", "`TIME` of the report, as 2026-11-25T10:00:00Z")
	complete(c, "format", formatNames())
	c.AddCommand(newReportSchema(w))
	return c
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
