package rules

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Trust says what a zone is to the site. Its zero value is the strictest.
type Trust int8

// The kinds of zone that boundary rules tell apart.
const (
	Internet Trust = iota // neither the site nor anything it has an agreement with
	External              // private links that leave the site (VPN, Direct Connect): not the internet, not local
	Local                 // the site itself
	Special               // no host: multicast, broadcast, unspecified
)

func (t Trust) String() string {
	return [...]string{"internet", "external", "local", "special"}[t]
}

// Zone is a named part of the address space.
type Zone struct {
	Name  string
	Trust Trust
}

// ZonePrefix is one prefix of a zone, masked.
type ZonePrefix struct {
	Prefix netip.Prefix
	Zone   Zone
}

// zoneTable finds an address's zone: the longest prefix wins, rest has what no
// prefix holds.
type zoneTable struct {
	prefixes []ZonePrefix // longest first
	masks    []mask       // of the prefixes
	rest     Zone
}

// mask is a prefix as numbers, which compare faster.
type mask struct {
	v4             bool
	hi, lo         uint64
	hiMask, loMask uint64
}

func maskOf(p netip.Prefix) mask {
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	m := mask{v4: p.Addr().Is4()}
	m.hi, m.lo = halves(p.Addr())
	m.hiMask, m.loMask = ^uint64(0)<<max(64-bits, 0), ^uint64(0)<<min(128-bits, 64)
	return m
}

func (m *mask) holds(v4 bool, hi, lo uint64) bool {
	return v4 == m.v4 && hi&m.hiMask == m.hi && lo&m.loMask == m.lo
}

// halves returns the 128 bits of an address, of IPv4 as those mapped to IPv6.
func halves(a netip.Addr) (hi, lo uint64) {
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}

// builtinZones are the prefixes that are known without site data. The private
// ones count only where a policy declares no zone at all; link-local and
// loopback keep their meaning beside declared zones.
func builtinZones(declared bool) []ZonePrefix {
	local := func(name, prefix string) ZonePrefix {
		return ZonePrefix{netip.MustParsePrefix(prefix), Zone{name, Local}}
	}
	zones := []ZonePrefix{
		local("link-local", "169.254.0.0/16"), // RFC 3927
		local("link-local", "fe80::/10"),      // RFC 4291, section 2.5.6
		local("loopback", "127.0.0.0/8"),
		local("loopback", "::1/128"),
	}
	if declared {
		return zones
	}
	return append(zones,
		local("local", "10.0.0.0/8"), // RFC 1918
		local("local", "172.16.0.0/12"),
		local("local", "192.168.0.0/16"),
		local("local", "fc00::/7"), // RFC 4193
	)
}

// newZoneTable builds the table of the declared prefixes, or of the built-in
// ones where none are declared. A declared prefix replaces the same built-in one.
func newZoneTable(declared []ZonePrefix, rest Zone) zoneTable {
	t := zoneTable{prefixes: slices.Clone(declared), rest: rest}
	for _, z := range builtinZones(len(declared) > 0) {
		if !slices.ContainsFunc(declared, func(d ZonePrefix) bool { return d.Prefix == z.Prefix }) {
			t.prefixes = append(t.prefixes, z)
		}
	}
	slices.SortStableFunc(t.prefixes, func(a, b ZonePrefix) int { return b.Prefix.Bits() - a.Prefix.Bits() })
	for _, z := range t.prefixes {
		t.masks = append(t.masks, maskOf(z.Prefix))
	}
	return t
}

// thisNetwork is 0.0.0.0/8, "this host on this network" (RFC 1122, section 3.2.1.3).
var thisNetwork = netip.PrefixFrom(netip.IPv4Unspecified(), 8)

func (t *zoneTable) of(a netip.Addr) Zone {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid() || a.IsUnspecified() || thisNetwork.Contains(a):
		return Zone{"unspecified", Special}
	case a.IsMulticast():
		return Zone{"multicast", Special}
	case a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return Zone{"broadcast", Special}
	}
	hi, lo := halves(a)
	for i := range t.masks {
		if t.masks[i].holds(a.Is4(), hi, lo) {
			return t.prefixes[i].Zone
		}
	}
	return t.rest
}

// ZoneOf returns the zone of an address. IPv4-mapped IPv6 addresses are
// unmapped first. Multicast, broadcast and unspecified addresses are Special
// and never the internet, whatever the policy declares; everything else is in
// the zone of its longest declared prefix, or in the rest.
//
// A policy without zones has the private, unique local, link-local and
// loopback prefixes local and all else, shared address space (RFC 6598) and
// documentation prefixes included, as the internet.
func (p *Policy) ZoneOf(a netip.Addr) Zone { return p.zones.of(a) }

// InScope reports whether the policy judges the host: every host of a local
// zone, declared as a device or not, because a prohibition must not be missed
// for want of a declaration. Declared devices only have names and roles.
func (p *Policy) InScope(a netip.Addr) bool { return p.ZoneOf(a).Trust == Local }

// KeepsVideo reports whether video may flow at the address: in local zones and
// those that video.local_trust adds, never on the internet.
func (p *Policy) KeepsVideo(a netip.Addr) bool {
	return p.keeps(p.ZoneOf(a).Trust)
}

func (p *Policy) keeps(t Trust) bool {
	return t == Local || t == Special || t != Internet && slices.Contains(p.Video.LocalTrust, t)
}
