package rules

import (
	"net/netip"
)

// maxPrefixes bounds the prefixes of all zones, because every address is
// compared with each.
const maxPrefixes = 1000

func parseTrust(s string) (t Trust, ok bool) {
	switch s {
	case "local":
		return Local, true
	case "external":
		return External, true
	case "internet":
		return Internet, true
	}
	return Internet, false
}

func (r *policyReader) zones(n *node) {
	if !r.is(n, mappingNode) {
		return
	}
	owner := map[netip.Prefix]string{}
	rest := Zone{"internet", Internet}
	restAt := ""
	for _, f := range n.fields {
		at := &node{line: f.line, column: f.column}
		r.where = "zone " + quote(f.key)
		z := r.zone(at, f, owner)
		r.declaredZones[f.key] = z.Zone
		if !z.rest {
			continue
		}
		switch {
		case restAt != "":
			r.problem(at, "rest: true is zone %q's already; only one zone is the rest", restAt)
		case z.Trust == Local:
			r.problem(at, "the rest cannot be local: every address of the internet is in it; write trust: internet")
		}
		rest, restAt = z.Zone, f.key
	}
	r.where = "zones"
	r.policy.zones = newZoneTable(r.policy.Zones, rest)
}

// declaredZone is a zone as a policy writes it.
type declaredZone struct {
	Zone
	rest bool
}

func (r *policyReader) zone(at *node, f field, owner map[netip.Prefix]string) declaredZone {
	z := declaredZone{Zone: Zone{Name: f.key}}
	var trust string
	var publicOK bool
	var cidrs *node
	r.mapping(f.value, fields{
		"trust":     r.oneOf(&trust, "trust", "local", "external", "internet"),
		"rest":      r.boolean(&z.rest),
		"public_ok": r.boolean(&publicOK),
		"cidrs":     func(v *node) { cidrs = v },
	})
	z.Trust, _ = parseTrust(trust)
	if f.value.kind != mappingNode && f.value.kind != nullNode {
		return z
	}
	if f.value.lacks("trust") && !z.rest {
		r.problem(at, "has no trust; write trust: local, external or internet")
	}
	if f.value.lacks("cidrs") {
		if !z.rest {
			r.problem(at, "has no cidrs; add its prefixes, or rest: true for all that is in no other zone")
		}
		return z
	}
	r.each(cidrs, func(v *node) {
		p, ok := r.prefix(v)
		if !ok || !r.checkZonePrefix(v, p, z.Zone, publicOK) {
			return
		}
		if other, taken := owner[p]; taken {
			r.problem(v, "prefix %s is zone %q's already; keep one", p, other)
			return
		}
		if len(r.policy.Zones) == maxPrefixes {
			r.problem(v, "more than %d prefixes in all zones; write wider ones", maxPrefixes)
			return
		}
		for _, known := range r.policy.Zones {
			if known.Zone.Name == z.Name && known.Prefix.Overlaps(p) {
				r.problem(v, "prefixes %s and %s of the zone overlap; keep the wider one", known.Prefix, p)
				return
			}
		}
		owner[p] = z.Name
		r.policy.Zones = append(r.policy.Zones, ZonePrefix{p, z.Zone})
	})
	return z
}

// checkZonePrefix refuses prefixes that are no hosts' and a local zone that
// holds the internet.
func (r *policyReader) checkZonePrefix(n *node, p netip.Prefix, z Zone, publicOK bool) bool {
	switch {
	case p.Addr().IsMulticast():
		r.problem(n, "prefix %s is multicast, which is in no zone; remove it", p)
	case z.Trust == Internet:
		return true
	case p.Bits() == 0:
		r.problem(n, "prefix %s is the whole internet, not %s; write the site's own prefixes", p, z.Trust)
	case z.Trust == Local && !publicOK && !isPrivate(p):
		r.problem(n, "prefix %s is public; add public_ok: true to the zone if the site does use it inside", p)
	default:
		return true
	}
	return false
}

// isPrivate reports whether no host of the prefix is reachable from the
// internet (IANA special-purpose address registries, RFC 6890).
func isPrivate(p netip.Prefix) bool {
	for _, s := range []string{
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
		"100.64.0.0/10", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15",
		"fc00::/7", "fe80::/10", "::1/128", "2001:db8::/32", "3fff::/20",
	} {
		private := netip.MustParsePrefix(s)
		if private.Bits() <= p.Bits() && private.Contains(p.Addr()) {
			return true
		}
	}
	return false
}
