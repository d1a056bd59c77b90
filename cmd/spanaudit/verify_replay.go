package main

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/rules"
)

// retold is what came of auditing the excerpts of a bundle again.
type retold struct {
	shown    int              // findings that came out again
	unshown  int              // findings that the bundle itself does not claim to show
	problems []bundle.Problem // findings that did not, and what does not fit together
}

// line says it in a line.
func (r *retold) line() report.Check {
	c := report.Check{Name: "findings", State: report.Right, Says: "each comes out again from the packets of its excerpt: " + count(r.shown, "finding")}
	if r.shown == 0 {
		c.Says = "there is none to show"
	}
	if r.unshown > 0 {
		c.Says += fmt.Sprintf("; %d more rest on the whole capture, which --source audits again", r.unshown)
	}
	if len(r.problems) > 0 {
		c.State, c.Says = report.Wrong, fmt.Sprintf("%s came out again from its excerpt; %s", count(r.shown, "finding"), count(len(r.problems), "problem"))
	}
	return c
}

// replay audits every excerpt of a bundle by the bundle's policy: each must show the
// finding that it is there for. The files must have been checked.
func replay(b *bundle.Bundle) (*retold, error) {
	m, err := b.Manifest()
	if err != nil {
		return nil, err
	}
	r := &retold{}
	say := func(file, format string, args ...any) {
		r.problems = append(r.problems, bundle.Problem{File: file, Says: fmt.Sprintf(format, args...)})
	}
	a, err := savedAudit(b)
	if err != nil {
		return nil, err
	}
	policy, err := bundledPolicy(b, m)
	if err != nil {
		return nil, err
	}
	if sum := hex.EncodeToString(policy.SHA256[:]); sum != a.Policy.SHA256 {
		say(bundle.AuditFile, "was judged by the policy with the SHA-256 %s, and the bundle's is %s", a.Policy.SHA256, sum)
	}
	excerpts := map[string]bundle.Excerpt{}
	for _, x := range m.Excerpts {
		excerpts[x.Finding] = x
	}
	again := make([]bool, len(a.Findings)) // it is shown
	broken := make([]error, len(a.Findings))
	err = inParallel(len(a.Findings), func(i int) error {
		x := excerpts[a.Findings[i].ID]
		if x.File == "" || !x.Reproduced {
			return nil
		}
		content, err := b.Read(x.File)
		if err != nil {
			return err
		}
		r, err := reaudit(content, policy)
		broken[i] = err
		again[i] = err == nil && shown(r, claim(&a.Findings[i])) != nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		x, ok := excerpts[f.ID]
		delete(excerpts, f.ID)
		switch {
		case !ok || x.File == "" || x.Rule != f.Rule:
			say(bundle.AuditFile, "has the finding %s of %s, for which there is no excerpt", f.ID, f.Rule)
		case !x.Reproduced:
			r.unshown++
		case broken[i] != nil:
			say(x.File, "cannot be audited: %v", broken[i])
		case !again[i]:
			say(x.File, "does not show the finding %s of %s", f.ID, f.Rule)
		default:
			r.shown++
		}
	}
	for _, x := range m.Excerpts {
		if _, left := excerpts[x.Finding]; left {
			say(x.File, "is for the finding %s, which the audit does not have", x.Finding)
		}
	}
	return r, nil
}

// claim is what an excerpt is to show of a saved finding.
func claim(f *report.Finding) *rules.Finding {
	return &rules.Finding{
		ID: f.ID, Rule: f.Rule, Severity: f.Severity, Verdict: f.Verdict, Message: f.Message,
		Evidence: make([]rules.Evidence, len(f.Evidence)),
	}
}

func savedAudit(b *bundle.Bundle) (*report.Audit, error) {
	text, err := b.Read(bundle.AuditFile)
	if err != nil {
		return nil, err
	}
	a, err := report.Read(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s %w", bundle.AuditFile, err)
	}
	return a, nil
}

// bundledPolicy returns the policy that a bundle holds, or the built-in profile
// that it names.
func bundledPolicy(b *bundle.Bundle, m *bundle.Manifest) (*rules.Policy, error) {
	if m.Policy.File != "" {
		text, err := b.Read(m.Policy.File)
		if err != nil {
			return nil, err
		}
		return rules.Parse(m.Policy.File, text)
	}
	policy, ok := rules.Builtin(m.Policy.Name)
	if !ok || hex.EncodeToString(policy.SHA256[:]) != m.Policy.SHA256 {
		return nil, fmt.Errorf("the bundle was judged by the built-in profile %q with the SHA-256 %s, which this version does not have", m.Policy.Name, m.Policy.SHA256)
	}
	return policy, nil
}
