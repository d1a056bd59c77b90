// Package report says what is written. A renderer is one function from an
// Audit to a stream; it decides nothing.
package report

import "spanaudit/rules"

// Audit is what the renderers write: a report and where it comes from. They
// only read it.
type Audit struct {
	Tool   Tool
	Inputs []Input // indexed by flow.Frame.Input
	Report *rules.Report
}

// Tool names the program that made the audit.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Input is one file or interface that was read.
type Input struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256,omitempty"` // in hexadecimal; empty where there is none, as of an interface
	Packets uint64 `json:"packets"`          // frames that were read
	Error   string `json:"error,omitempty"`  // why the rest could not be read; empty when it was read whole
}
