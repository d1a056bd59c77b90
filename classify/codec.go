package classify

import "spanaudit/flow"

// Code codes what the record says: all that rules and flow records read, and not
// by what state its facts came about. A record that is read is given a new flow.
func (r *Record) Code(c *flow.Codec) {
	if c.Reading() {
		*r = Record{Flow: &flow.Flow{}}
	}
	c.Flow(r.Flow)
	r.Facts.code(c)
	flow.List(c, &r.Evidence, codeEvidence)
}

func codeEvidence(c *flow.Codec, e *Evidence) {
	flow.Text(c, &e.What)
	c.Frame(&e.Frame)
}

// Code codes what a message taught.
func (l *Learned) Code(c *flow.Codec) {
	flow.List(c, &l.Names, codeName)
	flow.List(c, &l.Leases, codeLease)
}

func codeName(c *flow.Codec, n *Name) {
	flow.Text(c, &n.Query)
	flow.Text(c, &n.Canonical)
	c.Addr(&n.Address)
	flow.Uint(c, &n.TTL)
}

func codeLease(c *flow.Codec, l *Lease) {
	flow.Uint(c, &l.MessageType)
	c.MAC(&l.ClientMAC)
	flow.Text(c, &l.ClientID)
	flow.Text(c, &l.HostName)
	c.Addr(&l.Requested)
	c.Addr(&l.ClientIP)
	c.Addr(&l.YourIP)
	c.Addr(&l.Server)
	flow.Uint(c, &l.LeaseTime)
	flow.List(c, &l.NTPServers, (*flow.Codec).Addr)
}

// code codes facts as they are once they are handed on.
func (f *Facts) code(c *flow.Codec) {
	flow.Text(c, &f.Protocol)
	flow.Text(c, &f.Wrapped)
	flow.Text(c, &f.WrappedBy)
	c.Bools(&f.STUN, &f.Malformed, &f.Clipped)
	// Most flows have one of these at most.
	some := f.TLS != nil || f.QUIC != nil || f.MQTT != nil || f.RTSP != nil || f.RTP != nil || f.NTP != nil || f.DNS != nil ||
		f.DHCP != nil || f.HTTP != nil || f.SSH != nil || f.SMB != nil || f.PortMapping != nil || f.Login != nil
	if c.Bools(&some); !some {
		return
	}
	flow.Optional(c, &f.TLS, func(c *flow.Codec, t *TLS) { t.Code(c) })
	flow.Optional(c, &f.QUIC, codeQUIC)
	flow.Optional(c, &f.MQTT, codeMQTT)
	flow.Optional(c, &f.RTSP, codeRTSP)
	flow.Optional(c, &f.RTP, codeRTP)
	flow.Optional(c, &f.NTP, codeNTP)
	flow.Optional(c, &f.DNS, codeDNS)
	flow.Optional(c, &f.DHCP, codeDHCP)
	flow.Optional(c, &f.HTTP, codeHTTP)
	flow.Optional(c, &f.SSH, codeSSH)
	flow.Optional(c, &f.SMB, func(c *flow.Codec, s *SMB) { flow.Text(c, &s.Dialect) })
	flow.Optional(c, &f.PortMapping, codePortMapping)
	flow.Optional(c, &f.Login, func(c *flow.Codec, l *Login) { flow.Text(c, &l.Scheme) })
}
