package rules

import (
	"fmt"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// internalPeer judges whether devices talk to each other as declared.
type internalPeer struct{}

func (internalPeer) Doc() Doc {
	return Doc{
		ID:          "internal-peer",
		Title:       "Unneeded internal peer",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "what a declared device and another local host exchange is expected: RTSP and its media between video.viewers and video.cameras, names from a resolver, the time from a time server, addresses from a DHCP server, an administrator's connections, a port of the server's inbound_ports, or an endpoint with an address of the site; ICMP and multicast are not judged",
		Why:         "What nobody expects between devices is how one that was taken over reaches the next.",
		Fails:       "any other exchange",
		NotSeen:     "no declared device exchanged anything with another local host",
		Remediation: "Tighten the rules between VLANs, or declare the flow: inbound_ports of the server, or an endpoint with a reason.",
		Source:      "AWS Panorama security page: give each device only the access it needs",
	}
}

// NotApplicable leaves the rule out where there is nothing to compare with.
func (internalPeer) NotApplicable(p *Policy) string {
	if len(p.Devices) > 0 {
		return ""
	}
	return "the policy declares no devices, and so not who may talk to whom"
}

func (internalPeer) Judge(c *Case) {
	if c.clientDevice == nil && c.serverDevice == nil || c.Between() != Inside || c.clientDevice == c.serverDevice {
		return
	}
	media := c.RTP != nil && c.RTP.Packets > 0
	if p := c.Flow.Protocol; p == flow.ICMP || p == flow.ICMPv6 || !c.tookPlace() && !media {
		return
	}
	switch {
	case c.expected(&c.Client, &c.Server, c.clientDevice, c.serverDevice):
		c.Examine()
	case !c.beginnerKnown() && c.expected(&c.Server, &c.Client, c.serverDevice, c.clientDevice):
		c.Undecided("a flow between devices whose beginning was not seen: it is expected in one direction only")
	default:
		c.failOnce(nil, uint32(c.Flow.Protocol), func() Violation {
			device, peer := c.Parties()
			return Violation{
				Device: device, Peer: peer, Variant: fmt.Sprintf("%s %d", c.Transport(), c.Server.Addr.Port()),
				Message: fmt.Sprintf("%s and %s exchange %s, which the policy does not expect of them; a declared service is wanted", device, peer, c.egressWords()),
			}
		})
	}
}

// expected reports whether the policy expects the client to use what the server
// offers in this flow.
func (c *Case) expected(client, server *flow.Half, from, to *Device) bool {
	p, a := c.Policy, server.Addr.Addr()
	port := server.Addr.Port()
	switch {
	case from.is(RoleAdmin), to.opens(port):
		return true
	case c.Facts.Protocol == classify.ProtoDNS || port == 53:
		return to.is(RoleResolver) || p.DNS.Resolvers.Has(a, "") || len(p.DNS.Resolvers) == 0 && !p.declaresRole(RoleResolver)
	case c.Facts.Protocol == classify.ProtoNTP || port == 123 || c.Wrapped == classify.ProtoNTSKE:
		return to.is(RoleNTPServer) || p.NTP.LocalServers.Has(a, "") || len(p.NTP.LocalServers) == 0 && !p.declaresRole(RoleNTPServer)
	case c.Facts.Protocol == classify.ProtoDHCP, c.Facts.Protocol == classify.ProtoDHCPv6:
		return true // address-conflict judges who gives addresses
	case c.isRTSP() || p.servesRTSP(port):
		return c.isVideoPair(client, server, from, to)
	case c.RTP != nil && (c.Facts.Protocol == classify.ProtoRTP || c.Facts.Protocol == classify.ProtoRTCP || c.RTP.SetupBy != ""):
		return c.isVideoPair(client, server, from, to) || c.isVideoPair(server, client, to, from)
	}
	return p.Endpoint("", server.Addr, c.Transport(), client.Addr.Addr(), from).Fit == Listed
}

// isVideoPair reports whether the ends are a declared viewer and a declared
// camera.
func (c *Case) isVideoPair(viewer, camera *flow.Half, v, cam *Device) bool {
	return c.Policy.selectsAny(c.Policy.Video.Viewers, viewer.Addr.Addr(), v) && c.Policy.selectsAny(c.Policy.Video.Cameras, camera.Addr.Addr(), cam)
}

// opens reports whether the device is declared to answer at the port.
func (d *Device) opens(port uint16) bool {
	return d != nil && slices.ContainsFunc(d.InboundPorts, func(r PortRange) bool { return r.Contains(port) })
}
