package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"spanaudit/flow"
)

// addressConflict judges whether two hosts use one address, and whether anybody
// gives out addresses or routes who should not.
type addressConflict struct{}

func (addressConflict) Doc() Doc {
	return Doc{
		ID:          "address-conflict",
		Title:       "Address conflict or rogue DHCP",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "each local address is claimed in ARP or Neighbour Discovery by one MAC at a time; DHCP offers and leases come from dhcp.servers where the policy declares them, router advertisements from a declared gateway where one is; no DHCP client refuses an address as taken",
		Why:         "Two hosts at one address, or a second DHCP server, let one host take the traffic of another.",
		Fails:       "an address claimed by two MACs within an hour without a lease that passes it on, an undeclared DHCP server or router, a DHCPDECLINE; a virtual router's MAC, one that answers for many addresses, and a change after a longer pause are undecided",
		NotSeen:     "no ARP, Neighbour Discovery or DHCP was seen",
		Remediation: "Remove the second device or server; switch on DHCP snooping, dynamic ARP inspection and RA guard.",
		Source:      "AWS Panorama security page: the appliance's address must not change; NIST SP 800-53 CM-8(3)",
	}
}

// routerAdvertisement is the ICMPv6 type that announces a router (RFC 4861,
// section 4.2).
const routerAdvertisement = 134

func (addressConflict) Judge(c *Case) {
	if c.Flow.Protocol != flow.ICMPv6 || c.Client.Addr.Port() != routerAdvertisement || !c.Policy.declaresRole(RoleGateway) {
		return
	}
	if c.Policy.forwards(c.Client.MAC) || c.clientDevice.is(RoleGateway) {
		c.Examine()
		return
	}
	device := c.Host(&c.Client)
	c.Fail(Violation{
		Device: device, Variant: "router",
		Message: fmt.Sprintf("%s with MAC %s advertises itself as a router; a declared gateway is wanted", device, c.Client.MAC),
	})
}

func (addressConflict) Conclude(c *Conclusion) {
	judgeClaims(c)
	judgeDHCPServers(c)
	judgeDeclines(c)
}

func judgeClaims(c *Conclusion) {
	addresses := map[flow.MAC]int{} // that each MAC claims
	for _, list := range c.Site.claims {
		for _, claim := range list {
			addresses[claim.mac]++
		}
	}
	for _, k := range c.Site.claimed() {
		list := c.Site.claims[k]
		if len(list) == 1 {
			c.ledger.examined++
			continue
		}
		judgeClaimants(c, k.ip, list, addresses)
	}
}

const (
	maxOwnAddresses = 8         // a MAC that claims more answers for others (proxy ARP)
	claimPause      = time.Hour // between two claims beyond which a device may have been replaced
)

func judgeClaimants(c *Conclusion, ip netip.Addr, list []claimant, addresses map[flow.MAC]int) {
	a, b := list[0], list[1]
	alternating := slices.ContainsFunc(list, func(x claimant) bool { return x.interrupted })
	owner := c.Policy.devices.byMAC[a.mac]
	switch {
	case owner != nil && !slices.ContainsFunc(list, func(x claimant) bool { return c.Policy.devices.byMAC[x.mac] != owner }):
		c.ledger.examined++ // two interfaces of one device in one network may answer for each other
	case slices.ContainsFunc(list, func(x claimant) bool { return x.mac.Virtual() }):
		c.ledger.undecide("an address behind the MAC of a virtual router")
	case slices.ContainsFunc(list, func(x claimant) bool { return addresses[x.mac] > maxOwnAddresses }):
		c.ledger.undecide("an address that a MAC claims which claims many: a router may answer for others (proxy ARP)")
	case !alternating && c.Site.passedOn(ip, list):
		c.ledger.examined++ // a lease passed it on
	case !alternating && b.first.Time.Sub(a.last.Time) > claimPause:
		c.ledger.undecide("an address that another MAC claims after a pause: a device may have been replaced")
	default:
		c.failAt(Violation{
			Device:  c.Site.hostAt(ip, b.mac, b.first.Time),
			Message: fmt.Sprintf("%s is claimed by %s and by %s; one device is wanted at an address", ip, a.mac, b.mac),
		}, b.first, list[len(list)-1].last.Time, Evidence{Frame: a.first, What: "ARP"}, Evidence{Frame: b.first, What: "ARP"})
	}
}

// passedOn reports whether DHCP granted the address to each of its claimants but
// the first.
func (s *Site) passedOn(ip netip.Addr, list []claimant) bool {
	for _, x := range list[1:] {
		if !slices.ContainsFunc(s.holders[ip], func(h holder) bool { return h.mac == x.mac }) {
			return false
		}
	}
	return true
}

func judgeDHCPServers(c *Conclusion) {
	for _, a := range slices.SortedFunc(maps.Keys(c.Site.dhcp), netip.Addr.Compare) {
		s := c.Site.dhcp[a]
		if len(c.Policy.DHCP.Servers) == 0 || slices.Contains(c.Policy.DHCP.Servers, a) {
			c.ledger.examined++
			continue
		}
		host := c.Site.host(a, flow.MAC{})
		c.failAt(Violation{
			Device: host, Variant: "dhcp",
			Message: fmt.Sprintf("%s offers addresses by DHCP, to %s first; a declared server is wanted", host, s.client),
		}, s.first, s.last, Evidence{Frame: s.first, What: "DHCPOFFER"})
	}
}

func judgeDeclines(c *Conclusion) {
	byMAC := func(a, b flow.MAC) int { return slices.Compare(a[:], b[:]) }
	for _, mac := range slices.SortedFunc(maps.Keys(c.Site.leases), byMAC) {
		for _, d := range c.Site.leases[mac].declines {
			c.failAt(Violation{
				Device: c.Site.host(d.address, mac), Variant: "decline",
				Message: fmt.Sprintf("%s refused %s, which DHCP gave it, because another host has it; one device is wanted at an address", mac, d.address),
			}, d.at, d.at.Time, Evidence{Frame: d.at, What: "DHCPDECLINE"})
		}
	}
}
