package rules

import (
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Witness is told what packets taught, in their order and by one goroutine. An
// Audit is one that judges. Whoever tells another one the same events in the same
// order gets the same Report from it. What a Witness is given may be used again
// after the call, and an Audit completes the record of a flow that ended: one that
// writes events down comes before it.
type Witness interface {
	Learned(client netip.Addr, at flow.Frame, l classify.Learned)
	ARP(claim flow.ARP)
	Known(r *classify.Record, at flow.Frame)
	Session(t *classify.TLS, start flow.Time, at flow.Frame)
	Ended(r *classify.Record)
}

var _ Witness = (*Audit)(nil)
