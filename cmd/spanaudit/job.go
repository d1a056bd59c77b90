package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/rules"
)

// job is one audit, as its flags and arguments say.
type job struct {
	world
	*auditFlags
	args    []string
	read    []string // the files that they came to, once they are read
	policy  *rules.Policy
	mapping *flow.Anonymizer // nil where addresses stay
	proof   *evidence        // nil where none is to be written
}

// audit carries the audit out and returns the exit status; with an error, that
// status or 2, whichever is higher, holds.
func audit(w world, f *auditFlags, args []string) (int, error) {
	if err := f.check(w, args); err != nil {
		return statusUsage, err
	}
	form, err := formatOf(f.format)
	if err != nil {
		return statusUsage, err
	}
	flowForm, err := flowFormatOf(f.flowForm)
	if err != nil {
		return statusUsage, err
	}
	policy, err := loadPolicy(w, f.policy)
	if err != nil {
		return statusUsage, err
	}
	now, err := reportTime(f.reported)
	if err != nil {
		return statusUsage, err
	}
	failOn, err := f.threshold(policy)
	if err != nil {
		return statusUsage, err
	}
	j := &job{world: w, auditFlags: f, args: args, policy: policy}
	if err := j.anonymize(); err != nil {
		return statusUsage, err
	}
	if err := j.rereadable(); err != nil {
		return statusUsage, err
	}
	if j.proof, err = f.evidence.begin(w, j.once()); err != nil {
		return statusUsage, err
	}
	defer j.proof.close()
	if j.iface == "" {
		j.proof.guard()
	}
	src, err := j.open()
	if err != nil {
		return statusUsage, err
	}
	defer src.Close()
	out, err := f.create(w, src, j.policy, form, flowForm)
	if err != nil {
		return statusUsage, err
	}
	defer out.close()

	result, broken := j.judge(src, out)
	unread := tellInputs(w, src.Inputs(), f.quiet)
	if f.hash() == unasked && !f.quiet && slices.ContainsFunc(src.Inputs(), unhashed) {
		w.tell("the report names no SHA-256 of these inputs, since they are large; --digest has it computed")
	}
	if result == nil {
		return statusUnread, broken
	}
	if broken != nil && !unread { // else its input has told it
		w.complain(broken)
		unread = true
	}
	if policy.ReviewDue(result.End.UTC()) {
		w.complain(fmt.Errorf("policy %s was to be reviewed by %s, before this capture", policy.Name, policy.Metadata.ReviewBy))
	}
	a := report.New(tool(), reportInputs(src.Inputs(), j.mapping), result)
	a.Reported, a.Anonymized = now, j.mapping != nil
	if err := out.write(a); err != nil {
		return statusUsage, err
	}
	for _, in := range src.Inputs() {
		j.read = append(j.read, in.Name)
	}
	if err := j.prove(src.Stats(), result, a); err != nil {
		return statusUsage, err
	}
	return auditStatus(result, unread, failOn, f.strict), nil
}

// once reports whether what is audited can be read only once.
func (j *job) once() bool { return j.iface != "" || slices.Contains(j.args, "-") }

// rereadable refuses evidence of a pipe that has a name: it is read only once, and
// standard input alone is kept for a second reading.
func (j *job) rereadable() error {
	if j.evidence.path == "" {
		return nil
	}
	for _, arg := range j.args {
		if info, err := os.Stat(arg); arg != "-" && err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file, and evidence is cut from a second reading: give it as standard input, as in: spanaudit audit --evidence %s - < %s", arg, j.evidence.path, arg)
		}
	}
	return nil
}

func (j *job) open() (*capture.Source, error) {
	if j.iface != "" {
		return capture.OpenLive(j.iface, capture.LiveOptions{Way: j.way, Filter: j.filter, Anonymize: j.mapping, Raw: j.proof != nil})
	}
	return capture.Open(j.args, capture.Options{
		Stdin: j.proof.tee(j.stdin), Filter: j.filter, Once: rewritable(j.flows),
		Hash: j.hash(), Anonymize: j.mapping,
	})
}

// judge runs the packets through the audit. A live capture ends with its time
// or with the first interrupt; the second kills.
func (j *job) judge(src *capture.Source, out *outputs) (*rules.Report, error) {
	ctx := context.Background()
	if j.iface != "" {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, func() {
			j.proof.guard()
			stop()
		})
		if j.duration > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, j.duration)
			defer cancel()
		}
		if !j.quiet {
			j.tell("capturing from %s%s; Ctrl-C ends the capture and writes the report", j.iface, j.until())
		}
	}
	var bar *progress
	if !j.quiet {
		bar = startProgress(j.stderr, src.Progress)
	}
	var duplicates uint64
	result, err := runAudit(ctx, src, j.policy, auditOptions{
		Workers: j.workers, Filter: j.mapping.TextOf(j.filter), Flows: out.record(), Anew: out.anew,
		Stats: func(n uint64) { duplicates = n }, Frames: j.proof.frames(j.iface),
	})
	bar.stop()
	if duplicates > 0 && !j.quiet {
		j.tell("duplicates of packets, as a SPAN port makes them, that were left out: %d", duplicates)
	}
	return result, err
}
