package rules

import (
	"net/netip"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Bounds of a finding's lists. Count goes on beyond them.
const (
	maxFindingFlows    = 20
	maxFindingEvidence = 20
	maxFindingContext  = 16
	maxFindingPeers    = 8
)

// Finding is one violation: a rule, broken by a device towards a peer, however
// many flows and packets it took.
type Finding struct {
	ID       string // the same violation has the same ID in every run
	Rule     string
	Severity Severity
	Verdict  Verdict
	Message  string // what was seen and what was wanted; text from the wire is quoted

	Device Host
	Peer   Peer

	First flow.Time
	Last  flow.Time
	Count int // flows, or messages where a rule judges messages

	// Revisable: what follows may show otherwise, as of a stream that did not
	// come about; only of interest in a report by Audit.Peek.
	Revisable bool

	// Record is the flow that Message speaks of; nil where no flow shows the
	// violation.
	Record *classify.Record

	Flows    []string   // Community IDs in order of appearance, at most 20
	Evidence []Evidence // the frames that decide, at most 20
	Context  []Evidence // frames of other flows that it rests on too: the answer that named the peer, the lease, the set-up of the media; at most 16

	Controls    []string
	Remediation string
	Waiver      *Waiver // that excuses it; nil where none does

	told      flow.Time    // start of the flow that Message speaks of
	peers     []netip.Addr // all of them, in order, where a name has several; at most 8
	morePeers bool         // than those
	brief     bool         // see Forget
	gone      bool         // it is not listed, or not any more
	names     []string     // of the messages that prove it, where failOnce counts it
}

// Copy returns the finding as it is now, sharing nothing that changes.
func (f *Finding) Copy() Finding {
	c := *f
	c.Flows, c.Evidence, c.Context, c.peers = slices.Clone(f.Flows), slices.Clone(f.Evidence), slices.Clone(f.Context), slices.Clone(f.peers)
	c.sort()
	return c
}

// Forget lets go of the flows and frames that show the finding, which was told. It
// goes on to be counted, and is shown anew by what makes it graver.
func (f *Finding) Forget() {
	f.Record, f.Flows, f.Evidence, f.Context, f.brief = nil, nil, nil, nil, true
}

// sort puts the frames in their order.
func (f *Finding) sort() {
	slices.SortFunc(f.Evidence, byFrame)
	slices.SortFunc(f.Context, byFrame)
}

// with notes that a violation of the finding was towards the address. Of more
// than fit, the lowest are kept, so that the order of flows does not matter.
func (f *Finding) with(peer netip.Addr) {
	i, known := slices.BinarySearchFunc(f.peers, peer, netip.Addr.Compare)
	if known || !peer.IsValid() {
		return
	}
	f.peers = slices.Insert(f.peers, i, peer)
	if len(f.peers) > maxFindingPeers {
		f.peers, f.morePeers = f.peers[:maxFindingPeers], true
	}
}

// Host is a local host as a finding names it.
type Host struct {
	ID   string // as the policy names it; empty when undeclared
	IP   netip.Addr
	MAC  string
	Role string

	// KnownBy is by what the host was told to be the declared device: "mac",
	// "address", or "lease" where a DHCP lease led from its address to its MAC;
	// empty when undeclared.
	KnownBy string
}

// Peer is the other party of a finding.
type Peer struct {
	IP   netip.Addr
	Port uint16 // the service's port; 0 when several or none
	Name string // server name, or DNS name under which the device knows it
}

// Evidence is one frame and what it shows.
type Evidence struct {
	Frame flow.Frame
	What  string // the message's name: "ServerHello", "SETUP"
}
