package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"spanaudit/capture"
	"spanaudit/classify"
	"spanaudit/report"
	"spanaudit/rules"
)

// outputs is where an audit is written to.
type outputs struct {
	format  format
	screen  report.Screen
	report  io.Writer
	flows   *report.FlowWriter // nil when no flow records are wanted
	flowsTo *os.File
	failed  error // of the first flow record that could not be written
	files   []*os.File
}

// create opens the places to write to before any work is done.
func (f *auditFlags) create(w world, src *capture.Source, policy *rules.Policy, form format, flowForm flowFormat) (*outputs, error) {
	o := &outputs{format: form, screen: screenOf(w.stdout, w.getenv), report: w.stdout}
	if f.output != "" && f.output == f.flows {
		return nil, fmt.Errorf("--output and --flows are both %s; give two files", f.output)
	}
	if f.output == "-" || f.flows == "-" {
		return nil, errors.New("- is no file to write to; for standard output leave --output out, or write --flows /dev/stdout")
	}
	kept := []string{f.policy, f.anonymizeKey, f.evidence.key}
	for _, in := range src.Inputs() {
		kept = append(kept, in.Name)
	}
	if f.output != "" {
		file, err := o.file(f.output, kept)
		if err != nil {
			return nil, err
		}
		o.report, o.screen = file, screenOf(file, w.getenv)
	}
	if f.flows != "" {
		file, err := o.file(f.flows, append(kept, f.output))
		if err != nil {
			o.close()
			return nil, err
		}
		o.flowsTo = file
		o.flows = flowForm.open(file, func(a netip.Addr) rules.Trust { return policy.ZoneOf(a).Trust })
	}
	return o, nil
}

// file creates a file to write to, unless it is one that is kept.
func (o *outputs) file(path string, kept []string) (*os.File, error) {
	if err := writable(path, kept); err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, errors.Unwrap(err))
	}
	o.files = append(o.files, file)
	return file, nil
}

// record returns what takes flow records, or nil. A record that cannot be
// written does not end the audit; write says so.
func (o *outputs) record() func(*classify.Record) error {
	if o.flows == nil {
		return nil
	}
	return func(r *classify.Record) error {
		if o.failed == nil {
			o.failed = o.flows.Write(r)
		}
		return nil
	}
}

// rewritable reports whether what was written to path can be taken back: it is a
// file, or will be one, or "" for nothing.
func rewritable(path string) bool {
	info, err := os.Lstat(path)
	return path == "" || errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular()
}

// anew takes the flow records back that were written.
func (o *outputs) anew() error {
	if o.flows == nil {
		return nil
	}
	o.failed = nil
	o.flows.Reset(o.flowsTo)
	_, err := o.flowsTo.Seek(0, io.SeekStart)
	return errors.Join(err, o.flowsTo.Truncate(0))
}

// write writes the report and what is left of the flow records. That nobody
// reads any more is no error.
func (o *outputs) write(a *report.Audit) error {
	var text bytes.Buffer
	if err := o.format.render(&text, a, o.screen); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err := o.report.Write(text.Bytes())
	errs := []error{err, o.failed}
	if o.flows != nil && o.failed == nil {
		errs = append(errs, o.flows.Flush())
	}
	for _, file := range o.files {
		errs = append(errs, file.Close())
	}
	o.files = nil
	unread := func(err error) bool { return errors.Is(err, syscall.EPIPE) }
	return errors.Join(slices.DeleteFunc(errs, unread)...)
}

// close gives up what write has not closed.
func (o *outputs) close() {
	for _, file := range o.files {
		file.Close()
	}
}
