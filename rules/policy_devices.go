package rules

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"spanaudit/flow"
)

func (r *policyReader) devices(n *node) {
	macs, addrs := map[flow.MAC]string{}, map[netip.Addr]string{}
	r.each(n, func(item *node) {
		r.where = itemName("device", item)
		d := r.device(item)
		if d == nil {
			return
		}
		if d.ID != "" && r.deviceByID[d.ID] != nil {
			r.problem(item, "a second device with this id; give it another")
		}
		r.deviceByID[d.ID] = d
		for _, i := range d.Interfaces {
			if other, taken := macs[i.MAC]; taken && i.MAC != (flow.MAC{}) {
				r.problem(item, "MAC %s is device %q's already; give each its own", net.HardwareAddr(i.MAC[:]), other)
			}
			macs[i.MAC] = d.ID
			for _, a := range i.Addrs {
				if other, taken := addrs[a]; taken {
					r.problem(item, "address %s is device %q's already; give each its own", a, other)
				}
				addrs[a] = d.ID
			}
		}
		r.policy.Devices = append(r.policy.Devices, d)
	})
}

func (r *policyReader) device(n *node) *Device {
	d := &Device{Role: RoleOther}
	var role string
	r.mapping(n, fields{
		"id": r.into(&d.ID), "role": r.oneOf(&role, "role", Roles()...),
		"zone": func(v *node) {
			if d.Zone = r.text(v); d.Zone != "" {
				r.knownZone(v, d.Zone)
			}
		},
		"interfaces":    func(v *node) { r.each(v, func(i *node) { r.networkInterface(i, d) }) },
		"inbound_ports": r.ports(&d.InboundPorts),
		"software": func(v *node) {
			r.mapping(v, fields{"product": r.into(&d.Product), "version": r.into(&d.SoftwareVersion)})
		},
	})
	if n.kind != mappingNode {
		return nil
	}
	if role != "" {
		d.Role = Role(role)
	}
	if n.lacks("id") {
		r.problem(n, "has no id; add it")
	}
	if n.lacks("interfaces") {
		r.problem(n, "has no interfaces; add one with a mac or an ipv4 or ipv6 address")
	}
	return d
}

func (r *policyReader) knownZone(n *node, name string) {
	if _, ok := r.declaredZones[name]; !ok {
		r.problem(n, "zone %q is not declared; %s", name, declare(name, "zones", r.declaredZones))
	}
}

func (r *policyReader) networkInterface(n *node, d *Device) {
	var i Interface
	address := func(v4 bool) func(*node) {
		return func(v *node) { r.interfaceAddrs(v, v4, d, &i) }
	}
	before := len(r.problems)
	r.mapping(n, fields{
		"name": r.into(&i.Name), "mac": r.mac(&i.MAC),
		"ipv4": address(true), "ipv6": address(false),
		"method": r.oneOf(&i.Method, "method", "dhcp", "static", "slaac", "unused"),
	})
	if i.MAC == (flow.MAC{}) && len(i.Addrs) == 0 {
		if len(r.problems) == before {
			r.problem(n, "interface has neither mac nor address; add one")
		}
		return
	}
	d.Interfaces = append(d.Interfaces, i)
}

// interfaceAddrs reads one address or a list of them.
func (r *policyReader) interfaceAddrs(n *node, v4 bool, d *Device, i *Interface) {
	list := []*node{n}
	if n.kind == sequenceNode {
		list = n.items
	}
	for _, v := range list {
		a, ok := r.address(v)
		if !ok {
			continue
		}
		zone := r.policy.ZoneOf(a).Name
		switch {
		case v4 && !a.Is4():
			r.problem(v, "address %s is IPv6; write it under ipv6", a)
		case !v4 && a.Is4():
			r.problem(v, "address %s is IPv4; write it under ipv4", a)
		case d.Zone != "" && zone != d.Zone && !a.IsLinkLocalUnicast():
			r.problem(v, "address %s is in zone %q, not %q; correct the address or the zone", a, zone, d.Zone)
		case d.Zone == "" && r.policy.ZoneOf(a).Trust == Internet:
			r.problem(v, "address %s is in no zone of the site and would be judged as the internet; add its prefix to a zone", a)
		default:
			i.Addrs = append(i.Addrs, a)
		}
	}
}

func (r *policyReader) mac(m *flow.MAC) func(*node) {
	return func(n *node) {
		if n.kind == numberNode {
			r.problem(n, "MAC %s is read as a number; quote it: \"02:00:5e:00:53:10\"", n.text)
			return
		}
		s := r.text(n)
		if n.kind != textNode {
			return
		}
		hw, err := net.ParseMAC(s)
		switch {
		case err != nil || len(hw) != len(m) || !strings.ContainsAny(s, ":-."): // without, other readers of YAML may take it for a number
			r.problem(n, "%s is no MAC; write it as \"02:00:5e:00:53:10\"", quote(s))
		case hw[0]&1 != 0:
			r.problem(n, "MAC %s is a group's (multicast or broadcast), not a device's; write the device's own", hw)
		case !slices.ContainsFunc(hw, func(b byte) bool { return b != 0 }):
			r.problem(n, "MAC %s is no device's; write the device's own", hw)
		default:
			copy(m[:], hw)
		}
	}
}
