package rules

import (
	"fmt"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// portMapping judges whether hosts have routers open ports for them, and whether
// discovery stays where it belongs.
type portMapping struct{}

func (portMapping) Doc() Doc {
	return Doc{
		ID:          "port-mapping",
		Title:       "UPnP, port mapping or discovery leak",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "no local host asks a router to open a port (UPnP AddPortMapping and AddPinhole, NAT-PMP, PCP MAP), and SSDP, WS-Discovery, mDNS and LLMNR do not pass from one zone to another",
		Why:         "A port that a device has the router open leads from the internet past the firewall to it.",
		Fails:       "a mapping is high; discovery that crosses zones is low",
		NotSeen:     "no port mapping and no discovery was seen",
		Remediation: "Switch UPnP off on the router and on the camera.",
		Source:      "AWS Panorama security page: do not allow streams to come in from the internet",
	}
}

func (portMapping) Judge(c *Case) {
	switch {
	case c.PortMapping != nil:
		c.judgeMapping()
	case c.HTTP != nil && len(c.HTTP.Actions) > 0:
		c.judgeActions()
	case isDiscovery(c.Facts.Protocol):
		c.judgeDiscovery()
	}
}

func (c *Case) judgeMapping() {
	m := c.PortMapping
	if !m.Mapped {
		c.Examine()
		return
	}
	protocol := "NAT-PMP"
	if c.Facts.Protocol == classify.ProtoPCP {
		protocol = "PCP"
	}
	detail := fmt.Sprintf("its port %d", m.Internal)
	if m.Internal == 0 {
		detail = "all its ports"
	}
	if m.Transport == flow.TCP || m.Transport == flow.UDP {
		detail = fmt.Sprintf("its %s port %d", transportName(m.Transport), m.Internal)
	}
	if m.External != 0 {
		detail += fmt.Sprintf(" as port %d", m.External)
	}
	c.failMapping(protocol, detail, nil)
}

// judgeActions knows the actions of WANIPConnection:2 and WANIPv6FirewallControl:1
// that open a port.
func (c *Case) judgeActions() {
	for _, action := range []string{"AddPortMapping", "AddAnyPortMapping", "AddPinhole"} {
		if slices.Contains(c.HTTP.Actions, action) {
			c.failMapping("UPnP "+action, "a port", []string{action})
			return
		}
	}
	c.Examine()
}

func (c *Case) failMapping(how, what string, evidence []string) {
	high := High
	device, peer := c.Parties()
	c.Fail(Violation{
		Severity: &high, Device: device, Peer: peer, Variant: how, Evidence: evidence,
		Message: fmt.Sprintf("%s asked %s by %s to open %s; no port is to be opened from inside", device, peer, how, what),
	})
}

func isDiscovery(p classify.Protocol) bool {
	switch p {
	case classify.ProtoSSDP, classify.ProtoWSDiscovery, classify.ProtoMDNS, classify.ProtoLLMNR:
		return true
	}
	return false
}

// judgeDiscovery lets discovery pass within a zone. A group stands for the link
// of its sender: that a router passed it on, one end of it does not show.
func (c *Case) judgeDiscovery() {
	a, b := c.Client.Addr.Addr(), c.Server.Addr.Addr()
	if c.Between() == Outside {
		return
	}
	if c.Between() == Group || a.IsLinkLocalUnicast() || b.IsLinkLocalUnicast() || c.Policy.ZoneOf(a) == c.Policy.ZoneOf(b) {
		c.Examine()
		return
	}
	low := Low
	c.failOnce(&low, 0, func() Violation {
		device, peer := c.Parties()
		return Violation{
			Severity: &low, Device: device, Peer: peer, Variant: string(c.Facts.Protocol),
			Message: fmt.Sprintf("%s between %s and %s goes from zone %s to zone %s; discovery is to stay in its zone", c.Facts.Protocol, device, peer, c.Policy.ZoneOf(a).Name, c.Policy.ZoneOf(b).Name),
		}
	})
}
