package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"spanaudit/rules"
)

func newRules(w world) *cobra.Command {
	return group("rules", "List and explain the rules", newRulesList(w), newRulesShow(w), newRulesStatements(w))
}

func newRulesList(w world) *cobra.Command {
	var markdown bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the rules",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if markdown {
				return writeMarkdown(w.stdout, rules.Catalogue())
			}
			t := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "RULE\tSEVERITY\tTITLE")
			for _, d := range rules.Catalogue() {
				fmt.Fprintf(t, "%s\t%s\t%s\n", d.ID, d.Severity, d.Title)
			}
			return t.Flush()
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "write a table in Markdown, with the statements of the source document")
	return c
}

func writeMarkdown(w io.Writer, docs []rules.Doc) error {
	var b strings.Builder
	b.WriteString("| Rule | Severity | What is wrong | Source document |\n|---|---|---|---|\n")
	for _, d := range docs {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.ID, d.Severity, d.Title, strings.Join(d.Statements, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func newRulesShow(w world) *cobra.Command {
	return &cobra.Command{
		Use:     "show RULE",
		Short:   "Say what a rule checks, when it fails and what to do then",
		Example: "  spanaudit rules show tls-forward-secrecy",
		Args:    oneArg("the id of a rule (all: spanaudit rules list)"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			for _, d := range rules.Catalogue() {
				if d.ID == args[0] {
					return writeDoc(w.stdout, d)
				}
			}
			return fmt.Errorf("no rule %q%s (all: spanaudit rules list)", args[0], didYouMean(args[0], ruleIDs()))
		},
	}
}

// said returns the statements with their ids.
func said(ids []string) (list []string) {
	for _, s := range rules.Statements() {
		if slices.Contains(ids, s.ID) {
			list = append(list, s.ID+" "+s.Says)
		}
	}
	return list
}

func newRulesStatements(w world) *cobra.Command {
	return &cobra.Command{
		Use:   "statements",
		Short: "List the statements of the source document and the rules that judge them",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			var b strings.Builder
			b.WriteString(rules.SourceDocument + "\n")
			for _, s := range rules.Statements() {
				fmt.Fprintf(&b, "\n%s: %s\n", s.ID, s.Says)
				if len(s.Rules) > 0 {
					b.WriteString(indent("Judged by "+strings.Join(s.Rules, ", ")) + "\n")
				}
				if s.Unseen != "" {
					b.WriteString(indent("Not visible: "+s.Unseen) + "\n")
				}
			}
			_, err := io.WriteString(w.stdout, b.String())
			return err
		},
	}
}

func ruleIDs() []string {
	var ids []string
	for _, d := range rules.Catalogue() {
		ids = append(ids, d.ID)
	}
	return ids
}

// writeDoc writes a rule's documentation, one paragraph a heading.
func writeDoc(w io.Writer, d rules.Doc) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, %s)\n%s\n", d.ID, d.Severity, d.Kind, d.Title)
	for _, part := range []struct{ heading, text string }{
		{"Checks", d.Checks},
		{"Why", d.Why},
		{"Fails when", d.Fails},
		{"When nothing is seen", d.NotSeen},
		{"What to do", d.Remediation},
		{"Source", d.Source},
		{"Statements of the source document", strings.Join(said(d.Statements), "; ")},
		{"Relevant to", strings.Join(d.Controls, "; ")},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", part.heading, indent(part.text))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// indent wraps text at 76 characters, two from the margin.
func indent(text string) string {
	var lines []string
	line := " "
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 78 {
			lines, line = append(lines, line), " "
		}
		line += " " + word
	}
	return strings.Join(append(lines, line), "\n")
}
