package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newMan writes the manual page. It is for those who build a package.
func newMan(w world) *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "Write the manual page, of all commands",
		Hidden: true,
		Args:   noArgs,
		RunE:   func(c *cobra.Command, _ []string) error { return writeMan(w.stdout, c.Root()) },
	}
}

// writeMan writes man(7) source of a command and all below it. It has no date and
// no version: those of the package say both.
func writeMan(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"\" \"User Commands\"\n.SH NAME\n%s \\- %s\n.SH DESCRIPTION\n", strings.ToUpper(root.Name()), roff(root.Name()), roff(lowerFirst(root.Short)))
	writeText(&b, root.Long)
	b.WriteString(".SH COMMANDS\n")
	writeManCommands(&b, root)
	b.WriteString(".SH EXIT STATUS\n")
	for _, s := range [...]string{
		"0 nothing at or above the severity of --fail-on", "1 there are violations", "2 wrong use, or an invalid policy",
		"3 an input could not be read whole", "4 with --strict, something could not be decided",
	} {
		status, means, _ := strings.Cut(s, " ")
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", status, roff(means))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeManCommands(b *strings.Builder, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		switch {
		case !c.IsAvailableCommand() || c.Name() == "help":
		case c.HasAvailableSubCommands():
			writeManCommands(b, c)
		default:
			writeManCommand(b, c)
		}
	}
}

func writeManCommand(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, ".SS \"%s\"\n", roff(c.UseLine()))
	if c.Long == "" {
		writeText(b, c.Short)
	} else {
		writeText(b, c.Long)
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR \\fI%s\\fR\n%s", roff(name), roff(value), roffLines(usage))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
			fmt.Fprintf(b, "(default %s)\n", roff(f.DefValue))
		}
	})
	if c.Example != "" {
		fmt.Fprintf(b, ".PP\n.EX\n%s.EE\n", roffLines(c.Example))
	}
}

// writeText writes paragraphs that blank lines part.
func writeText(b *strings.Builder, text string) {
	for p := range strings.SplitSeq(text, "\n\n") {
		fmt.Fprintf(b, ".PP\n%s", roffLines(p))
	}
}

func roffLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(roff(line) + "\n")
	}
	return b.String()
}

// roff escapes a line.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "'", `\(aq`).Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
