package rules

import (
	"slices"
	"sync"
)

// Rule judges the flows of a site against one requirement. A rule may keep
// state between flows, bounded by the devices and peers that it speaks of, not
// by the traffic.
type Rule interface {
	// Doc returns what the rule is, the same each time.
	Doc() Doc
	// Judge looks at one flow that has ended and writes what it finds into
	// the case. Flows come in the order of their end, DNS answers, leases and
	// RTSP set-ups that preceded it already known to c.Site. The case is the
	// next rule's afterwards; a rule holds on to what its keep returns.
	Judge(c *Case)
}

// concluder is a rule that can only decide when all traffic has been seen.
type concluder interface {
	Conclude(c *Conclusion)
}

// conditional is a rule that some policies leave out: it returns why, or "".
type conditional interface {
	NotApplicable(p *Policy) string
}

// Doc is a rule's documentation: `rules show`, the reports and the README all
// print this one value. The ID is the rule's name everywhere and never changes
// its meaning. A rule sets all but Statements and Controls, which are looked up
// in their tables.
type Doc struct {
	ID       string
	Title    string
	Severity Severity // of a finding, unless the rule says otherwise of a case
	Kind     Kind

	Checks      string // what is compared with what
	Why         string // what can happen where it is broken
	Fails       string // what counts as a violation, and how grave it is
	NotSeen     string // what it means when there was nothing to judge
	Remediation string
	Source      string // where the requirement comes from

	Statements []string // ids of the source document's statements that it judges; may be empty

	Controls []string // "framework control" that the evidence is relevant to; never "satisfies"
}

// Kind says what a pass must rest on.
type Kind string

const (
	Prohibition Kind = "prohibition" // must not occur: a pass needs a capture that lost nothing
	Obligation  Kind = "obligation"  // must occur as required: a pass needs an occurrence
	Capability  Kind = "capability"  // must be offered
	CoverageOf  Kind = "coverage"    // of the capture itself
)

// all lists the rules, in the order of the catalogue. Each call returns new
// ones, without state.
func all() []Rule {
	return []Rule{
		&tlsVersion{},
		&tlsVersionOffered{},
		&tlsDeprecatedOffered{},
		&tlsForwardSecrecy{},
		&tlsForwardSecrecyOffered{},
		&tlsWeakOffered{},
		&tlsBrokenCipher{},
		&tlsCurrentPractice{},
		&tlsGroup{},
		&tlsSignature{},
		&tlsResumption{},
		&tlsCertificate{},
		&egressAllowList{},
		&internetInbound{},
		&internalPeer{},
		&cameraInternet{},
		&openService{},
		&networkBridging{},
		&endpointReachable{},
		&endpointIdentity{},
		&endpointPort{},
		&endpointRegion{},
		&awsCleartextRequest{},
		&endpointRetired{},
		&dnsSource{},
		&rtspBoundary{},
		&mediaBoundary{},
		&rtspPort{},
		&rtspParties{},
		&cameraStream{},
		&videoDisguised{},
		&videoEncryption{},
		&ntpSource{},
		&ntpSync{},
		&deviceAddress{},
		&addressConflict{},
		&unknownDevice{},
		&cleartextCredentials{},
		&mqttCleartext{},
		&remoteAdmin{},
		&cleartextProtocol{},
		&portMapping{},
		&captureLoss{},
		&captureVisibility{},
		&capturePeriod{},
	}
}

// Catalogue returns the documentation of every rule, in order. Its slices are
// shared and not to be written to.
func Catalogue() []Doc { return slices.Clone(catalogue()) }

// catalogue is put together once: an excerpt of a capture is audited in less time
// than its tables are read.
var catalogue = sync.OnceValue(func() (docs []Doc) {
	controls := controlsByRule()
	for _, r := range all() {
		d := r.Doc()
		d.Statements, d.Controls = statementsOf(d.ID), controls[d.ID]
		docs = append(docs, d)
	}
	return docs
})
