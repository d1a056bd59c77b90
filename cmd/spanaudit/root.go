package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRoot returns the whole command line. A command that ends otherwise than
// well, but without an error of the tool, leaves its exit status in status.
func newRoot(w world, status *int) *cobra.Command {
	root := group("spanaudit", "Audit the traffic of a camera-AI appliance's network against a policy",
		newAudit(w, status),
		newWatch(w, status),
		newReport(w),
		newExplain(w),
		newDiff(w, status),
		newDoctor(w, status),
		newVerify(w, status),
		newKeygen(w),
		newPolicy(w, status),
		newRules(w),
		newVersion(w),
		newMan(w),
	)
	root.Long = "spanaudit reads capture files, or a SPAN port, of a network with a camera-AI appliance, says what\n" +
		"each flow is, judges it against a policy, and reports verdicts with their evidence."
	root.Example = "  spanaudit audit capture.pcapng\n  spanaudit audit --policy site.yaml --format json captures/ > audit.json"
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	root.SetFlagErrorFunc(flagError)
	return root
}

// group returns a command that only has commands below it.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, DisableFlagsInUseLine: true}
	c.AddCommand(commands...)
	c.Args = func(c *cobra.Command, args []string) error {
		var names []string
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				names = append(names, sub.Name())
			}
		}
		if len(args) == 0 {
			return fmt.Errorf("%s needs a command: %s; see %s --help", c.CommandPath(), strings.Join(names, ", "), c.CommandPath())
		}
		if _, err := os.Stat(args[0]); err == nil && !c.HasParent() {
			return fmt.Errorf("no command %q, but there is such a file; to audit it: spanaudit audit %s", args[0], strings.Join(args, " "))
		}
		return fmt.Errorf("%s has no command %q%s", c.CommandPath(), args[0], didYouMean(args[0], names))
	}
	c.RunE = func(*cobra.Command, []string) error { return nil } // Args refuses all
	return c
}

// flagError explains what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	}
	name := "-" + unknown.GetSpecifiedName()
	var names []string
	if unknown.GetSpecifiedShortnames() == "" {
		name = "-" + name
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	}
	hint := cmp.Or(didYouMean(name, names), fmt.Sprintf("; see %s --help", c.CommandPath()))
	return fmt.Errorf("%s has no flag %s%s", c.CommandPath(), name, hint)
}

// oneArg accepts exactly one argument, which is what.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("%s needs %s", c.CommandPath(), what)
		case 1:
			return nil
		}
		return fmt.Errorf("%s takes %s and nothing else, got %q", c.CommandPath(), what, args)
	}
}

// noArgs accepts no argument.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, got %q", c.CommandPath(), args)
	}
	return nil
}

// didYouMean names what was probably meant, else everything that could be if
// that is short.
func didYouMean(got string, known []string) string {
	best := slices.MinFunc(append([]string{""}, known...), func(a, b string) int {
		return distance(got, a) - distance(got, b)
	})
	switch {
	case best != "" && distance(got, best) <= max(2, len(best)/3):
		return fmt.Sprintf("; did you mean %s?", best)
	case len(known) > 0 && len(known) <= 6:
		return "; there is " + strings.Join(known, ", ")
	}
	return ""
}

// distance is the number of bytes to insert, delete or replace to get from a
// to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
