package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"spanaudit/report"
)

func newExplain(w world) *cobra.Command {
	return &cobra.Command{
		Use:   "explain {AUDIT|BUNDLE|-} [FINDING|RULE|STATEMENT]",
		Short: "Explain, step by step, how an audit came to a finding",
		Long: "explain reads an audit that was saved by --format json and says how it came to a finding: what was asked,\n" +
			"what was seen and in which frames, what was not seen, and what would settle it. A finding is named by its\n" +
			"id or by as much of it as no other has. The id of a rule, or of a statement of the source document such as\n" +
			"S14, explains its verdict. Without any of them the findings are listed with their ids.",
		Example: "  spanaudit audit --format json -o audit.json capture.pcapng\n" +
			"  spanaudit explain audit.json\n" +
			"  spanaudit explain audit.json 4b62",
		Args: func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return errors.New("explain needs an audit that was saved by: spanaudit audit --format json -o audit.json")
			case 1, 2:
				return nil
			}
			return fmt.Errorf("explain takes an audit and one finding or rule, got %q", args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			saved, err := readSaved(w, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return saved.FindingList(w.stdout)
			}
			if err := report.Explain(w.stdout, saved, args[1], screenOf(w.stdout, w.getenv)); err != nil {
				return fmt.Errorf("%w; to list them: spanaudit explain %s", err, args[0])
			}
			return nil
		},
	}
}
