package rules

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// writeServices writes where names, the time and addresses come from.
func (d *Draft) writeServices(t *draftText, devices []*draftDevice) {
	d.writeServers(t, "dns", "resolvers", "resolvers", addressesOf(devices, RoleResolver), d.resolver)
	d.writeServers(t, "ntp", "local_servers", "public_servers", addressesOf(devices, RoleNTPServer), d.times)
	if servers := addressesOf(devices, RoleDHCPServer); len(servers) > 0 {
		t.line("dhcp:", "")
		t.line("  servers: "+listed(servers), "gave out addresses")
	}
}

// writeServers writes the servers inside, and those on the internet where there
// are none inside.
func (d *Draft) writeServers(t *draftText, section, inside, outside string, servers []string, public map[string]*draftContact) {
	if len(servers)+len(public) == 0 {
		return
	}
	t.line(section+":", "")
	if len(servers) > 0 {
		t.line("  "+inside+": "+listed(servers), "answered")
	}
	var proven []string
	for _, id := range sortedKeys(public) {
		if c := public[id]; c.worked && len(servers) == 0 {
			proven = append(proven, strconv.Quote(id))
		}
	}
	if len(proven) > 0 {
		t.line("  "+outside+":", "on the internet; none was seen inside")
	}
	for _, id := range sortedKeys(public) {
		c := public[id]
		seen := fmt.Sprintf("asked by %s, %s", joined(c.clients), plural(c.flows, "flow"))
		switch {
		case len(servers) > 0:
			t.doubt("  ", outside+": ["+strconv.Quote(id)+"]", seen+", although there is one inside")
		case !c.worked && len(proven) == 0:
			t.doubt("  ", outside+": ["+strconv.Quote(id)+"]", seen+", and no answer was seen")
		case !c.worked:
			t.doubt("    ", "- "+strconv.Quote(id), seen+", and no answer was seen")
		default:
			t.line("    - "+strconv.Quote(id), seen)
		}
	}
}

func joined(addrs []netip.Addr) string {
	var words []string
	for _, a := range addrs {
		words = append(words, a.String())
	}
	return strings.Join(words, ", ")
}

// addressesOf returns the addresses that were seen in a role, whatever the role
// is that their device is declared in.
func addressesOf(devices []*draftDevice, r Role) (addrs []string) {
	for _, x := range devices {
		for _, h := range x.hosts {
			if h.roles[r] {
				addrs = append(addrs, strconv.Quote(h.addr.String()))
			}
		}
	}
	return addrs
}

// rtspPorts returns the ports at which local hosts answered RTSP of local ones,
// and how many did.
func (d *Draft) rtspPorts() map[uint16]int {
	ports := map[uint16]int{}
	for _, h := range d.hosts {
		for p := range h.rtsp {
			ports[p]++
		}
	}
	return ports
}

func (d *Draft) writeVideo(t *draftText) {
	ports := d.rtspPorts()
	if len(ports) == 0 || len(ports) == 1 && ports[554] > 0 {
		return // the profile's
	}
	var words, said []string
	for _, p := range sortedPorts(ports) {
		words = append(words, fmt.Sprint(p))
		said = append(said, plural(ports[p], "host")+" at "+fmt.Sprint(p))
	}
	t.line("video:", "")
	t.line("  rtsp_ports: "+listed(words), "RTSP was answered by "+shorten(said))
}
