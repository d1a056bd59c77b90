package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

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

// evidenceWidth is how many columns the table in a bundle has.
const evidenceWidth = 120

// evidence is a bundle in the making.
type evidence struct {
	flags  *evidenceFlags
	writer *bundle.Writer
	key    *minisign.PrivateKey // nil: it is not signed
	spool  *spool               // of an input that is read only once; else nil
	ended  chan os.Signal       // of signals that end the program
	done   chan struct{}        // closed when nothing is left to be removed
}

// begin makes the place for the bundle and has its key ready, before any work is
// done; nil without --evidence.
func (f *evidenceFlags) begin(w world, once bool) (*evidence, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.path == "" {
		return nil, nil
	}
	e := &evidence{flags: f, ended: make(chan os.Signal, 1), done: make(chan struct{})}
	var err error
	if f.key != "" {
		if e.key, err = loadKey(w, f.key, f.password); err != nil {
			return nil, err
		}
	}
	if e.writer, err = bundle.Create(f.path); err != nil {
		return nil, err
	}
	if f.keepSecrets {
		if err := e.writer.Private(); err != nil {
			return nil, errors.Join(err, e.writer.Abort())
		}
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
	signal.Stop(e.ended)
	close(e.done)
	return errors.Join(e.writer.Abort(), e.spool.remove())
}

// guard has what is not finished removed when a signal ends the program: packets
// with secrets in them are among it.
func (e *evidence) guard() {
	if e == nil {
		return
	}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as nohup does
			signal.Notify(e.ended, s)
		}
	}
	go func() {
		select {
		case s := <-e.ended:
			_ = errors.Join(e.writer.Discard(), e.spool.discard())
			os.Exit(128 + int(s.(syscall.Signal)))
		case <-e.done:
			signal.Stop(e.ended)
		}
	}()
}

// frames returns what keeps the frames of an interface for a second reading; nil
// where nothing is to be kept.
func (e *evidence) frames(iface string) func(*capture.Batch) {
	if e == nil || iface == "" {
		return nil
	}
	return e.spool.take
}

// tee returns a reader of r of which a second reading is kept, where one will be
// wanted.
func (e *evidence) tee(r io.Reader) io.Reader {
	if e == nil || e.spool == nil {
		return r
	}
	return e.spool.tee(r)
}

// reopen opens the inputs of the audit once more: those of a directory that were
// there before, since others may have come.
func (j *job) reopen() (*capture.Source, error) {
	opt := capture.Options{Raw: true, Filter: j.filter, Anonymize: j.mapping}
	if j.proof.spool == nil {
		return capture.Open(j.read, opt)
	}
	path, err := j.proof.spool.path()
	if err != nil {
		return nil, fmt.Errorf("keep the input for the evidence: %w", err)
	}
	if j.iface != "" {
		opt.Anonymize = nil // what was kept is mapped
		return capture.Open([]string{path}, opt)
	}
	read := slices.Clone(j.read)
	read[slices.Index(read, "-")] = path
	return capture.Open(read, opt)
}

// prove writes the bundle, where one is wanted.
func (j *job) prove(stats capture.Stats, r *rules.Report, a *report.Audit) error {
	if j.proof == nil {
		return nil
	}
	c := &carver{
		quarry: &rereading{open: j.reopen, again: j.iface == ""}, policy: j.policy, inputs: a.Inputs,
		secrets: bundle.Redaction{Secrets: bundle.Kept}, received: stats.Received, dropped: stats.Dropped,
	}
	if !j.evidence.keepSecrets {
		c.secrets = bundle.Redaction{Secrets: bundle.Blanked, Counts: map[string]uint64{"packets": 0, "bytes": 0}}
		c.blank = redact
	}
	m, err := j.proof.write(c, r.Findings, a)
	if err != nil {
		return err
	}
	j.proof.tell(j.world, m, j.quiet)
	return nil
}

// write writes the bundle: excerpts of the findings, the policy, and the report of
// them in every form.
func (e *evidence) write(c *carver, findings []rules.Finding, a *report.Audit) (*bundle.Manifest, error) {
	m := bundle.Manifest{
		Tool: a.Tool, Created: a.Reported,
		Policy: bundle.Policy{Name: a.Policy.Name, Version: a.Policy.Version, SHA256: a.Policy.SHA256},
		Inputs: a.Inputs, Anonymized: a.Anonymized, Redaction: c.secrets,
	}
	err := c.carve(findings, func(x *excerpt) error {
		entry := c.entry(x, &a.Findings[len(m.Excerpts)])
		m.Excerpts = append(m.Excerpts, entry)
		if c.blank != nil {
			m.Redaction.Counts["packets"] += uint64(x.blanked.Frames)
			m.Redaction.Counts["bytes"] += uint64(x.blanked.Bytes)
		}
		return e.writer.Add(entry.File, x.content)
	})
	if err != nil {
		return nil, fmt.Errorf("cut out the evidence: %w", err)
	}
	if c.policy.Text != nil {
		m.Policy.File = "policy.yaml"
		if err := e.writer.Add(m.Policy.File, c.policy.Text); err != nil {
			return nil, err
		}
	}
	for _, form := range formats() {
		var text bytes.Buffer
		if err := form.render(&text, a, report.Screen{Width: evidenceWidth}); err != nil {
			return nil, fmt.Errorf("write the report as %s: %w", form.name, err)
		}
		if err := e.writer.Add(form.file, text.Bytes()); err != nil {
			return nil, err
		}
	}
	return &m, e.writer.Finish(m, e.key)
}

// tell says what was written; when quiet, only where it does not prove all.
func (e *evidence) tell(w world, m *bundle.Manifest, quiet bool) {
	if !quiet || slices.ContainsFunc(m.Excerpts, func(x bundle.Excerpt) bool { return !x.Reproduced }) {
		w.tell("%s", e.summary(m))
	}
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

// entry is what the manifest says of an excerpt of a finding, which is told as f.
func (c *carver) entry(x *excerpt, f *report.Finding) bundle.Excerpt {
	entry := bundle.Excerpt{
		Finding: f.ID, Rule: f.Rule, File: fmt.Sprintf("excerpts/%s-%s.pcapng", f.Rule, f.ID),
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
	if x.shown == nil {
		entry.Note = c.unshown(x)
	} else {
		entry.Note = noteOf(x.finding, x.shown, f, entry.Frames)
	}
	return entry
}

// noteOf says of an excerpt that shows its finding in what it differs from that, and
// what of it is not there.
func noteOf(f, shown *rules.Finding, told *report.Finding, frames []bundle.Frames) string {
	var missing []bundle.Frames
	for _, e := range slices.Concat(told.Context, told.Evidence) {
		has := func(on bundle.Frames) bool { return on.Input == e.File && slices.Contains(on.Numbers, e.Frame) }
		if slices.ContainsFunc(frames, has) || slices.ContainsFunc(missing, has) {
			continue
		}
		if n := len(missing); n == 0 || missing[n-1].Input != e.File {
			missing = append(missing, bundle.Frames{Input: e.File})
		}
		last := &missing[len(missing)-1]
		last.Numbers = append(last.Numbers, e.Frame)
	}
	notes := retelling(f, shown)
	for _, of := range missing {
		numbers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(of.Numbers)), ", "), "[]")
		notes = append(notes, fmt.Sprintf("these frames that it names were not kept: %s of %s", numbers, of.Input))
	}
	return strings.Join(notes, "; ")
}
