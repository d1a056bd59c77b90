package flow

import "net/netip"

// Addr codes an IP address, which has no zone.
func (c *Codec) Addr(a *netip.Addr) {
	size := uint8(a.BitLen() / 8)
	Uint(c, &size)
	c.Check(size == 0 || size == 4 || size == 16, "an address")
	if !c.reading {
		b := a.As16()
		c.Fixed(b[16-size:])
		return
	}
	var b [16]byte
	if *a = (netip.Addr{}); c.err == nil {
		c.Fixed(b[:size])
		*a, _ = netip.AddrFromSlice(b[:size])
	}
}

// AddrPort codes an address with a port.
func (c *Codec) AddrPort(a *netip.AddrPort) {
	addr, port := a.Addr(), a.Port()
	c.Addr(&addr)
	Uint(c, &port)
	if c.reading {
		*a = netip.AddrPortFrom(addr, port)
	}
}

// MAC codes a link-layer address.
func (c *Codec) MAC(m *MAC) { c.Fixed(m[:]) }

// Time codes a time that is near to the one before.
func (c *Codec) Time(t *Time) {
	last := uint64(c.time)
	v := Time(c.step(uint64(*t), &last))
	if c.time = Time(last); c.reading {
		*t = v
	}
}

// Frame codes a frame that is near to the one before.
func (c *Codec) Frame(f *Frame) {
	if !c.reading {
		if *f == (Frame{}) {
			c.word(0)
			return
		}
		c.word(uint64(f.Input) + 1)
		c.step(f.Number, &c.number)
		c.Time(&f.Time)
		return
	}
	*f = Frame{}
	if input := c.word(0); input > 0 {
		c.Check(input <= maxList, "the number of an input")
		f.Input = int(input-1) + c.InputsFrom
		f.Number = c.step(0, &c.number)
		c.Time(&f.Time)
	}
}

// ARP codes a claim.
func (c *Codec) ARP(a *ARP) {
	c.Frame(&a.Frame)
	c.Addr(&a.IP)
	c.MAC(&a.MAC)
	Uint(c, &a.VLAN)
}

// Flow codes a flow that is over, or a snapshot: what its methods tell but for
// heads, and nothing by which it could go on.
func (c *Codec) Flow(f *Flow) {
	if order := c.step(f.order, &c.order); c.reading {
		f.order = order
	}
	c.Bools(&f.Starved, &f.Client.SYN, &f.Client.FIN, &f.Client.RST, &f.Client.tcp.joined, &f.Client.tcp.acked,
		&f.Server.SYN, &f.Server.FIN, &f.Server.RST, &f.Server.tcp.joined, &f.Server.tcp.acked)
	Uint(c, &f.Protocol)
	Uint(c, &f.Ground)
	c.Check(f.Ground <= Handshake, "the ground of roles")
	Uint(c, &f.Reason)
	Uint(c, &f.VLAN)
	Uint(c, &f.InnerVLAN)
	Uint(c, &f.Tunnel)
	c.Time(&f.Start)
	c.half(&f.Client)
	c.half(&f.Server)
	c.Time(&f.End)
}

func (c *Codec) half(h *Half) {
	c.AddrPort(&h.Addr)
	c.MAC(&h.MAC)
	Uint(c, &h.TTL)
	c.relay(&h.Relay)
	c.Frame(&h.First)
	Uint(c, &h.Packets)
	Uint(c, &h.Bytes)
	Uint(c, &h.Payload)
	Uint(c, &h.Retransmitted)
	Uint(c, &h.Cut)
	Uint(c, &h.BadChecksums)
	Uint(c, &h.tcp.holes)
}

// relay codes one that is not there as one that has no address.
func (c *Codec) relay(r **Relay) {
	var v Relay
	if *r != nil {
		v = **r
	}
	c.MAC(&v.MAC)
	c.Frame(&v.First)
	if c.reading {
		*r = nil
		if v != (Relay{}) {
			*r = &Relay{v.MAC, v.First} // v stays off the heap when it is written
		}
	}
}
