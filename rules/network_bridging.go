package rules

import (
	"fmt"
	"net/netip"

	"spanaudit/flow"
)

// networkBridging judges whether a device passes on the traffic of others.
type networkBridging struct{}

func (networkBridging) Doc() Doc {
	return Doc{
		ID:          "network-bridging",
		Title:       "Device bridges networks",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "frames with the MAC of a declared appliance, camera or recorder carry addresses of its own, and no packet is seen twice, the second time from its MAC and with a lower TTL",
		Why:         "A device that forwards packets joins networks that were kept apart, behind the firewall's back.",
		Fails:       "an address of the internet, of another zone or of another declared device behind its MAC, or a packet that it forwarded",
		NotSeen:     "no declared appliance, camera or recorder was seen by its MAC",
		Remediation: "Switch forwarding off; use the second network port for redundancy, or for the documented layout of two networks, only.",
		Source:      "AWS Panorama guide: do not bridge the camera network",
	}
}

// NotApplicable leaves the rule out where MACs say nothing.
func (networkBridging) NotApplicable(p *Policy) string {
	if !p.Capture.Layer2 {
		return "the capture does not show the MACs of devices (capture.layer2: false)"
	}
	for _, d := range p.Devices {
		for _, i := range d.Interfaces {
			if d.bridges() && i.MAC != (flow.MAC{}) {
				return ""
			}
		}
	}
	return "the policy declares no appliance, camera or recorder with a MAC"
}

// bridges reports whether the device is one that must not forward.
func (d *Device) bridges() bool { return d.is(RoleAppliance, RoleCamera, RoleRecorder) }

func (networkBridging) Judge(c *Case) {
	judgeSource(c, &c.Client, c.clientTrust, c.clientDevice)
	judgeSource(c, &c.Server, c.serverTrust, c.serverDevice)
}

func judgeSource(c *Case, h *flow.Half, trust Trust, d *Device) {
	if h.Packets == 0 || h.MAC == (flow.MAC{}) {
		return
	}
	if h.Relay != nil {
		if relay := c.Policy.devices.byMAC[h.Relay.MAC]; relay.bridges() {
			failBridging(c, h, relay, h.Relay.MAC, "forwards packets of")
			return
		}
	}
	if trust != Local {
		d = c.Policy.devices.byMAC[h.MAC]
	}
	if !d.bridges() || trust == Special {
		return
	}
	a := h.Addr.Addr()
	owner := c.Policy.devices.byAddr[a]
	switch {
	case d.has(a) || a.IsLinkLocalUnicast():
		c.Examine()
	case trust != Local || owner != nil && owner != d && c.Policy.devices.byMAC[h.MAC] == d:
		failBridging(c, h, d, h.MAC, "sends packets of")
	case c.Policy.devices.byMAC[h.MAC] == d && c.Site.hadOtherMAC(a, h.MAC):
		c.Undecided("an address behind a device's MAC that was seen with another MAC before")
	default:
		c.Examine() // device-address judges where a device is
	}
}

// hadOtherMAC reports whether a local address was first seen with another MAC.
func (s *Site) hadOtherMAC(a netip.Addr, m flow.MAC) bool {
	first := s.hosts[a]
	return first != (flow.MAC{}) && first != m
}

func failBridging(c *Case, h *flow.Half, d *Device, mac flow.MAC, did string) {
	a := h.Addr.Addr()
	own := netip.Addr{}
	if list := d.addrs(); len(list) > 0 {
		own = list[0]
	}
	host := c.Site.hostAt(own, mac, c.Start)
	host.ID, host.Role, host.MAC, host.KnownBy = d.ID, string(d.Role), mac.String(), "mac"
	f := c.Fail(Violation{
		Device: host, Peer: Peer{IP: a},
		Message: fmt.Sprintf("%s with MAC %s %s %s; a device that does not forward is wanted", d.ID, mac, did, a),
	})
	if h.Relay != nil && len(f.Evidence) < maxFindingEvidence {
		f.Evidence = append(f.Evidence, Evidence{Frame: h.Relay.First, What: "forwarded packet"})
	}
}
