// Package report says what is written. Audit is what an audit came to, in the
// form in which it is saved; a renderer is one function from it to a stream, and
// decides nothing.
package report

import (
	"encoding/hex"
	"net/netip"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Schema names the form of a saved Audit.
const Schema = "spanaudit/audit/v1"

// Audit is what an audit came to and where it comes from. JSON writes it and
// Read reads it; every other form is written from it, so that it does not matter
// whether the audit is fresh or saved. Renderers only read it. One that was read
// may have been written by anybody: its text is as untrusted as that of the wire.
type Audit struct {
	Schema       string        `json:"schema"`
	Tool         Tool          `json:"tool"`
	Reported     Instant       `json:"reported,omitzero"`    // when the report was made; nothing else of it depends on a clock
	Anonymized   bool          `json:"anonymized,omitempty"` // its IP addresses and MACs are not those of the wire
	Policy       Policy        `json:"policy"`
	Inputs       []Input       `json:"inputs"` // indexed by flow.Frame.Input
	Period       *Period       `json:"period,omitempty"`
	Coverage     Coverage      `json:"coverage"`
	Requirements []Requirement `json:"requirements"` // in the catalogue's order
	Statements   []Statement   `json:"statements"`   // in the source document's order
	Findings     []Finding     `json:"findings"`     // severity, then rule, device, peer, first time
	Waivers      []WaiverUse   `json:"waivers"`      // in the policy's order
	Inventory    []TLSUse      `json:"tls_inventory"`
	MoreTLS      uint64        `json:"more_tls_flows,omitempty"` // whose use the inventory has no room for
	Crossings    []Crossing    `json:"crossings"`
	Timeline     Timeline      `json:"timeline"`
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

// Period is the time from the first packet that was judged to the last.
type Period struct {
	Start Instant `json:"start"`
	End   Instant `json:"end"`
}

// length returns how long the period is.
func (p *Period) length() time.Duration { return flow.Time(p.End).Sub(flow.Time(p.Start)) }

// made returns when the report was made, or where that is not known, the end of
// what it is about.
func (a *Audit) made() Instant {
	if a.Reported == 0 && a.Period != nil {
		return a.Period.End
	}
	return a.Reported
}

// New returns what is written of a report. The slices of the report are shared.
func New(tool Tool, inputs []Input, r *rules.Report) *Audit {
	trust := func(a netip.Addr) rules.Trust { return r.Policy.ZoneOf(a).Trust }
	a := &Audit{
		Schema: Schema, Tool: tool, Policy: newPolicy(r.Policy), Inputs: list(inputs),
		Coverage:     newCoverage(&r.Coverage),
		Requirements: mapped(r.Requirements, newRequirement),
		Statements:   mapped(r.Statements, newStatement),
		Findings:     mapped(r.Findings, func(f rules.Finding) Finding { return newFinding(&f, inputs, trust) }),
		Waivers:      mapped(r.Waivers, newWaiverUse),
		Inventory:    mapped(r.Inventory, newTLSUse),
		MoreTLS:      r.MoreInventory,
		Crossings:    mapped(r.Crossings, newCrossing),
		Timeline:     newTimeline(r.Timeline),
	}
	// Some captures have no clock, and their packets all come at time 0.
	if r.Coverage.Packets > 0 || r.Start != 0 || r.End != 0 {
		a.Period = &Period{Instant(r.Start), Instant(r.End)}
	}
	return a
}

// Policy is what a report says of the policy that was judged by.
type Policy struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256"`            // of the file as read
	Extends []Base `json:"extends,omitempty"` // the profiles below it, nearest first

	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"`
	ApprovedBy  string `json:"approved_by,omitempty"`
	ApprovedOn  string `json:"approved_on,omitempty"`
	ReviewBy    string `json:"review_by,omitempty"`
	Vantage     string `json:"vantage,omitempty"` // where the capture is said to be taken, as "inside-nat"

	Zones   []Zone           `json:"zones"`   // as declared; none where the built-in ones hold
	Devices []DeclaredDevice `json:"devices"` // as declared
}

// Base is a built-in profile.
type Base struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// Zone is a named part of the address space.
type Zone struct {
	Name     string   `json:"name"`
	Trust    string   `json:"trust"` // local, external, internet or special
	Prefixes []string `json:"prefixes,omitempty"`
}

// DeclaredDevice is a device of the policy.
type DeclaredDevice struct {
	ID       string `json:"id"`
	Role     string `json:"role"`
	Zone     string `json:"zone,omitempty"`
	Product  string `json:"product,omitempty"`
	Software string `json:"software_version,omitempty"`
}

func newPolicy(p *rules.Policy) Policy {
	if p == nil {
		return Policy{Zones: []Zone{}, Devices: []DeclaredDevice{}}
	}
	m := p.Metadata
	doc := Policy{
		Name: p.Name, Version: p.Version, SHA256: hex.EncodeToString(p.SHA256[:]),
		Description: m.Description, Owner: m.Owner, ApprovedBy: m.ApprovedBy, ApprovedOn: m.ApprovedOn, ReviewBy: m.ReviewBy,
		Vantage: p.Capture.Vantage, Zones: []Zone{},
		Devices: mapped(p.Devices, func(d *rules.Device) DeclaredDevice {
			return DeclaredDevice{d.ID, string(d.Role), d.Zone, d.Product, d.SoftwareVersion}
		}),
	}
	for _, b := range p.Extends {
		doc.Extends = append(doc.Extends, Base{b.Name, b.Version, hex.EncodeToString(b.SHA256[:])})
	}
	at := map[string]int{}
	for _, z := range p.Zones {
		i, known := at[z.Zone.Name]
		if !known {
			i = len(doc.Zones)
			at[z.Zone.Name] = i
			doc.Zones = append(doc.Zones, newZone(z.Zone))
		}
		doc.Zones[i].Prefixes = append(doc.Zones[i].Prefixes, z.Prefix.String())
	}
	return doc
}

func newZone(z rules.Zone) Zone { return Zone{Name: z.Name, Trust: z.Trust.String()} }

// list makes an empty list of none, because a reader expects a list.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// mapped returns what f makes of each of s, and an empty list of none.
func mapped[S, T any](s []S, f func(S) T) []T {
	out := make([]T, len(s))
	for i, v := range s {
		out[i] = f(v)
	}
	return out
}
