package main

import (
	"fmt"
	"time"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
)

// tellInputs writes a line about each input, or, when quiet, about those that
// could not be read whole, and reports whether there were any.
func tellInputs(w world, inputs []capture.Input, quiet bool) (unread bool) {
	for _, in := range inputs {
		if in.Err != nil {
			unread = true
			w.tell("%s: %s", in.Name, problem(in))
		} else if !quiet {
			w.tell("%s: %s", in.Name, extent(in))
		}
	}
	return unread
}

// problem says why an input ends where it does.
func problem(in capture.Input) string {
	if in.Frames == 0 {
		return fmt.Sprintf("nothing could be read: %v", in.Err)
	}
	return fmt.Sprintf("%s, and not to its end: %v", extent(in), in.Err)
}

func extent(in capture.Input) string {
	format := in.Format
	if in.Compression != "" {
		format += ", " + in.Compression
	}
	if in.Frames == 0 {
		return "no frames, " + format
	}
	const layout = time.DateTime
	return fmt.Sprintf("%s, %s to %s UTC, %s", count(in.Frames, "frame"), in.First.UTC().Format(layout), in.Last.UTC().Format(layout), format)
}

// count writes a number and its noun.
func count[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// reportInputs is the inputs as reports name them; where addresses are mapped,
// those in names of files too.
func reportInputs(inputs []capture.Input, mapping *flow.Anonymizer) []report.Input {
	list := make([]report.Input, len(inputs))
	for i, in := range inputs {
		list[i] = report.Input{Name: mapping.TextOf(in.Name), SHA256: in.SHA256, Packets: in.Frames}
		if in.Err != nil {
			list[i].Error = mapping.TextOf(in.Err.Error())
		}
	}
	return list
}

// unhashed reports whether a report that names the SHA-256 of inputs has none of
// this one although it was read.
func unhashed(in capture.Input) bool {
	return in.SHA256 == "" && in.Frames > 0 && in.Format != "live"
}
