package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"spanaudit/report"
	"spanaudit/rules"
)

func newDiff(w world, status *int) *cobra.Command {
	var form, failOn, output string
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what became of the findings of one audit in another",
		Long: "diff compares two audits that were saved by --format json, or the bundles they are in: what is new, fixed, unchanged,\n" +
			"and no longer observed, by the ids of the findings. A finding that is gone is called fixed only where the new audit\n" +
			"examined the same rule for the same device, and for TLS with the same peer, and found it in order. Otherwise it is\n" +
			"no longer observed, with the reason.\n\n" +
			"The exit status is 1 when a finding that is not waived is new, or graver than it was (by its severity, because it is\n" +
			"decided now, or because its waiver ended), and is at or above --fail-on; 0 when there is none, 2 for wrong use and\n" +
			"for what cannot be read.",
		Example: "  spanaudit diff before.json after.json\n" +
			"  spanaudit diff --format markdown --fail-on new before.zip after.zip",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) != 2:
				return fmt.Errorf("diff takes two saved audits, the older first, got %q", args)
			case args[0] == "-" && args[1] == "-":
				return errors.New("only one of the two audits can come from standard input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := diff(w, args[0], args[1])
			if err != nil {
				return err
			}
			ended, err := diffStatus(d, failOn)
			if err != nil {
				return err
			}
			render, err := diffForm(form)
			if err != nil {
				return err
			}
			err = writeOutput(w, output, args, func(to io.Writer, screen report.Screen) error { return render(to, d, screen) })
			if err != nil {
				return err
			}
			*status = ended
			return nil
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&form, "format", "f", "text", "`FORM` of the difference: text, json, markdown")
	flags.StringVarP(&output, "output", "o", "", "write it to `FILE` instead of standard output")
	flags.StringVar(&failOn, "fail-on", "high", "`WHAT` gives exit status 1: a severity, from which on a new or graver finding does;\nnew, whatever its severity; any, one that is there at all; or none")
	complete(c, "format", diffForms())
	complete(c, "fail-on", diffFailOns())
	return c
}

// diff compares two saved audits.
func diff(w world, older, newer string) (*report.Diff, error) {
	was, err := readSaved(w, older)
	if err != nil {
		return nil, err
	}
	is, err := readSaved(w, newer)
	if err != nil {
		return nil, err
	}
	return report.Compare(was, is), nil
}

func diffForms() []string { return []string{"text", "json", "markdown"} }

// diffForm returns what writes a difference in the form of a name.
func diffForm(name string) (func(io.Writer, *report.Diff, report.Screen) error, error) {
	switch name {
	case "text":
		return report.DiffText, nil
	case "markdown":
		return func(w io.Writer, d *report.Diff, _ report.Screen) error { return report.DiffMarkdown(w, d) }, nil
	case "json":
		return func(w io.Writer, d *report.Diff, _ report.Screen) error {
			doc, err := report.Document(d)
			if err == nil {
				_, err = w.Write(doc)
			}
			return err
		}, nil
	}
	return nil, fmt.Errorf("--format %q is not known%s", name, didYouMean(name, diffForms()))
}

func diffFailOns() []string { return append([]string{"new", "any"}, failOns()...) }

// diffStatus returns the exit status of a comparison.
func diffStatus(d *report.Diff, failOn string) (int, error) {
	from, any := rules.Info, false
	switch failOn {
	case "none":
		return statusDone, nil
	case "any":
		any = true
	case "new":
	default:
		if from.UnmarshalText([]byte(failOn)) != nil {
			return statusUsage, fmt.Errorf("--fail-on %q is not known%s", failOn, didYouMean(failOn, diffFailOns()))
		}
	}
	counts := func(f *report.Finding) bool {
		return f.Verdict == rules.Fail && f.Waiver == nil && f.Severity >= from
	}
	for i := range d.Findings.New {
		if counts(&d.Findings.New[i]) {
			return statusViolations, nil
		}
	}
	for i := range d.Findings.Unchanged {
		k := &d.Findings.Unchanged[i]
		graver := !counts(k.Old) || k.Severity > k.Old.Severity
		if counts(&k.Finding) && (any || graver) {
			return statusViolations, nil
		}
	}
	return statusDone, nil
}
