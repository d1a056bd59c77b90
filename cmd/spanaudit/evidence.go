package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aead.dev/minisign"
	"github.com/spf13/pflag"

	"spanaudit/capture"
	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/rules"
)

// evidenceFlags is what the command line says of the evidence.
type evidenceFlags struct {
	path        string
	key         string
	password    string
	keepSecrets bool
}

func (f *evidenceFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.path, "evidence", "", "write the evidence to `DIR|FILE.zip`: the report in every form, and of each finding\nthe packets that prove it; spanaudit verify checks it")
	flags.StringVar(&f.key, "sign", "", "sign the evidence with the secret key in `FILE`, as spanaudit keygen makes it")
	flags.StringVar(&f.password, "password-file", "", "read the key's password from `FILE` instead of the terminal")
	flags.BoolVar(&f.keepSecrets, "keep-secrets", false, "leave passwords, tokens and contents in the packets of the evidence; without it they are\nblanked, at the same lengths")
}

// check refuses what has no meaning without a bundle.
func (f *evidenceFlags) check() error {
	switch {
	case f.path != "":
		return nil
	case f.key != "":
		return errors.New("--sign signs the evidence; it needs --evidence DIR or --evidence FILE.zip")
	case f.keepSecrets:
		return errors.New("--keep-secrets is about the evidence; it needs --evidence DIR or --evidence FILE.zip")
	}
	return nil
}

// evidence is a bundle in the making.
type evidence struct {
	flags  *evidenceFlags
	writer *bundle.Writer
	key    *minisign.PrivateKey // nil: it is not signed
	spool  *spool               // of an input that is read only once; else nil
}

// begin makes the place for the bundle and has its key ready, before any work is
// done; nil without --evidence.
func (f *evidenceFlags) begin(w world, once bool) (*evidence, error) {
	if f.path == "" {
		return nil, nil
	}
	e := &evidence{flags: f}
	var err error
	if f.key != "" {
		if e.key, err = loadKey(w, f.key, f.password); err != nil {
			return nil, err
		}
	}
	if e.writer, err = bundle.Create(f.path); err != nil {
		return nil, err
	}
	if once {
		if e.spool, err = newSpool(filepath.Dir(f.path)); err != nil {
			return nil, errors.Join(err, e.writer.Abort())
		}
	}
	return e, nil
}

// close gives up what was not written; the nil evidence has nothing.
func (e *evidence) close() error {
	if e == nil {
		return nil
	}
	return errors.Join(e.writer.Abort(), e.spool.remove())
}

// frames returns what keeps the frames of an interface for a second reading; nil
// where nothing is to be kept.
func (e *evidence) frames(iface string) func(*capture.Batch) {
	if e == nil || iface == "" {
		return nil
	}
	return e.spool.take
}

// reopen opens the inputs of the audit once more.
func (e *evidence) reopen(f *auditFlags, args []string) (*capture.Source, error) {
	opt := capture.Options{Raw: true, Filter: f.filter, Anonymize: f.mapping}
	if e.spool == nil {
		return capture.Open(args, opt)
	}
	path, err := e.spool.path()
	if err != nil {
		return nil, fmt.Errorf("keep the input for the evidence: %w", err)
	}
	if f.iface != "" {
		opt.Anonymize = nil // the frames were kept as they were mapped
		return capture.Open([]string{path}, opt)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	opt.Stdin = file // which the source's end leaves open, until the program's
	return capture.Open(args, opt)
}

// write writes the bundle; the nil evidence writes none.
func (e *evidence) write(w world, f *auditFlags, args []string, policy *rules.Policy, src *capture.Source, r *rules.Report, a *report.Audit) error {
	if e == nil {
		return nil
	}
	stats := src.Stats()
	m := bundle.Manifest{
		Tool: a.Tool, Created: a.Reported,
		Policy: bundle.Policy{Name: a.Policy.Name, Version: a.Policy.Version, SHA256: a.Policy.SHA256},
		Inputs: a.Inputs, Anonymized: f.mapping != nil, Redaction: bundle.Redaction{Secrets: bundle.Kept},
	}
	c := carver{
		open:   func() (*capture.Source, error) { return e.reopen(f, args) },
		policy: policy, inputs: a.Inputs, received: stats.Received, dropped: stats.Dropped,
	}
	err := c.carve(r.Findings, func(x *excerpt) error {
		entry := c.entry(x)
		m.Excerpts = append(m.Excerpts, entry)
		return e.writer.Add(entry.File, x.content)
	})
	if err != nil {
		return fmt.Errorf("cut out the evidence: %w", err)
	}
	if policy.Text != nil {
		m.Policy.File = "policy.yaml"
		if err := e.writer.Add(m.Policy.File, policy.Text); err != nil {
			return err
		}
	}
	for _, form := range formats() {
		var text bytes.Buffer
		if err := form.render(&text, a, report.Screen{Width: 120}); err != nil {
			return fmt.Errorf("write the report as %s: %w", form.name, err)
		}
		if err := e.writer.Add(form.file, text.Bytes()); err != nil {
			return err
		}
	}
	if err := e.writer.Finish(m, e.key); err != nil {
		return err
	}
	unshown := slices.IndexFunc(m.Excerpts, func(x bundle.Excerpt) bool { return !x.Reproduced }) >= 0
	if !f.quiet || unshown {
		fmt.Fprintln(w.stderr, "spanaudit: "+e.summary(&m))
	}
	return nil
}

// summary says what was written, and what it does not prove.
func (e *evidence) summary(m *bundle.Manifest) string {
	var unshown []string
	for _, x := range m.Excerpts {
		if !x.Reproduced {
			unshown = append(unshown, x.Rule+" "+x.Finding)
		}
	}
	text := fmt.Sprintf("evidence of %s written to %s; to check it: spanaudit verify %s", count(len(m.Excerpts), "finding"), e.flags.path, e.flags.path)
	if len(unshown) > 0 {
		text += fmt.Sprintf("; not shown again by their packets alone: %s", strings.Join(unshown, ", "))
	}
	return text
}

// entry is what the manifest says of an excerpt.
func (c *carver) entry(x *excerpt) bundle.Excerpt {
	entry := bundle.Excerpt{
		Finding: x.finding.ID, Rule: x.finding.Rule, File: fmt.Sprintf("excerpts/%s-%s.pcapng", x.finding.Rule, x.finding.ID),
		Packets: len(x.frames), Reproduced: x.shown != nil,
	}
	for _, f := range x.frames {
		name := c.inputs[f.Input].Name
		i := slices.IndexFunc(entry.Frames, func(on bundle.Frames) bool { return on.Input == name })
		if i < 0 {
			i = len(entry.Frames)
			entry.Frames = append(entry.Frames, bundle.Frames{Input: name})
		}
		entry.Frames[i].Numbers = append(entry.Frames[i].Numbers, f.Number)
	}
	switch {
	case x.shown == nil:
		entry.Note = "its packets alone do not show the finding again: the source does (spanaudit verify --source)"
	case x.shown.Message != x.finding.Message:
		entry.Note = "its sentence counts over the whole capture, and over the excerpt comes to: " + x.shown.Message
	}
	return entry
}
