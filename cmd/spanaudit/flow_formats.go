package main

import (
	"fmt"
	"io"
	"net/netip"

	"spanaudit/report"
	"spanaudit/rules"
)

// flowFormat is a form in which flow records are written, one JSON object a line.
type flowFormat struct {
	name string
	open func(io.Writer, func(netip.Addr) rules.Trust) *report.FlowWriter
}

// flowFormats lists the forms.
func flowFormats() []flowFormat {
	return []flowFormat{
		{"ecs", report.NewFlowWriter},
		{"ocsf", func(w io.Writer, trust func(netip.Addr) rules.Trust) *report.FlowWriter {
			return report.NewOCSFFlowWriter(w, tool(), trust)
		}},
	}
}

func flowFormatNames() []string {
	var names []string
	for _, f := range flowFormats() {
		names = append(names, f.name)
	}
	return names
}

// flowFormatOf returns the form of a name.
func flowFormatOf(name string) (flowFormat, error) {
	for _, f := range flowFormats() {
		if f.name == name {
			return f, nil
		}
	}
	return flowFormat{}, fmt.Errorf("--flows-format %q is not known%s", name, didYouMean(name, flowFormatNames()))
}
