package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// IP protocol numbers of tunnels.
const (
	ipv4InIP = 4  // RFC 2003
	ipv6InIP = 41 // RFC 2473, RFC 4213
	greInIP  = 47
	mplsInIP = 137 // RFC 4023
)

// UDP ports of tunnels.
const (
	portL2TP       = 1701
	portGTPU       = 2152
	portTeredo     = 3544
	portVXLAN      = 4789
	portVXLANGPE   = 4790
	portGENEVE     = 6081
	portVXLANLinux = 8472 // before IANA gave VXLAN a port
)

// carried is what a tunnel's header says of what follows it.
type carried struct {
	kind flow.Tunnel // 0 if the payload says itself
	next uint16      // its EtherType
	vlan uint16      // the tag that it had, where a mirror port took it off
	data []byte      // all the rest of the segment
}

// tunnel decodes what a tunnel carries. If s is none, or if that cannot be
// decoded (it is encrypted, cut off, unknown), it reports false and p is as it
// was: the packet is then what its own headers say. Only nesting without end is
// no packet at all.
func (d *decoder) tunnel(protocol uint8, s *segment, f *frame, p *flow.Packet, b *Batch) (reason, bool) {
	c, ok := unwrap(protocol, s)
	if !ok {
		return reason{}, false
	}
	if !d.deeper() {
		return reason{why: whyLayers}, true
	}
	if d.rewriter != nil {
		d.rewriter.carrying(protocol, s, &c)
		d.reach(c.data, 0)
	}
	outer, arps := *p, len(b.ARPs)
	p.SrcMAC, p.DstMAC = flow.MAC{}, flow.MAC{}
	if c.kind != 0 {
		p.Tunnel = p.Tunnel.Push(c.kind)
	}
	if c.vlan != 0 {
		p.VLAN, p.InnerVLAN = c.vlan, 0
	}
	inner := *f
	inner.data, inner.length = c.data, len(c.data)+s.missing
	if r := d.carried(c.next, &inner, p, b); r.why <= consumed || r.why == whyLayers {
		return r, true
	}
	*p, b.ARPs = outer, b.ARPs[:arps]
	if d.rewriter != nil {
		d.rewriter.wipe()
		d.rewriter.tunnelled = true
	}
	return reason{}, false
}

// carried goes on by EtherType, with those that only tunnels use.
func (d *decoder) carried(next uint16, f *frame, p *flow.Packet, b *Batch) reason {
	switch {
	case next == etherTransparent:
		return d.ethernet(f.data, f, p, b)
	case next == etherPPP:
		return d.ppp(f.data, f, p, b)
	case next&etherArubaMask == etherAruba:
		return d.wlan(f.data, false, f, p, b)
	case next < 0x0600:
		return reason{whyEtherType, uint32(next)}
	}
	return d.etherType(next, f.data, f, p, b)
}

// unwrap reads the header of a tunnel.
func unwrap(protocol uint8, s *segment) (c carried, ok bool) {
	switch protocol {
	case flow.UDP:
		return unwrapUDP(s)
	case greInIP:
		return gre(s.data)
	case mplsInIP:
		return carried{next: etherMPLS, data: s.data}, true
	case ipv4InIP, ipv6InIP:
		return ipInIP(protocol, s)
	}
	return c, false
}

// tunnelPort returns which port of a UDP header is a tunnel's, or 0. Most
// tunnels go to their port from any other; some answer from it.
func tunnelPort(h []byte) uint16 {
	src, dst := binary.BigEndian.Uint16(h[0:2]), binary.BigEndian.Uint16(h[2:4])
	switch dst {
	case portL2TP, portGTPU, portTeredo, portVXLAN, portVXLANGPE, portGENEVE, portVXLANLinux:
		return dst
	}
	if src == portTeredo || src == portL2TP {
		return src
	}
	return 0
}

func unwrapUDP(s *segment) (c carried, ok bool) {
	payload := s.data[8:]
	switch tunnelPort(s.data) {
	case portL2TP:
		return l2tp(payload, s.missing)
	case portGTPU:
		return gtpu(payload, s.missing)
	case portTeredo:
		return teredo(payload)
	case portVXLAN, portVXLANLinux:
		return vxlan(payload)
	case portVXLANGPE:
		return vxlanGPE(payload)
	case portGENEVE:
		return geneve(payload)
	}
	return c, false
}

func ipInIP(protocol uint8, s *segment) (c carried, ok bool) {
	if len(s.data) == 0 {
		return c, false
	}
	v6 := len(s.addresses) == 32
	c = carried{kind: flow.TunnelIPIP, next: etherIPv4, data: s.data}
	switch version := s.data[0] >> 4; {
	case protocol == ipv6InIP && version == 6 && v6:
		c.kind, c.next = flow.Tunnel6in6, etherIPv6
	case protocol == ipv6InIP && version == 6:
		c.kind, c.next = flow.Tunnel6in4, etherIPv6
	case protocol == ipv4InIP && version == 4 && v6:
		c.kind = flow.Tunnel4in6
	case protocol != ipv4InIP || version != 4:
		return c, false
	}
	return c, true
}
