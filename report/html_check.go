package report

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Recipe returns the commands of a shell that make this report again.
func (p *htmlPage) Recipe() string {
	a := p.asRead
	var b strings.Builder
	var names []string
	hashed := false
	for _, in := range a.Inputs {
		names = append(names, shellWord(in.Name))
		hashed = hashed || in.SHA256 != ""
	}
	if hashed {
		b.WriteString("# The captures are those that were audited:\n")
		for i, in := range p.Inputs {
			if in.SHA256 != "" {
				fmt.Fprintf(&b, "sha256sum -- %s\n#  wanted: %s\n", names[i], in.SHA256)
			}
		}
	}
	policy, file := policyArgument(&a.Policy)
	if file {
		fmt.Fprintf(&b, "# The policy is the one that was judged by:\nsha256sum -- %s\n#  wanted: %s\n", policy, p.Policy.SHA256)
	}
	fmt.Fprintf(&b, "# The program is %s:\nspanaudit version\n", joined(p.Tool.Name, p.Tool.Version))
	b.WriteString("# Audit again:\nspanaudit audit --policy " + policy)
	if hashed {
		b.WriteString(" --digest")
	}
	if f := a.Coverage.Capture.Filter; f != "" {
		b.WriteString(" --filter " + shellWord(f))
	}
	if a.Anonymized {
		b.WriteString(" --anonymize-key KEY-FILE")
	}
	if a.Reported != 0 {
		b.WriteString(" --now " + string(appendInstant(nil, flow.Time(a.Reported))))
	}
	b.WriteString(" --format html -o again.html --")
	for _, name := range names {
		b.WriteString(" " + name)
	}
	b.WriteString("\n# The same bytes come out:\nsha256sum -- again.html THIS-FILE.html\n")
	return b.String()
}

// policyArgument returns what --policy is to be given, and whether that is a file,
// whose name is not known.
func policyArgument(p *Policy) (argument string, file bool) {
	if b, ok := rules.Builtin(p.Name); ok && hex.EncodeToString(b.SHA256[:]) == p.SHA256 {
		return p.Name, false
	}
	return "POLICY.yaml", true
}

// shellPlain is what a shell takes as it stands.
var shellPlain = regexp.MustCompile(`^[0-9A-Za-z._/:@%+=,-]+$`)

// shellWord quotes text for a shell of POSIX.1-2024, in characters that show as
// they are.
func shellWord(text string) string {
	switch shown := Line(text); {
	case shellPlain.MatchString(text):
		return text
	case shown == text:
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	// A dollar before the quotes has a shell read what Line writes.
	return "$'" + Line(strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text)) + "'"
}

// Repeatable reports whether there is an input that can be read again.
func (p *htmlPage) Repeatable() bool {
	for _, in := range p.Inputs {
		if in.SHA256 != "" {
			return true
		}
	}
	return false
}

// Example returns a finding whose frames show how findings are checked, nil where
// there is none.
func (p *htmlPage) Example() *htmlFinding {
	all := p.FindingList()
	for i := range all {
		if len(all[i].Excerpts) > 0 {
			return &all[i]
		}
	}
	return nil
}
