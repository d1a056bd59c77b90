package report

import (
	"bufio"
	"io"
	"net/netip"

	"spanaudit/classify"
	"spanaudit/rules"
)

// FlowWriter writes flow records as NDJSON, one object a flow. It is not safe for
// concurrent use.
type FlowWriter struct {
	w    *bufio.Writer
	form flowForm
	line jsonLine
}

// flowForm writes a record as an object.
type flowForm interface {
	record(b *jsonLine, r *classify.Record)
}

// NewFlowWriter returns a FlowWriter to w that writes fields of the Elastic Common
// Schema as nested objects, and fields in its style where it has none. A field
// that was not seen is absent. trust says what an address is to the site.
func NewFlowWriter(w io.Writer, trust func(netip.Addr) rules.Trust) *FlowWriter {
	return newFlowWriter(w, &ecs{trust: trust})
}

func newFlowWriter(w io.Writer, form flowForm) *FlowWriter {
	return &FlowWriter{w: bufio.NewWriterSize(w, 256<<10), form: form}
}

// Write writes one record; it may stay in memory until Flush.
func (f *FlowWriter) Write(r *classify.Record) error {
	f.line = f.line[:0]
	f.form.record(&f.line, r)
	f.line = append(f.line, '\n')
	_, err := f.w.Write(f.line)
	return err
}

// Reset discards what is still in memory and goes on with w.
func (f *FlowWriter) Reset(w io.Writer) { f.w.Reset(w) }

// Flush writes what is still in memory.
func (f *FlowWriter) Flush() error { return f.w.Flush() }
