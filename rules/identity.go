package rules

import (
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
)

// holder is who was granted an address, and by which DHCPACK.
type holder struct {
	mac   flow.MAC
	since flow.Frame
}

const maxHolders = 16 // of one address; later ones take the place of the last

// learnHolder notes who holds an address from now on.
func (s *Site) learnHolder(l classify.Lease, at flow.Frame) {
	a := l.YourIP
	if !a.IsValid() || l.ClientMAC == (flow.MAC{}) {
		return
	}
	list := s.holders[a]
	switch n := len(list); {
	case n > 0 && list[n-1].mac == l.ClientMAC:
	case n == 0 && !s.room(len(s.holders), maxHosts):
	case n >= maxHolders:
		s.Forgotten++
		list[n-1] = holder{l.ClientMAC, at}
	default:
		s.holders[a] = append(list, holder{l.ClientMAC, at})
	}
}

// holderOf returns to whom an address was leased at the time, the zero holder
// where none is known.
func (s *Site) holderOf(a netip.Addr, at flow.Time) (held holder) {
	for _, h := range s.holders[a] {
		if h.since.Time <= at {
			held = h
		}
	}
	return held
}

// identify returns the declared device behind a packet, nil for others, and by
// what it is known: its MAC, where the capture shows those of end devices; else
// the MAC that a DHCP lease gave the address to, so that a device is followed
// from lease to lease where only its address is seen; else its declared address.
func (s *Site) identify(mac flow.MAC, a netip.Addr, at flow.Time) (d *Device, by string) {
	p := s.policy
	if len(p.Devices) == 0 {
		return nil, ""
	}
	a = a.Unmap().WithZone("")
	return s.identifyIn(p.ZoneOf(a).Trust, mac, a, at)
}

// identifyIn is identify for an address, without its zone identifier, whose zone
// has the trust.
func (s *Site) identifyIn(trust Trust, mac flow.MAC, a netip.Addr, at flow.Time) (d *Device, by string) {
	p := s.policy
	if trust != Local && trust != Special {
		return p.devices.byAddr[a], "address"
	}
	if p.Capture.Layer2 && mac != (flow.MAC{}) {
		if d := p.devices.byMAC[mac]; d != nil {
			return d, "mac"
		}
	}
	if len(s.holders) > 0 {
		if d := p.devices.byMAC[s.holderOf(a, at).mac]; d != nil {
			return d, "lease"
		}
	}
	return p.devices.byAddr[a], "address"
}

// declaresRole reports whether the policy declares a device of one of the roles.
func (p *Policy) declaresRole(roles ...Role) bool {
	for _, d := range p.Devices {
		if d.is(roles...) {
			return true
		}
	}
	return false
}

// mark tells the device from others that had its address before, in the upper
// bits of what failOnce asks for; no device has none.
func (d *Device) mark() (m uint32) {
	if d == nil {
		return 0
	}
	for i := range len(d.ID) { // FNV-1a
		m = (m ^ uint32(d.ID[i])) * 16777619
	}
	return m << 8
}

// is reports whether the device has one of the roles; no device has none.
func (d *Device) is(roles ...Role) bool {
	if d == nil {
		return false
	}
	for _, r := range roles {
		if d.Role == r {
			return true
		}
	}
	return false
}
