package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"spanaudit/capture"
	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/rules"
)

// reproduce does the audit of a bundle again from its source and compares.
func reproduce(w world, saved *report.Audit, policy *rules.Policy, sources []string) (report.Check, []bundle.Problem, error) {
	c := report.Check{Name: "source", State: report.Wrong}
	wrong := func(file, format string, args ...any) (report.Check, []bundle.Problem, error) {
		c.Says = fmt.Sprintf(format, args...)
		return c, []bundle.Problem{{File: file, Says: c.Says}}, nil
	}
	if saved.Anonymized {
		c.State, c.Says = report.Open, "the bundle's addresses are not those of the capture, so that the two cannot be compared"
		return c, nil, nil
	}
	src, err := capture.Open(sources, capture.Options{Stdin: w.stdin, Filter: saved.Coverage.Capture.Filter, Hash: math.MaxInt64})
	if err != nil {
		return c, nil, err
	}
	defer src.Close()
	result, err := runAudit(context.Background(), src, policy, auditOptions{Workers: runtime.GOMAXPROCS(0), Filter: saved.Coverage.Capture.Filter})
	if err != nil {
		return c, nil, err
	}
	inputs := reportInputs(src.Inputs(), nil)
	for i, in := range inputs {
		at := slices.IndexFunc(saved.Inputs, func(was report.Input) bool { return was.SHA256 == in.SHA256 })
		if at < 0 {
			return wrong(in.Name, "is no capture that was audited: its SHA-256 is %s", in.SHA256)
		}
		inputs[i].Name = saved.Inputs[at].Name // the names may have changed since
	}
	if len(inputs) != len(saved.Inputs) {
		return wrong(bundle.AuditFile, "was made from %s, and %d are given", count(len(saved.Inputs), "input"), len(inputs))
	}
	again := report.New(saved.Tool, inputs, result)
	again.Reported = saved.Reported
	if where := firstDifferent(saved, again); where != "" {
		if saved.Tool != tool() {
			where += fmt.Sprintf(" (it was made by %s %s; this is %s %s)", saved.Tool.Name, saved.Tool.Version, tool().Name, tool().Version)
		}
		return wrong(bundle.AuditFile, "does not come out the same from the source: %s", where)
	}
	c.State, c.Says = report.Right, "the audit comes out the same from "+count(len(inputs), "capture")+", byte for byte"
	return c, nil, nil
}

// firstDifferent names the first line in which two audits differ; none when they
// are the same.
func firstDifferent(a, b *report.Audit) string {
	var x, y bytes.Buffer
	if err := report.JSON(&x, a); err != nil {
		return err.Error()
	}
	if err := report.JSON(&y, b); err != nil {
		return err.Error()
	}
	if bytes.Equal(x.Bytes(), y.Bytes()) {
		return ""
	}
	was, is := bytes.Split(x.Bytes(), []byte("\n")), bytes.Split(y.Bytes(), []byte("\n"))
	for i := range min(len(was), len(is)) {
		if !bytes.Equal(was[i], is[i]) {
			return fmt.Sprintf("line %d was %q and is %q", i+1, bytes.TrimSpace(was[i]), bytes.TrimSpace(is[i]))
		}
	}
	return fmt.Sprintf("it had %d lines and has %d", len(was), len(is))
}
