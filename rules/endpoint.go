package rules

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Endpoint is one entry of the allow-list: names or prefixes with the ports at
// which local hosts may contact them.
type Endpoint struct {
	ID, Service string
	From        []Selector     // who may contact it; empty is every local host
	Names       []string       // patterns as the policy writes them, variables not expanded
	Prefixes    []netip.Prefix // addresses allowed without a name
	Ports       []PortRange    // 443 where the policy does not say
	Proto       string         // "tcp" or "udp"; "tcp" where the policy does not say
	Apps        []string       // protocols spoken there: mqtt, https …; empty is any
	ALPN        map[string][]string
	RequireSNI  bool
	Required    bool // the device does not work without it
	Enabled     bool

	EndOfSupport          time.Time // zero where none is given
	Source, Owner, Reason string
}

// Selector picks hosts by "role", "zone" or "device"; its String is the
// policy's spelling, such as role:camera.
type Selector struct{ Kind, Value string }

func (s Selector) String() string { return s.Kind + ":" + s.Value }

// Selects reports whether the selector picks the host with this address and
// declared device, which may be nil. A role that no declared device has picks
// every host that is not declared: without site data any of them may have it.
func (p *Policy) Selects(s Selector, host netip.Addr, dev *Device) bool {
	switch s.Kind {
	case "zone":
		return p.ZoneOf(host).Name == s.Value
	case "device":
		return dev != nil && dev.ID == s.Value
	}
	if dev != nil {
		return string(dev.Role) == s.Value
	}
	return !slices.ContainsFunc(p.Devices, func(d *Device) bool { return string(d.Role) == s.Value })
}

// Fit says how far a contact agrees with the allow-list, from not at all to
// fully.
type Fit int8

// The steps of agreement.
const (
	NotListed   Fit = iota // no entry has the name or the address
	OtherSource            // listed, but for other hosts
	OtherPort              // listed for this host, but at other ports or over another transport
	Listed                 // allowed
)

// EndpointMatch is the allow-list's answer about one contact.
type EndpointMatch struct {
	Endpoint *Endpoint // the entry that fits best, nil when NotListed
	Fit      Fit

	// RealName is set when the contact was made under the
	// <service>.<region>.aws.amazon.com spelling of AWS's security page and
	// names the real <service>.<region>.amazonaws.com that it was judged as.
	RealName string
}

// HasEndpoints reports whether the policy has an allow-list. Without one,
// egress cannot be judged.
func (p *Policy) HasEndpoints() bool {
	return slices.ContainsFunc(p.Endpoints, func(e *Endpoint) bool { return e.Enabled })
}

// Endpoint looks a contact up in the allow-list: by the server's name as
// observed (any case, with or without the trailing dot, empty where unknown)
// and by its address; by port, by transport ("tcp" or "udp") and by who asks.
// dev is the client's declared device or nil.
func (p *Policy) Endpoint(name string, server netip.AddrPort, transport string, client netip.Addr, dev *Device) EndpointMatch {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	found := p.endpoints.byName(name)
	var m EndpointMatch
	if len(found) == 0 {
		if real, ok := realAWSName(name); ok {
			if found = p.endpoints.byAlias(real); len(found) > 0 {
				m.RealName = real
			}
		}
	}
	found = append(found, p.endpoints.byAddr(server.Addr().Unmap())...)
	for _, e := range found {
		if fit := p.fit(e, server.Port(), transport, client, dev); fit > m.Fit {
			m.Endpoint, m.Fit = e, fit
		}
	}
	return m
}

// fit judges a contact whose name or address is the entry's.
func (p *Policy) fit(e *Endpoint, port uint16, transport string, client netip.Addr, dev *Device) Fit {
	asks := func(s Selector) bool { return p.Selects(s, client, dev) }
	at := func(r PortRange) bool { return r.Contains(port) }
	switch {
	case len(e.From) > 0 && !slices.ContainsFunc(e.From, asks):
		return OtherSource
	case e.Proto != transport || !slices.ContainsFunc(e.Ports, at):
		return OtherPort
	}
	return Listed
}

// endpointIndex finds the enabled entries by name without walking the list.
type endpointIndex struct {
	exact map[string][]*Endpoint
	wild  map[string][]wildName // by what follows the left-most label
	addrs []addrEndpoint
}

type wildName struct {
	label    string // the left-most label, with its '*'
	endpoint *Endpoint
}

type addrEndpoint struct {
	prefix   netip.Prefix
	endpoint *Endpoint
}

func newEndpointIndex() endpointIndex {
	return endpointIndex{exact: map[string][]*Endpoint{}, wild: map[string][]wildName{}}
}

func (x *endpointIndex) empty() bool { return len(x.exact)+len(x.wild)+len(x.addrs) == 0 }

// add enters one expanded name of an enabled endpoint.
func (x *endpointIndex) add(name string, e *Endpoint) {
	label, rest, _ := strings.Cut(name, ".")
	if strings.Contains(label, "*") {
		x.wild[rest] = append(x.wild[rest], wildName{label, e})
	} else {
		x.exact[name] = append(x.exact[name], e)
	}
}

// byName returns the entries that have the name, in a slice of the caller's own.
func (x *endpointIndex) byName(name string) []*Endpoint {
	if name == "" || len(name) > maxName {
		return nil
	}
	found := slices.Clone(x.exact[name])
	label, rest, _ := strings.Cut(name, ".")
	for _, w := range x.wild[rest] {
		if matchLabel(w.label, label) {
			found = append(found, w.endpoint)
		}
	}
	return found
}

// byAlias is byName for a name translated from the aws.amazon.com spelling,
// whose bare s3-accesspoint.<region> stands for any access point.
func (x *endpointIndex) byAlias(name string) []*Endpoint {
	found := x.byName(name)
	if strings.HasPrefix(name, accessPointLabel+".") {
		for _, w := range x.wild[name] {
			found = append(found, w.endpoint)
		}
	}
	return found
}

func (x *endpointIndex) byAddr(a netip.Addr) []*Endpoint {
	var found []*Endpoint
	for _, e := range x.addrs {
		if e.prefix.Contains(a) {
			found = append(found, e.endpoint)
		}
	}
	return found
}

// matchLabel reports whether a DNS label fits a pattern in which '*' stands for
// any run of characters. Neither holds a dot; '*' never makes an empty label.
func matchLabel(pattern, label string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 || label == "" {
		return label == pattern
	}
	if !strings.HasPrefix(label, parts[0]) {
		return false
	}
	label = label[len(parts[0]):]
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(label, part)
		if i < 0 {
			return false
		}
		label = label[i+len(part):]
	}
	return strings.HasSuffix(label, parts[last])
}
