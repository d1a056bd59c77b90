package rules

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"spanaudit/flow"
)

// deviceAddress judges whether devices keep the addresses that firewall rules
// know them by.
type deviceAddress struct{}

func (deviceAddress) Doc() Doc {
	return Doc{
		ID:          "device-address",
		Title:       "Device address not as declared",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "a declared device sends from, and claims in ARP or Neighbour Discovery, its declared addresses only, and from none of its unused interfaces; a DHCP client is granted the address that it asks for and keeps it",
		Why:         "Firewall rules know devices by address: one that moves loses its access, or gets that of another.",
		Fails:       "another address was used, claimed or granted, or the granted one changed; an unused interface sent. A device that only its address tells, or that is behind another MAC, is undecided",
		NotSeen:     "no DHCP exchange and no declared device was seen on its own segment",
		Remediation: "Reserve the address in DHCP or set it statically at provisioning, and update the firewall rules.",
		Source:      "AWS Panorama security page: the appliance's address must not change",
	}
}

// Judge looks for declared devices at addresses that are not theirs. That needs
// MACs of end devices, so it is only done where the policy says that the capture
// shows them.
func (deviceAddress) Judge(c *Case) {
	if !c.Policy.Capture.Layer2 {
		return
	}
	for _, h := range []*flow.Half{&c.Client, &c.Server} {
		addr := h.Addr.Addr()
		if h.Packets == 0 || h.MAC == (flow.MAC{}) || !isAssigned(addr) || c.Policy.ZoneOf(addr).Trust != Local {
			continue
		}
		device := c.clientDevice
		if h == &c.Server {
			device = c.serverDevice
		}
		if device == nil {
			continue
		}
		wrong, unused := device.wrongAt(addr), device.unused(h.MAC)
		switch {
		case wrong && c.Policy.isAnothers(addr, device) && device.bridges():
			// network-bridging judges it
		case unused != "":
			c.Fail(Violation{
				Device: c.Host(h), Variant: h.MAC.String(),
				Message: fmt.Sprintf("%s sends from interface %s with MAC %s; that is declared unused", device.ID, unused, h.MAC),
			})
		case wrong:
			c.Fail(Violation{
				Device: c.Host(h), Variant: addr.String(),
				Message: fmt.Sprintf("%s sends from %s; %s is declared", device.ID, addr, device.addresses()),
			})
		case !device.declares(addr):
		case device.hasMAC(h.MAC):
			c.Examine()
		case device.declaresMAC():
			c.Undecided("a declared device's address behind a MAC that is not the device's: a router's, or another device's")
		}
	}
}

// wrongAt reports whether an address is not the device's, although one of its
// family is declared.
func (d *Device) wrongAt(a netip.Addr) bool { return d.declares(a) && !d.has(a) }

// hasMAC reports whether an interface of the device has the MAC.
func (d *Device) hasMAC(m flow.MAC) bool {
	for i := range d.Interfaces {
		if d.Interfaces[i].MAC == m {
			return true
		}
	}
	return false
}

// declaresMAC reports whether any interface of the device has a MAC.
func (d *Device) declaresMAC() bool {
	for i := range d.Interfaces {
		if d.Interfaces[i].MAC != (flow.MAC{}) {
			return true
		}
	}
	return false
}

// unused returns the name of the interface that has the MAC and is declared
// unused, "" for none.
func (d *Device) unused(m flow.MAC) string {
	for _, i := range d.Interfaces {
		if i.MAC == m && i.Method == "unused" {
			return cmp.Or(i.Name, "without a name")
		}
	}
	return ""
}

// isAnothers reports whether an address is declared for another device.
func (p *Policy) isAnothers(a netip.Addr, d *Device) bool {
	owner := p.devices.byAddr[a]
	return owner != nil && owner != d
}

// Conclude judges what DHCP clients asked for and were granted, and what devices
// claimed without sending from it.
func (deviceAddress) Conclude(c *Conclusion) {
	judgeOwnClaims(c)
	judgeByAddressAlone(c)
	byMAC := func(a, b flow.MAC) int { return slices.Compare(a[:], b[:]) }
	for _, mac := range slices.SortedFunc(maps.Keys(c.Site.leases), byMAC) {
		h := c.Site.leases[mac]
		if h.acks == 0 {
			if h.asks > 0 {
				c.ledger.undecide("a DHCP client to which no address was seen to be granted")
			}
			continue
		}
		if broken := judgeLeases(c, mac, h); !broken {
			c.ledger.examined++
		}
	}
}

// judgeOwnClaims looks for declared devices that claim an address which is
// neither theirs nor another device's: address-conflict judges the latter.
func judgeOwnClaims(c *Conclusion) {
	if !c.Policy.Capture.Layer2 {
		return
	}
	for _, k := range c.Site.claimed() {
		for _, claim := range c.Site.claims[k] {
			d := c.Policy.devices.byMAC[claim.mac]
			if d == nil || !isAssigned(k.ip) || !d.wrongAt(k.ip) || c.Policy.isAnothers(k.ip, d) {
				continue
			}
			c.failAt(Violation{
				Device: c.Site.hostAt(k.ip, claim.mac, claim.first.Time), Variant: k.ip.String(),
				Message: fmt.Sprintf("%s claims %s; %s is declared", d.ID, k.ip, d.addresses()),
			}, claim.first, claim.last.Time, Evidence{Frame: claim.first, What: "ARP"})
		}
	}
}

// judgeByAddressAlone leaves devices undecided that nothing but their address
// tells: another device at it would look the same.
func judgeByAddressAlone(c *Conclusion) {
	seen := c.Site.devices()
	for _, d := range c.Policy.Devices {
		leased := slices.ContainsFunc(d.Interfaces, func(i Interface) bool { return c.Site.leases[i.MAC] != nil })
		switch {
		case !seen[d] || leased || d.is(RoleGateway):
		case !c.Policy.Capture.Layer2:
			c.ledger.undecide("a device known by its address alone: the capture does not show MACs (capture.layer2: false)")
		case !d.declaresMAC():
			c.ledger.undecide("a device known by its address alone: the policy declares no MAC of it")
		}
	}
}

func judgeLeases(c *Conclusion, mac flow.MAC, h *leaseHistory) (broken bool) {
	for i, g := range h.granted {
		host := c.Site.host(g.address, mac)
		device := c.Policy.Device(mac, g.address)
		wanted := ""
		switch {
		case device != nil && device.has(g.address):
			continue
		case device != nil && device.declares(g.address):
			wanted = device.addresses() + " is declared"
		case i > 0:
			wanted = fmt.Sprintf("it had %s before", h.granted[i-1].address)
		case g.wished.IsValid() && g.wished != g.address && sameSubnet(g.wished, g.address):
			wanted = fmt.Sprintf("it had asked for %s", g.wished)
		default:
			continue
		}
		broken = true
		c.ledger.examined++
		c.ledger.failed++
		v := Violation{
			Device: host, Variant: g.address.String(),
			Message: fmt.Sprintf("DHCP granted %s to %s; %s", g.address, mac, wanted),
		}
		f := c.ledger.finding(v, g.at.Time)
		f.add(g.at.Time, g.at.Time, "", []Evidence{{Frame: g.asked, What: "DHCP request"}, {Frame: g.at, What: "DHCPACK"}})
	}
	return broken
}

// sameSubnet reports whether an address wished for could have been granted
// here: a client that comes from another network asks for its address there,
// which is no violation.
func sameSubnet(a, b netip.Addr) bool {
	p, err := a.Prefix(24)
	return err == nil && a.Is4() && p.Contains(b)
}

// isAssigned reports whether an address is one that a host is given, rather
// than one that it makes up or uses before it has one.
func isAssigned(a netip.Addr) bool {
	return !a.IsLinkLocalUnicast() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback()
}

// has reports whether the device is declared at the address.
func (d *Device) has(a netip.Addr) bool {
	for i := range d.Interfaces {
		if slices.Contains(d.Interfaces[i].Addrs, a) {
			return true
		}
	}
	return false
}

// declares reports whether the device is declared at any address of a's family.
func (d *Device) declares(a netip.Addr) bool {
	for i := range d.Interfaces {
		for _, b := range d.Interfaces[i].Addrs {
			if a.Is4() == b.Is4() {
				return true
			}
		}
	}
	return false
}

func (d *Device) addrs() (list []netip.Addr) {
	for _, i := range d.Interfaces {
		list = append(list, i.Addrs...)
	}
	return list
}

func (d *Device) addresses() string {
	var list []string
	for _, a := range d.addrs() {
		list = append(list, a.String())
	}
	return orList(list)
}
