package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"spanaudit/report"
)

func newReport(w world) *cobra.Command {
	var form, output, now string
	c := &cobra.Command{
		Use:   "report {AUDIT|BUNDLE|-}",
		Short: "Write a saved audit again, in another form",
		Long: "report reads an audit that was saved by --format json, or that of a bundle, and writes it in any form. What is written is what the\n" +
			"audit itself would have written, its time of report included; --now gives it another.",
		Example: "  spanaudit audit --format json -o audit.json capture.pcapng\n" +
			"  spanaudit report audit.json",
		Args: oneArg("an audit that was saved by: spanaudit audit --format json -o audit.json"),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := formatOf(form)
			if err != nil {
				return err
			}
			a, err := readSaved(w, args[0])
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
