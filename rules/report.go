package rules

import (
	"time"

	"spanaudit/flow"
)

// Report is the outcome of an audit: data only. Packages that print it decide
// nothing.
type Report struct {
	Policy   *Policy
	Start    flow.Time // of the first packet of a flow; 0 when there was none
	End      flow.Time // of the last packet of a flow
	Coverage Coverage

	Requirements []Requirement      // in the catalogue's order
	Statements   []StatementVerdict // in the source document's order
	Findings     []Finding          // severity, then rule, device, peer, first time
	Waivers      []WaiverUse        // in the policy's order

	Inventory     []TLSUse // by client, then server, at most 8192
	MoreInventory uint64   // flows of TLS whose use is not listed
	Crossings     []Crossing
	Timeline      Timeline
}

// Coverage says what the verdicts could rest on: what was seen, what was not,
// and what was given up.
type Coverage struct {
	Packets  uint64 // of flows, duplicates aside
	Flows    uint64
	TCPFlows uint64 // TCP flows that carried payload or were seen one-sided
	Capture  CaptureLoss

	OneSided     uint64 // TCP flows of which one direction was never seen
	Midstream    uint64 // TCP flows that were under way when the capture first saw them
	Gapped       uint64 // TCP flows with bytes that were never seen
	Unknown      uint64 // flows that carried payload no classifier knew
	Outside      uint64 // flows with no end in a local zone
	Evicted      uint64 // flows ended early for lack of memory
	Starved      uint64 // flows whose bytes were not all examined for lack of memory
	Forgotten    uint64 // names, leases, sessions and media ports not remembered because a bound was reached
	Clipped      uint64 // flows that said more than is kept of one
	Panics       uint64 // messages on which a decoder failed; each cost its flow the classification
	BadChecksums uint64 // packets, of the first 64 that each side of a flow sent; offload makes them common, and they are judged all the same

	Protocols   map[string]uint64 // flows by application protocol; by the transport's name where that is not TCP or UDP
	Devices     []Host            // local hosts seen, by address, at most 256
	MoreDevices int               // local hosts beyond those listed
}

// CaptureLoss says what the capture itself lost, cut or could not decode.
type CaptureLoss struct {
	Dropped          uint64            // by the kernel or the interface, as they counted it
	Counted          bool              // they did count: without it, Dropped says nothing
	Cut              uint64            // packets whose end the snap length cut off
	Unseen           uint64            // TCP bytes that passed and were never seen, one-sided flows aside
	TCPBytes         uint64            // TCP payload bytes that were seen
	Undecoded        map[string]uint64 // frames not decoded, by reason
	FragmentsGivenUp uint64
	Late             uint64 // packets that came too late to be put in order
	Filter           string // BPF filter that hid traffic on purpose; empty is none
	Filtered         uint64 // frames it hid
	Broken           int    // inputs that could not be read whole

	// Of an interface, where the way that it was captured by tells:
	Outages uint64        // times it was down or without carrier
	Blind   time.Duration // how long it was
	Watched time.Duration // of all, Blind included
}
