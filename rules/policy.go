package rules

import (
	"crypto/sha256"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Policy is what a site allows: a policy file laid over the profile that it
// extends, checked and indexed. It does not change once it is parsed and may be
// used by several goroutines.
type Policy struct {
	File     string   // as given to Parse, or builtin:<name>@<version>
	Text     []byte   // the file as read; nil of a built-in profile
	SHA256   [32]byte // of the file's bytes
	Extends  []Base   // the profiles below the file, nearest first
	Warnings []string // what was understood otherwise than written; each names file, line and column

	Name, Version string // metadata.name, else the file's name without folder and extension
	Metadata      Metadata

	Vars      map[string][]string // what may stand for <name> in endpoint names
	Capture   CapturePolicy
	Zones     []ZonePrefix // as declared; empty when the built-in zones hold
	Devices   []*Device
	Endpoints []*Endpoint // in the file's order, the profile's first, disabled ones included
	DNS       DNSPolicy
	NTP       NTPPolicy
	DHCP      DHCPPolicy
	Video     VideoPolicy
	TLS       TLSPolicy
	Rules     map[string]RuleSetting // by rule id
	Waivers   []Waiver
	Report    ReportPolicy

	profile   string
	tree      *node // resolved
	zones     zoneTable
	devices   deviceIndex
	endpoints endpointIndex
	retired   endpointIndex // of those with an end of support, disabled ones included
}

// Base names a profile that a policy extends.
type Base struct {
	Name, Version string
	SHA256        [32]byte
}

// Metadata is what a policy says of itself. Dates are as written, YYYY-MM-DD.
type Metadata struct {
	Description, Owner, ApprovedBy, ApprovedOn, ReviewBy string
}

// ReviewDue reports whether the day by which the policy was to be reviewed has
// passed at the time; it has not where the policy names none.
func (p *Policy) ReviewDue(at time.Time) bool {
	day, err := time.Parse(time.DateOnly, p.Metadata.ReviewBy)
	return err == nil && !at.Before(day.AddDate(0, 0, 1))
}

// CapturePolicy is what the policy expects of the capture that it is used on.
// Zero values mean that the policy does not say.
type CapturePolicy struct {
	Vantage             string // "inside-nat", "outside-nat", "routed" or "unknown"
	Layer2              bool   // the MACs seen are those of end devices
	ExpectBidirectional bool
	MaxLossPercent      float64
	MinDuration         time.Duration
	ClockSource         string
	ClockMaxError       time.Duration
}

// DNSPolicy says where names may be asked.
type DNSPolicy struct {
	Resolvers       Servers // empty where the policy does not say
	AllowEncrypted  bool
	CorrelateWindow time.Duration // how long an answer names its address; 0 where the policy does not say
}

// NTPPolicy says whose time is taken.
type NTPPolicy struct {
	LocalServers  Servers // not empty: public servers are a violation
	PublicServers Servers // nil where the policy does not say; empty when none may be used
	MaxOffset     time.Duration
	MaxGap        time.Duration
}

// DHCPPolicy says who may give out addresses.
type DHCPPolicy struct {
	Servers []netip.Addr // empty where the policy does not say
}

// VideoPolicy says where video may flow. None of it permits video to cross the
// boundary to the internet.
type VideoPolicy struct {
	RTSPPorts        []PortRange
	Viewers, Cameras []Selector
	AllowMulticast   bool
	LocalTrust       []Trust // the zones within which video may stay; never Internet
	MaxUplinkKbps    int     // 0 where the policy does not say
}

// TLSPolicy says what a handshake must reach.
type TLSPolicy struct {
	Profile          string // "bcp195", "fips", "bsi" or "custom"
	MinVersion       uint16 // as on the wire: 0x0303 is TLS 1.2
	RequirePFS       bool
	AllowEarlyData   bool
	MaxResumptionAge time.Duration
	MinECBits        int
	MinDHBits        int
	MinRSABits       int
}

// RuleSetting changes one rule.
type RuleSetting struct {
	Severity *Severity // nil leaves the rule's own
	Disabled bool
	Reason   string
}

// ReportPolicy says what the report shows.
type ReportPolicy struct {
	Standards []string
	Redact    map[string]string
	FailOn    *Severity // nil where the policy does not say
}

// Load returns the policy of a built-in profile's name, edge-camera or
// aws-panorama, or of a file, which read returns. A file of a profile's name is
// reached by its path, ./edge-camera. An error is read's or a *PolicyError.
func Load(nameOrPath string, read func(path string) ([]byte, error)) (*Policy, error) {
	if p, ok := Builtin(nameOrPath); ok {
		return p, nil
	}
	data, err := read(nameOrPath)
	if err != nil {
		return nil, err
	}
	return Parse(nameOrPath, data)
}

// Parse reads a policy file and the profile that it extends, builtin:edge-camera@1
// where metadata.extends names none. An error is a *PolicyError with every
// problem of the file. file is only for messages.
func Parse(file string, data []byte) (*Policy, error) {
	root, problems := readTree(data, false)
	if root == nil || root.kind != mappingNode {
		return nil, newPolicyError(file, problems, 0)
	}
	base, problem := extended(root)
	if problem != nil {
		problems = append(problems, *problem)
		base, _ = Builtin(defaultProfile)
	}
	root = mergePolicy(base.tree, root)
	p, more, unlisted := readPolicy(file, base.Name, root)
	if err := newPolicyError(file, append(problems, more...), unlisted); err != nil {
		return nil, err
	}
	p.Text, p.SHA256 = data, sha256.Sum256(data)
	p.Extends = append([]Base{{base.Name, base.Version, base.SHA256}}, base.Extends...)
	if p.Name == "" {
		p.Name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	return p, nil
}

// extended returns the profile that a policy extends.
func extended(root *node) (*Policy, *Problem) {
	var value *node
	if m := root.get("metadata"); m != nil {
		value = m.get("extends")
	}
	if value == nil || value.kind != textNode {
		p, _ := Builtin(defaultProfile) // a wrong type is reported where metadata is read
		return p, nil
	}
	name, ok := strings.CutPrefix(value.text, "builtin:")
	name, _, _ = strings.Cut(name, "@")
	p, known := Builtin(name)
	if ok && known && value.text == p.File {
		return p, nil
	}
	var names []string
	for _, name := range Profiles() {
		p, _ := Builtin(name)
		names = append(names, p.File)
	}
	return nil, &Problem{value.line, value.column,
		"metadata: extends " + quote(value.text) + " is no built-in profile; write " + orList(names)}
}

// Profile returns the name of the built-in profile that the policy is, or
// extends directly.
func (p *Policy) Profile() string { return p.profile }

// Servers is a list of servers, by address or by name.
type Servers []Server

// Server is an address or else a name, whose left-most label may hold '*'.
type Server struct {
	Addr netip.Addr
	Name string
}

// Has reports whether the list has the address, or the name when it is known.
// Case and a trailing dot of the name do not matter.
func (s Servers) Has(a netip.Addr, name string) bool {
	a = a.Unmap()
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	label, rest, _ := strings.Cut(name, ".")
	return slices.ContainsFunc(s, func(v Server) bool {
		if v.Name == "" {
			return v.Addr == a
		}
		l, r, _ := strings.Cut(v.Name, ".")
		return r == rest && matchLabel(l, label)
	})
}

// named reports whether the list has servers that are known by name alone.
func (s Servers) named() bool {
	return slices.ContainsFunc(s, func(v Server) bool { return v.Name != "" })
}
