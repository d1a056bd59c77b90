package main

import (
	"errors"
	"fmt"
	"time"

	"aead.dev/minisign"
	"github.com/spf13/cobra"

	"spanaudit/report"
	"spanaudit/report/bundle"
)

func newVerify(w world, status *int) *cobra.Command {
	var key string
	var sources []string
	c := &cobra.Command{
		Use:   "verify BUNDLE",
		Short: "Check evidence: that it is whole, by whom it is signed, and that it proves what it says",
		Long: "verify reads a bundle, which is a directory or a zip archive, and compares each file with the manifest: its size and\n" +
			"its SHA-256, that none is missing and none was added; and the manifest with its signature. With --key it must be\n" +
			"signed, and by that key. Without it, verify says which key signed; that the key is the auditor's is for you to know.\n" +
			"A bundle that is not signed may have been made by whoever holds it: it is then only shown to be in itself consistent.\n\n" +
			"Then it writes the reports again from the audit in the bundle, and audits the excerpt of each finding by the\n" +
			"bundle's policy: reports must come out the same, and the finding must come out again. With --source,\n" +
			"the whole audit is done again from the captures that it was made from, and must come out the same.\n\n" +
			"The exit status is 0 when nothing is wrong, 1 when something is, 2 for wrong use, 3 for what cannot be read as a bundle.",
		Example: "  spanaudit verify evidence.zip --key audit.key.pub\n" +
			"  spanaudit verify evidence.zip --source captures/",
		Args: oneArg("a bundle: a directory or a zip archive that audit --evidence wrote"),
		RunE: func(_ *cobra.Command, args []string) error {
			var err error
			*status, err = verify(w, args[0], key, sources)
			return err
		},
	}
	c.Flags().StringArrayVarP(&sources, "source", "s", nil, "audit the capture `FILE|DIR` again, too, and compare with the audit in the bundle; may be repeated")
	c.Flags().StringVarP(&key, "key", "k", "", "the public `KEY` that must have signed: a file, or the key itself")
	return c
}

// verify examines a bundle, says what came out, and returns the exit status.
func verify(w world, path, key string, sources []string) (int, error) {
	var wanted *minisign.PublicKey
	if key != "" {
		var err error
		if wanted, err = loadPublicKey(key); err != nil {
			return statusUsage, err
		}
	}
	b, err := bundle.Open(path)
	if err != nil {
		return statusUnread, err
	}
	defer b.Close()
	r := b.Check(wanted)
	lines := []report.Check{container(r), filesLine(r), completeness(r), manifestLine(r), signatureLine(r, wanted != nil)}
	problems := r.Problems
	if len(problems) == 0 { // else there is nothing to rest on
		a, err := savedAudit(b)
		if err != nil {
			return statusUnread, err
		}
		policy, err := bundledPolicy(b, r.Manifest)
		if err != nil {
			return statusUnread, err
		}
		written, wrong, err := compareReports(b, r.Manifest, a, policy)
		if err != nil {
			return statusUnread, err
		}
		again, err := replay(b, r.Manifest, a, policy)
		if err != nil {
			return statusUnread, err
		}
		lines, problems = append(lines, written, again.line()), append(wrong, again.problems...)
		if len(sources) > 0 {
			line, wrong, err := reproduce(w, a, policy, sources)
			if err != nil {
				return statusUnread, err
			}
			lines, problems = append(lines, line), append(problems, wrong...)
		}
	}
	text := make([]string, len(problems))
	for i, p := range problems {
		text[i] = p.String()
	}
	if err := report.Checks(w.stdout, lines, text, summary(r, problems), screenOf(w.stdout, w.getenv)); err != nil {
		return statusUsage, err
	}
	if len(problems) > 0 {
		return statusViolations, nil
	}
	return statusDone, nil
}

func container(r *bundle.Result) report.Check {
	if r.BadContainer > 0 {
		return report.Check{Name: "container", State: report.Wrong, Says: count(r.BadContainer, "thing") + " in the directory or archive that spanaudit does not write"}
	}
	return report.Check{Name: "container", State: report.Right, Says: "as it was written, with nothing between or behind the files"}
}

func filesLine(r *bundle.Result) report.Check {
	c := report.Check{Name: "files", State: report.Right, Says: fmt.Sprintf("%s (%d bytes) with the size and the SHA-256 that the manifest lists", count(r.Files, "file"), r.Bytes)}
	switch {
	case r.Manifest == nil:
		c.State, c.Says = report.Open, "not checked: there is no manifest to compare with"
	case r.BadFiles > 0:
		c.State, c.Says = report.Wrong, fmt.Sprintf("%s changed; %s as listed", count(r.BadFiles, "file"), count(r.Files, "file"))
	}
	return c
}

func completeness(r *bundle.Result) report.Check {
	c := report.Check{Name: "completeness", State: report.Right, Says: "no file is missing, and none was added"}
	switch {
	case r.Manifest == nil:
		c.State, c.Says = report.Open, "not checked: there is no manifest to compare with"
	case r.Incomplete > 0:
		c.State, c.Says = report.Wrong, count(r.Incomplete, "file")+" missing, or not listed"
	}
	return c
}

func manifestLine(r *bundle.Result) report.Check {
	m := r.Manifest
	if m == nil || r.BadManifest > 0 {
		return report.Check{Name: "manifest", State: report.Wrong, Says: "it is missing, or was changed, or cannot be understood"}
	}
	secrets := "secrets in the excerpts were blanked"
	if m.Redaction.Secrets == bundle.Kept {
		secrets = "secrets in the excerpts were kept"
	}
	if m.Anonymized {
		secrets += ", addresses were replaced"
	}
	return report.Check{Name: "manifest", State: report.Right, Says: fmt.Sprintf("made %s UTC by %s %s under policy %s; %s, %s; %s",
		m.Created.UTC().Format(time.DateTime), m.Tool.Name, m.Tool.Version, m.Policy.Name, count(len(m.Inputs), "input"), count(len(m.Excerpts), "excerpt"), secrets)}
}

func signatureLine(r *bundle.Result, wanted bool) report.Check {
	c := report.Check{Name: "signature", State: report.Right}
	s := r.Signature
	switch {
	case r.BadSignature > 0:
		c.State, c.Says = report.Wrong, "it does not hold"
	case r.Manifest == nil:
		c.State, c.Says = report.Open, "not checked: there is no manifest that it could be of"
	case s.Key == "":
		c.State, c.Says = report.Open, "not signed: whoever holds it could have made it"
	case !wanted:
		c.State, c.Says = report.Open, fmt.Sprintf("by the key %s, which the bundle itself names: that it is the auditor's is not shown; --key checks it (%s)", s.Key, s.Comment)
	default:
		c.Says = fmt.Sprintf("by the key %s that was given (%s)", s.Key, s.Comment)
	}
	return c
}

// summary says in a sentence what it all comes to.
func summary(r *bundle.Result, problems []bundle.Problem) string {
	switch s := r.Signature; {
	case len(problems) > 0:
		return fmt.Sprintf("The bundle is not as it was made: %s.", count(len(problems), "problem"))
	case s.Given:
		return fmt.Sprintf("The bundle is as the holder of the key %s signed it.", s.Key)
	case s.Holds:
		return fmt.Sprintf("The bundle is whole, and signed by the key %s; whose it is, only --key can tell.", s.Key)
	}
	return "The bundle is whole in itself. It is not signed: whoever holds it could have made it."
}

// bundled reads the audit that a bundle holds, which must be as its manifest lists
// it.
func bundled(path string) ([]byte, error) {
	b, err := bundle.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := b.Read(bundle.AuditFile)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return text, errors.Join(err, b.Close())
}
