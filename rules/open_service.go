package rules

import (
	"fmt"
	"net/netip"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// openService judges whether devices answer at declared ports only.
type openService struct{}

func (openService) Doc() Doc {
	return Doc{
		ID:          "open-service",
		Title:       "Undeclared service answered on a device",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "a device whose inbound_ports are declared answers at those only, besides what its role serves: RTSP of cameras, DNS of resolvers, NTP of time servers, DHCP; control messages of NTP and multicast DNS need their port declared",
		Why:         "Every port that a device opens is one more way in, and often one without a password.",
		Fails:       "a connection accepted, or a datagram answered, at another port",
		NotSeen:     "nobody tried to reach a device whose inbound_ports are declared",
		Remediation: "Close the port, or declare it in the device's inbound_ports.",
		Source:      "AWS Panorama guide: the appliance opens no port by default, and 8000 to 9000 only if an application is configured to",
	}
}

// NotApplicable leaves the rule out where no device says what it opens.
func (openService) NotApplicable(p *Policy) string {
	for _, d := range p.Devices {
		if d.InboundPorts != nil {
			return ""
		}
	}
	return "no device of the policy declares inbound_ports (an empty list is none)"
}

func (openService) Judge(c *Case) {
	if d := c.clientDevice; d != nil && d.InboundPorts != nil && c.serverTrust == Special {
		judgeResponder(c, d)
	}
	d := c.serverDevice
	if c.Midstream() && c.Ground < flow.Message {
		judgeMidstream(c)
		return
	}
	switch {
	case d == nil || d.InboundPorts == nil || c.clientTrust == Special:
	case c.Flow.Protocol == flow.TCP:
		judgeConnection(c, d)
	case c.Flow.Protocol == flow.UDP:
		judgeDatagrams(c, d)
	}
}

func judgeConnection(c *Case, d *Device) {
	port := c.Server.Addr.Port()
	switch {
	case d.opens(port) || c.Policy.impliedService(d, port):
		c.Examine()
	case c.Server.SYN && c.Client.Packets == 0:
		c.Undecided("a SYN-ACK of a device that answers a SYN which was not seen")
	case c.Established():
		failService(c, port, "")
	case c.Server.RST, c.Server.Packets == 0 && !c.OneSided():
		c.Examine() // tried and not accepted
	default:
		c.Undecided("a connection to a device of which not enough was seen to tell whether it was accepted")
	}
}

// judgeMidstream leaves a connection undecided whose server, as far as its ports
// tell, is a device that does not declare the port.
func judgeMidstream(c *Case) {
	server, d := c.Server.Addr.Port(), c.serverDevice
	if portsTell(server, c.Client.Addr.Port()) {
		server, d = c.Client.Addr.Port(), c.clientDevice
	} else if !portsTell(c.Client.Addr.Port(), server) {
		return
	}
	switch {
	case d == nil || d.InboundPorts == nil || !c.tookPlace():
	case d.opens(server) || c.Policy.impliedService(d, server):
		c.Examine()
	default:
		c.Undecided("a connection whose beginning was not seen: the device may be its server")
	}
}

// judgeDatagrams leaves media alone: its ports change with every session, and
// rtsp-parties judges who has it.
func judgeDatagrams(c *Case, d *Device) {
	port := c.Server.Addr.Port()
	control := c.NTP != nil && c.NTP.Responses > 0 && slices.ContainsFunc(c.NTP.Modes, func(m uint8) bool { return m >= 6 })
	switch {
	case c.RTP != nil || c.Facts.Protocol == classify.ProtoRTCP || !c.beginnerKnown():
	case d.opens(port):
		c.Examine()
	case control:
		failService(c, port, " to control messages of NTP")
	case c.Policy.impliedService(d, port) || !c.Answered():
		c.Examine()
	default:
		failService(c, port, "")
	}
}

// judgeResponder looks for a device that answers multicast questions (RFC 6762).
func judgeResponder(c *Case, d *Device) {
	if c.Facts.Protocol != classify.ProtoMDNS || c.DNS == nil || c.DNS.Responses == 0 {
		return
	}
	if d.opens(5353) {
		c.Examine()
		return
	}
	c.failOnce(nil, 5353, func() Violation {
		device := c.Host(&c.Client)
		return Violation{
			Device: device, Variant: "mdns",
			Message: fmt.Sprintf("%s answers multicast DNS; none of its inbound_ports is 5353", device),
		}
	})
}

func failService(c *Case, port uint16, to string) {
	c.failOnce(nil, uint32(c.Flow.Protocol), func() Violation { return serviceViolation(c, port, to) })
}

func serviceViolation(c *Case, port uint16, to string) Violation {
	device, client := c.Host(&c.Server), c.peer(&c.Client, 0)
	service := fmt.Sprintf("%s port %d", c.Transport(), port)
	if p := c.Facts.Protocol; p != classify.Unknown {
		service += fmt.Sprintf(" (%s)", p)
	}
	wanted := "no port is declared"
	if ports := c.serverDevice.InboundPorts; len(ports) > 0 {
		wanted = "only " + portList(ports) + " is declared"
	}
	return Violation{
		Device: device, Peer: client, Variant: fmt.Sprintf("%s %d", c.Transport(), port),
		Message: fmt.Sprintf("%s answered %s%s at %s; %s", device, client, to, service, wanted),
	}
}

// impliedService reports whether the device's role, or a list of the policy that
// names it, makes it answer at the port.
func (p *Policy) impliedService(d *Device, port uint16) bool {
	has := func(s Servers) bool {
		return slices.ContainsFunc(d.addrs(), func(a netip.Addr) bool { return s.Has(a, "") })
	}
	switch port {
	case 53:
		return d.is(RoleResolver) || has(p.DNS.Resolvers)
	case 123:
		return d.is(RoleNTPServer) || has(p.NTP.LocalServers)
	case 67, 547:
		return d.is(RoleDHCPServer) || slices.ContainsFunc(d.addrs(), func(a netip.Addr) bool { return slices.Contains(p.DHCP.Servers, a) })
	case 68, 546: // where a DHCP client takes its answers
		return true
	}
	return p.servesRTSP(port) && slices.ContainsFunc(p.Video.Cameras, func(s Selector) bool {
		return s.Kind == "device" && s.Value == d.ID || s.Kind == "role" && s.Value == string(d.Role) || s.Kind == "zone" && s.Value == d.Zone
	})
}
