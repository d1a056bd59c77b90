package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// draftZone is a zone that a draft declares.
type draftZone struct {
	name     string
	prefixes []netip.Prefix
	devices  []*draftDevice
	addrs    int // that were seen in it, whether or not they sent anything
}

// maxCommon is how many prefixes of 24 bits a zone is guessed from. Of more, the
// private block that they are in is taken.
const maxCommon = 16

// zones puts the devices, and the local addresses that were only spoken to, into
// zones by the prefixes that networks commonly have.
func (d *Draft) zones(devices []*draftDevice) []*draftZone {
	var zones []*draftZone
	of := map[netip.Prefix]*draftZone{}
	guess := d.guessPrefix()
	join := func(prefixes []netip.Prefix) *draftZone {
		i := slices.IndexFunc(prefixes, func(p netip.Prefix) bool { return of[p] != nil })
		z := &draftZone{}
		if i >= 0 {
			z = of[prefixes[i]]
		} else {
			zones = append(zones, z)
		}
		for _, p := range prefixes {
			if of[p] == nil {
				of[p] = z
				z.prefixes = append(z.prefixes, p)
			}
		}
		return z
	}
	for _, x := range devices {
		var prefixes []netip.Prefix
		for _, h := range x.hosts {
			prefixes = append(prefixes, guess(h.addr))
		}
		x.zone = join(prefixes)
		x.zone.devices = append(x.zone.devices, x)
	}
	for _, a := range slices.SortedFunc(maps.Keys(d.silent), netip.Addr.Compare) {
		z := join([]netip.Prefix{guess(a)})
		z.addrs++
	}
	nameZones(zones)
	return zones
}

// guessPrefix returns what guesses the prefix of the network that an address is
// in.
func (d *Draft) guessPrefix() func(netip.Addr) netip.Prefix {
	inBlock := map[netip.Prefix]map[netip.Prefix]bool{}
	block := func(a netip.Addr) netip.Prefix {
		for _, z := range builtinZones(false) {
			if z.Prefix.Contains(a) {
				return z.Prefix
			}
		}
		return commonPrefix(a)
	}
	for a := range d.silent {
		b := block(a)
		if inBlock[b] == nil {
			inBlock[b] = map[netip.Prefix]bool{}
		}
		inBlock[b][commonPrefix(a)] = true
	}
	return func(a netip.Addr) netip.Prefix {
		if b := block(a); len(inBlock[b]) > maxCommon {
			return b
		}
		return commonPrefix(a)
	}
}

func nameZones(zones []*draftZone) {
	numbers := map[string]int{}
	for _, z := range zones {
		has := func(r Role) bool {
			return slices.ContainsFunc(z.devices, func(x *draftDevice) bool { return x.role == r })
		}
		switch cameras, readers := has(RoleCamera), has(RoleAppliance) || has(RoleViewer); {
		case len(zones) == 1 || cameras && readers:
			z.name = "site"
		case cameras:
			z.name = "cameras"
		case has(RoleAppliance):
			z.name = "appliance"
		default:
			z.name = "lan"
		}
		if numbers[z.name]++; numbers[z.name] > 1 {
			z.name += fmt.Sprintf("-%d", numbers[z.name])
		}
	}
}
