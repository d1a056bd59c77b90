package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"spanaudit/report"
	"spanaudit/rules"
)

func newPolicy(w world, status *int) *cobra.Command {
	return group("policy", "Make, check and show policies",
		newPolicyInit(w, status), newPolicyImport(w), newPolicyCheck(w), newPolicyShow(w), newPolicySchema(w))
}

func newPolicyCheck(w world) *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE",
		Short:   "Check a policy file; every problem is named with its line and column",
		Example: "  spanaudit policy check site.yaml",
		Args:    oneArg("a policy file"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := loadPolicy(w, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(w.stdout, report.Line(fmt.Sprintf("%s: valid; policy %s%s, %s, %s, %s", args[0], p.Name, extends(p),
				count(len(p.Devices), "device"), count(len(p.Endpoints), "endpoint"), count(len(p.Waivers), "waiver"))))
			return err
		},
	}
}

func extends(p *rules.Policy) string {
	text := ""
	if p.Version != "" {
		text = " version " + p.Version
	}
	for _, base := range p.Extends {
		text += fmt.Sprintf(", extends %s@%s", base.Name, base.Version)
	}
	return text
}

func newPolicyShow(w world) *cobra.Command {
	return &cobra.Command{
		Use:       "show {PROFILE|FILE}",
		Short:     "Write a policy with everything that it takes from its profile",
		Example:   "  spanaudit policy show aws-panorama > site.yaml",
		Args:      oneArg("the name of a profile or a policy file"),
		ValidArgs: rules.Profiles(),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := loadPolicy(w, args[0])
			if err != nil {
				return err
			}
			return p.WriteYAML(w.stdout)
		},
	}
}

func newPolicySchema(w world) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Write a JSON Schema of policy files, for editors",
		Long: "schema writes a JSON Schema (draft 7). An editor that knows it completes keys, shows what they mean and\n" +
			"marks what is misspelt; `policy check` also judges what the values mean. For the YAML language server,\n" +
			"which many editors use, begin the policy with the line\n\n" +
			"  # yaml-language-server: $schema=spanaudit.schema.json",
		Example: "  spanaudit policy schema > spanaudit.schema.json",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return rules.WriteSchema(w.stdout) },
	}
}

// loadPolicy reads a policy by the name of a profile or by its file, and writes
// its warnings.
func loadPolicy(w world, name string) (*rules.Policy, error) {
	p, err := rules.Load(name, os.ReadFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("policy %s: no such file or profile%s", name, didYouMean(name, rules.Profiles()))
	}
	if err != nil {
		return nil, err
	}
	for _, warning := range p.Warnings {
		w.tell("%s", warning)
	}
	return p, nil
}
