package rules

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// address reads a host's address.
func (r *policyReader) address(n *node) (a netip.Addr, ok bool) {
	s := r.text(n)
	if n.kind != textNode {
		return a, false
	}
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		r.problem(n, "%q is no IP address; write one such as 192.0.2.10", s)
	case a.Is4In6():
		r.problem(n, "address %s is IPv4 mapped into IPv6; write %s", a, a.Unmap())
	case a.Zone() != "":
		r.problem(n, "address %s has a zone identifier; write %s", a, a.WithZone(""))
	case a.IsUnspecified() || a.IsMulticast():
		r.problem(n, "address %s is no host's; write the host's own", a)
	default:
		return a, true
	}
	return a, false
}

// prefix reads a prefix without host bits.
func (r *policyReader) prefix(n *node) (p netip.Prefix, ok bool) {
	s := r.text(n)
	if n.kind != textNode {
		return p, false
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil && isAddr(s):
		a, _ := netip.ParseAddr(strings.Trim(s, "[]"))
		r.problem(n, "prefix %q has no length; write %s/%d for the one address", s, a.WithZone(""), a.BitLen())
	case err != nil:
		r.problem(n, "%q is no prefix; write one such as 192.0.2.0/24", s)
	case p.Addr().Is4In6():
		r.problem(n, "prefix %s is IPv4 mapped into IPv6; write it as IPv4", p)
	case p != p.Masked():
		r.problem(n, "prefix %s has host bits set; write %s", p, p.Masked())
	default:
		return p, true
	}
	return p, false
}

// servers reads a list of addresses or names. The result is never nil.
func (r *policyReader) servers(list *Servers) func(*node) {
	return func(n *node) {
		*list = Servers{}
		r.each(n, func(item *node) {
			s := r.text(item)
			if item.kind != textNode {
				return
			}
			if isAddr(s) {
				if a, ok := r.address(item); ok {
					*list = append(*list, Server{Addr: a})
				}
			} else if problem := checkName(s); problem != "" {
				r.problem(item, "%s", problem)
			} else {
				*list = append(*list, Server{Name: s})
			}
		})
	}
}

// ports reads a list of ports and ranges. The result is never nil.
func (r *policyReader) ports(list *[]PortRange) func(*node) {
	return func(n *node) {
		*list = []PortRange{}
		r.each(n, func(item *node) {
			if item.kind != numberNode && !r.is(item, textNode) {
				return
			}
			first, last, isRange := strings.Cut(item.text, "-")
			if !isRange {
				last = first
			}
			a, errA := strconv.ParseUint(first, 10, 16)
			b, errB := strconv.ParseUint(last, 10, 16)
			switch {
			case errA != nil || errB != nil || a == 0 || b == 0:
				r.problem(item, "%s is no port; write one from 1 to 65535 or a range such as \"8000-9000\"", quote(item.text))
			case a > b:
				r.problem(item, "port range %s is upside down; write \"%d-%d\"", item.text, b, a)
			default:
				*list = append(*list, PortRange{uint16(a), uint16(b)})
			}
		})
	}
}

func (r *policyReader) selectors(list *[]Selector) func(*node) {
	return func(n *node) {
		*list = nil
		r.each(n, func(item *node) {
			s := r.text(item)
			if item.kind != textNode {
				return
			}
			kind, value, _ := strings.Cut(s, ":")
			ok := false
			switch kind {
			case "role":
				if ok = slices.Contains(Roles(), value); !ok {
					r.problem(item, "unknown role %q in %q; %s", value, s, suggest(value, Roles()))
				}
			case "zone":
				if _, ok = r.declaredZones[value]; !ok {
					r.problem(item, "%q names a zone that is not declared; %s", s, declare(value, "zones", r.declaredZones))
				}
			case "device":
				if _, ok = r.deviceByID[value]; !ok {
					r.problem(item, "%q names a device that is not declared; %s", s, declare(value, "devices", r.deviceByID))
				}
			default:
				r.problem(item, "%q selects nothing; write role:<role>, zone:<zone> or device:<id>", s)
			}
			if ok {
				*list = append(*list, Selector{kind, value})
			}
		})
	}
}
