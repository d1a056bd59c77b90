package rules

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"spanaudit/flow"
)

// unknownDevice judges whether every sender in the zones of cameras and
// appliances is declared.
type unknownDevice struct {
	zones map[string]bool     // where appliances, cameras and recorders are declared; nil until asked for
	seen  map[netip.Addr]bool // senders judged by their flows
}

func (*unknownDevice) Doc() Doc {
	return Doc{
		ID:          "unknown-device",
		Title:       "Unknown device in a controlled zone",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "every host that sends from a zone in which an appliance, a camera or a recorder is declared is itself declared, by MAC where the capture shows those of end devices, by address elsewhere; hosts that are known from ARP or Neighbour Discovery alone count too",
		Why:         "A device that nobody knows was connected by somebody, for a purpose that nobody has checked.",
		Fails:       "a sender that is not declared; one behind the MAC of a declared device or gateway is undecided",
		NotSeen:     "nobody was seen to send in a zone of appliances or cameras",
		Remediation: "Find out what it is, and declare or remove it.",
		Source:      "AWS Panorama security page: give each device only the access it needs; NIST SP 800-53 CM-8(3)",
	}
}

// NotApplicable leaves the rule out where no zone is known to be controlled.
func (*unknownDevice) NotApplicable(p *Policy) string {
	if len(p.controlledZones()) > 0 {
		return ""
	}
	return "the policy declares no appliance, camera or recorder, and so no zone where every device must be known"
}

// controlledZones returns the names of the zones of appliances, cameras and
// recorders.
func (p *Policy) controlledZones() map[string]bool {
	zones := map[string]bool{}
	for _, d := range p.Devices {
		if !d.is(RoleAppliance, RoleCamera, RoleRecorder) {
			continue
		}
		if d.Zone != "" {
			zones[d.Zone] = true
		}
		for _, a := range d.addrs() {
			zones[p.ZoneOf(a).Name] = true
		}
	}
	return zones
}

func (r *unknownDevice) Judge(c *Case) {
	if c.Client.Packets > 0 && c.clientTrust == Local {
		r.judgeSender(c, &c.Client, c.clientDevice)
	}
	if c.Server.Packets > 0 && c.serverTrust == Local {
		r.judgeSender(c, &c.Server, c.serverDevice)
	}
}

func (r *unknownDevice) judgeSender(c *Case, h *flow.Half, d *Device) {
	if d != nil {
		c.Examine()
		return
	}
	a := h.Addr.Addr().Unmap().WithZone("")
	if !r.controls(c.Policy, a) {
		return
	}
	if r.seen == nil {
		r.seen = map[netip.Addr]bool{}
	}
	if r.seen[a] || c.Site.room(len(r.seen), maxHosts) {
		r.seen[a] = true
	}
	if c.Policy.forwards(h.MAC) {
		c.Undecided(behindRouter)
		return
	}
	c.failOnce(nil, sender(c, h), func() Violation {
		host := c.Host(h)
		return Violation{Device: host, Variant: host.MAC, Message: unknownSentence(host, c.Policy.ZoneOf(a).Name)}
	})
}

// sender tells the two ends of a flow apart, and hosts that had the same address
// one after the other.
func sender(c *Case, h *flow.Half) uint32 {
	what := binary.BigEndian.Uint32(h.MAC[2:]) &^ 1
	if h == &c.Server {
		what |= 1
	}
	return what
}

const behindRouter = "a sender that is not declared behind the MAC of a declared router: its own was not seen"

func unknownSentence(h Host, zone string) string {
	mac := ""
	if h.MAC != "" {
		mac = " with MAC " + h.MAC
	}
	return fmt.Sprintf("%s%s is in zone %s and is no declared device; only declared ones are wanted there", h, mac, zone)
}

func (r *unknownDevice) controls(p *Policy, a netip.Addr) bool {
	if r.zones == nil {
		r.zones = p.controlledZones()
	}
	return r.zones[p.ZoneOf(a).Name]
}

// forwards reports whether the MAC is that of a declared gateway.
func (p *Policy) forwards(m flow.MAC) bool {
	if m == (flow.MAC{}) || !p.Capture.Layer2 {
		return false
	}
	return slices.ContainsFunc(p.Devices, func(d *Device) bool {
		return d.is(RoleGateway) && slices.ContainsFunc(d.Interfaces, func(i Interface) bool { return i.MAC == m })
	})
}

// Conclude judges the hosts that did no more than claim an address.
func (r *unknownDevice) Conclude(c *Conclusion) {
	for _, k := range c.Site.claimed() {
		if r.seen[k.ip] || !r.controls(c.Policy, k.ip) {
			continue
		}
		for _, claim := range c.Site.claims[k] {
			d, _ := c.Site.identify(claim.mac, k.ip, claim.first.Time)
			switch {
			case d != nil:
				c.ledger.examined++
			case c.Policy.forwards(claim.mac):
				c.ledger.undecide(behindRouter)
			default:
				host := c.Site.hostAt(k.ip, claim.mac, claim.first.Time)
				v := Violation{Device: host, Variant: host.MAC, Message: unknownSentence(host, c.Policy.ZoneOf(k.ip).Name)}
				c.failAt(v, claim.first, claim.last.Time, Evidence{Frame: claim.first, What: "ARP"})
			}
		}
	}
}

// failAt records a violation that no flow shows.
func (c *Conclusion) failAt(v Violation, first flow.Frame, last flow.Time, evidence ...Evidence) {
	c.ledger.examined++
	c.ledger.failed++
	c.ledger.finding(v, first.Time).add(first.Time, last, "", evidence)
}
