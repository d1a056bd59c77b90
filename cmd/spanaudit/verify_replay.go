package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/rules"
)

// retold is what came of auditing the excerpts of a bundle again.
type retold struct {
	shown    int              // findings that came out again
	unshown  []string         // findings that the bundle itself does not claim to show
	problems []bundle.Problem // findings that did not, and what does not fit together
	source   bool             // what was audited can be audited again
}

// maxUnshown bounds the findings that are named as not shown.
const maxUnshown = 8

// line says it in a line.
func (r *retold) line() report.Check {
	c := report.Check{Name: "findings", State: report.Right, Says: "each comes out again from the packets of its excerpt: " + count(r.shown, "finding")}
	if r.shown == 0 {
		c.Says = "there is none to show"
	}
	if n := len(r.unshown); n > 0 {
		c.State = report.Open
		why := "for which " + bundle.ManifestFile + " has the reason"
		if r.source {
			why = "since they rest on the whole capture, which --source audits again"
		}
		c.Says = fmt.Sprintf("%s came out again from its excerpt; not shown, %s: %s", count(r.shown, "finding"), why, strings.Join(r.unshown[:min(n, maxUnshown)], ", "))
		if n > maxUnshown {
			c.Says += fmt.Sprintf(" and %d more", n-maxUnshown)
		}
	}
	if len(r.problems) > 0 {
		c.State, c.Says = report.Wrong, fmt.Sprintf("%s came out again from its excerpt; %s", count(r.shown, "finding"), count(len(r.problems), "problem"))
	}
	return c
}

// replay audits every excerpt of a bundle by the bundle's policy: each must show the
// finding that it is there for, and one that is said not to must not. The files
// must have been checked.
func replay(b *bundle.Bundle, m *bundle.Manifest, a *report.Audit, policy *rules.Policy) (*retold, error) {
	r := &retold{source: slices.ContainsFunc(a.Inputs, func(in report.Input) bool { return in.SHA256 != "" })}
	say := func(file, format string, args ...any) {
		r.problems = append(r.problems, bundle.Problem{File: file, Says: fmt.Sprintf(format, args...)})
	}
	if sum := hex.EncodeToString(policy.SHA256[:]); sum != a.Policy.SHA256 {
		say(bundle.AuditFile, "was judged by the policy with the SHA-256 %s, and the bundle's is %s", a.Policy.SHA256, sum)
	}
	excerpts := map[string]bundle.Excerpt{}
	for _, x := range m.Excerpts {
		if _, twice := excerpts[x.Finding]; twice {
			say(bundle.ManifestFile, "names two excerpts for the finding %s", x.Finding)
		}
		excerpts[x.Finding] = x
	}
	again := make([]*rules.Finding, len(a.Findings)) // as it is shown
	broken := make([]error, len(a.Findings))
	err := inParallel(len(a.Findings), func(i int) error {
		x := excerpts[a.Findings[i].ID]
		if x.File == "" {
			return nil
		}
		content, err := b.Read(x.File)
		if err != nil {
			return err
		}
		r, err := reaudit(content, policy)
		broken[i] = err
		if err == nil {
			again[i] = shown(r, claim(&a.Findings[i]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		x, ok := excerpts[f.ID]
		delete(excerpts, f.ID)
		note := ""
		if again[i] != nil {
			note = noteOf(claim(f), again[i], f, x.Frames)
		}
		switch {
		case !ok || x.File == "" || x.Rule != f.Rule:
			say(bundle.AuditFile, "has the finding %s of %s, for which there is no excerpt", f.ID, f.Rule)
		case broken[i] != nil:
			say(x.File, "cannot be audited: %v", broken[i])
		case !x.Reproduced && again[i] != nil && a.Tool == tool():
			say(x.File, "shows the finding %s of %s, and %s says that it does not", f.ID, f.Rule, bundle.ManifestFile)
		case !x.Reproduced:
			r.unshown = append(r.unshown, f.Rule+" "+f.ID)
		case again[i] == nil:
			say(x.File, "does not show the finding %s of %s", f.ID, f.Rule)
		case a.Tool == tool() && note != x.Note:
			say(x.File, "shows the finding %s of %s otherwise than %s has it: %s", f.ID, f.Rule, bundle.AuditFile, note)
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
	c := &rules.Finding{
		ID: f.ID, Rule: f.Rule, Severity: f.Severity, Verdict: f.Verdict, Message: f.Message,
		Device: rules.Host(f.Device), Peer: rules.Peer(f.Peer), Controls: f.Controls, Remediation: f.Remediation,
		Evidence: make([]rules.Evidence, len(f.Evidence)),
	}
	if w := f.Waiver; w != nil {
		c.Waiver = &rules.Waiver{ID: w.ID, Reason: w.Reason, Owner: w.Owner, ApprovedBy: w.ApprovedBy, Ticket: w.Ticket}
		c.Waiver.Created, _ = time.Parse(time.DateOnly, w.Created) // else it is not the policy's
		c.Waiver.Expires, _ = time.Parse(time.DateOnly, w.Expires)
	}
	return c
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
		policy, err := rules.Parse(m.Policy.File, text)
		if err == nil && policy.Name == strings.TrimSuffix(m.Policy.File, ".yaml") {
			policy.Name = m.Policy.Name // one without a name has that of its file, which was another
		}
		return policy, err
	}
	policy, ok := rules.Builtin(m.Policy.Name)
	if !ok || hex.EncodeToString(policy.SHA256[:]) != m.Policy.SHA256 {
		return nil, fmt.Errorf("the bundle was judged by the built-in profile %q with the SHA-256 %s, which this version does not have", m.Policy.Name, m.Policy.SHA256)
	}
	return policy, nil
}
