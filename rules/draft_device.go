package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"spanaudit/flow"
)

// draftDevice is what a draft declares as one device: the addresses of one
// link-layer address, or one address where that cannot be told.
type draftDevice struct {
	id    string
	role  Role
	iot   bool
	mac   flow.MAC // zero where it is not its own
	hosts []*draftHost
	known bool // it did something that a person can recognise it by
	zone  *draftZone
}

// devices groups the hosts that were seen, by address, and names them.
func (d *Draft) devices() []*draftDevice {
	var list []*draftDevice
	byMAC := map[flow.MAC]*draftDevice{}
	shared := d.sharedMACs()
	for _, addr := range slices.SortedFunc(maps.Keys(d.hosts), netip.Addr.Compare) {
		h := d.hosts[addr]
		if h.mac == (flow.MAC{}) || shared[h.mac] || d.routed[h.mac] {
			list = append(list, &draftDevice{hosts: []*draftHost{h}})
			continue
		}
		if byMAC[h.mac] == nil {
			byMAC[h.mac] = &draftDevice{mac: h.mac}
			list = append(list, byMAC[h.mac])
		}
		byMAC[h.mac].hosts = append(byMAC[h.mac].hosts, h)
	}
	numbers := map[string]int{}
	for _, x := range list {
		x.recognise(d.routers[x.mac])
		stem := x.stem()
		numbers[stem]++
		x.id = fmt.Sprintf("%s-%d", stem, numbers[stem])
	}
	return list
}

// sharedMACs returns the link-layer addresses that several IPv4 addresses have,
// other than one after the other by DHCP: those are a router's, and the hosts
// are behind it.
func (d *Draft) sharedMACs() map[flow.MAC]bool {
	n, leased := map[flow.MAC]int{}, map[flow.MAC]int{}
	for _, h := range d.hosts {
		if h.addr.Is4() {
			n[h.mac]++
		}
		if h.addr.Is4() && h.leased {
			leased[h.mac]++
		}
	}
	shared := map[flow.MAC]bool{}
	for mac := range n {
		shared[mac] = n[mac] > 1 && leased[mac] < n[mac]
	}
	return shared
}

// recognise gives the device the role that what it did speaks for most.
func (x *draftDevice) recognise(router bool) {
	has := map[Role]bool{RoleGateway: router && x.mac != (flow.MAC{})}
	var reads, aws bool
	for _, h := range x.hosts {
		maps.Copy(has, h.roles)
		reads, aws, x.known, x.iot = reads || h.reads, aws || h.aws, x.known || h.known, x.iot || h.iot
	}
	has[RoleAppliance], has[RoleViewer] = reads && aws, reads
	x.role = RoleOther
	for _, r := range []Role{RoleAppliance, RoleCamera, RoleViewer, RoleGateway, RoleNTPServer, RoleResolver, RoleDHCPServer} {
		if has[r] {
			x.role, x.known = r, true
			return
		}
	}
}

func (x *draftDevice) stem() string {
	switch x.role {
	case RoleCamera:
		return "cam"
	case RoleNTPServer:
		return "ntp"
	case RoleResolver:
		return "dns"
	case RoleDHCPServer:
		return "dhcp"
	case RoleOther:
		if x.iot {
			return "iot"
		}
		return "host"
	}
	return string(x.role)
}

// did says what the device was seen doing.
func (x *draftDevice) did() string {
	var parts []string
	if x.role == RoleGateway {
		parts = append(parts, "its MAC carries what comes from the internet")
	}
	flows := 0
	for _, h := range x.hosts {
		flows += h.flows
		for _, it := range h.did {
			if it.flows > 1 {
				it.what += fmt.Sprintf(" (%d flows)", it.flows)
			}
			if !slices.Contains(parts, it.what) {
				parts = append(parts, it.what)
			}
		}
		if h.aws && !slices.Contains(parts, "spoke with AWS") {
			parts = append(parts, "spoke with AWS")
		}
	}
	if len(parts) == 0 {
		return plural(flows, "flow") + ", none of which tells what it is"
	}
	return strings.Join(parts, "; ")
}

// home returns the host of the IPv4 address that the device used most, nil
// where it has none. Others it had by DHCP, one after the other.
func (x *draftDevice) home() (home *draftHost) {
	for _, h := range x.hosts {
		if h.addr.Is4() && (home == nil || h.flows > home.flows) {
			home = h
		}
	}
	return home
}

// maxAddresses bounds the IPv6 addresses of a device that are declared.
const maxAddresses = 8

// iface writes the device's interface.
func (x *draftDevice) iface() string {
	var keys, v6 []string
	if x.mac != (flow.MAC{}) {
		keys = append(keys, fmt.Sprintf("mac: %q", x.mac))
	}
	home := x.home()
	if home != nil {
		keys = append(keys, "ipv4: "+home.addr.String())
	}
	for _, h := range x.hosts {
		if h.addr.Is6() && len(v6) < maxAddresses {
			v6 = append(v6, fmt.Sprintf("%q", h.addr))
		}
	}
	switch len(v6) {
	case 0:
	case 1:
		keys = append(keys, "ipv6: "+v6[0])
	default:
		keys = append(keys, "ipv6: ["+strings.Join(v6, ", ")+"]")
	}
	if home != nil && home.leased {
		keys = append(keys, "method: dhcp")
	}
	return "{ " + strings.Join(keys, ", ") + " }"
}

// whyAddresses says what the interface rests on.
func (x *draftDevice) whyAddresses() string {
	home := x.home()
	flows, seen := 0, ""
	for _, h := range x.hosts {
		flows += h.flows
		if h.addr.Is4() && h != home {
			seen += fmt.Sprintf("; %s, which DHCP gave it too, is left out: an address that changes is a finding", h.addr)
		}
	}
	if home != nil && home.leased {
		seen = ", and had the address by DHCP" + seen
	}
	return "sent in " + plural(flows, "flow") + seen
}

// ports returns the ports at which the device answered local hosts, and what
// was spoken there. odd are those of them that it is not declared to have.
func (x *draftDevice) ports(odd func(*draftDevice, uint16) bool) (ports, said, left []string) {
	all := map[uint16]string{}
	for _, h := range x.hosts {
		maps.Copy(all, h.ports)
	}
	for _, p := range sortedPorts(all) {
		switch {
		case odd(x, p):
			left = append(left, fmt.Sprintf("%d (%s)", p, all[p]))
			continue
		case !slices.Contains(said, all[p]):
			said = append(said, all[p])
		}
		ports = append(ports, fmt.Sprint(p))
	}
	return ports, said, left
}

func sortedPorts[V any](m map[uint16]V) []uint16 { return slices.Sorted(maps.Keys(m)) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
