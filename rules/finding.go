package rules

import (
	"net/netip"

	"spanaudit/flow"
)

// Bounds of a finding's lists. Count goes on beyond them.
const (
	maxFindingFlows    = 20
	maxFindingEvidence = 20
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

	Flows    []string   // Community IDs in order of appearance, at most 20
	Evidence []Evidence // the frames that decide, at most 20

	Controls    []string
	Remediation string
	Waiver      string

	told  flow.Time // start of the flow that Message speaks of
	names []string  // of the messages that prove it, where failOnce counts it
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
