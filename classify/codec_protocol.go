package classify

import "spanaudit/flow"

func codeQUIC(c *flow.Codec, q *QUIC) {
	flow.Uint(c, &q.Version)
	flow.List(c, &q.Versions, flow.Uint[uint32])
	c.Bools(&q.Retry)
}

func codeMQTT(c *flow.Codec, m *MQTT) {
	flow.Text(c, &m.Version)
	flow.Text(c, &m.ClientID)
	c.Bools(&m.UserNamePresent, &m.PasswordPresent, &m.Connect, &m.WebSocket)
	flow.Int(c, &m.ReturnCode)
}

func codeRTSP(c *flow.Codec, r *RTSP) {
	c.Bools(&r.URLPassword, &r.Interleaved, &r.Tunnel)
	flow.Text(c, &r.Version)
	flow.List(c, &r.Methods, flow.Text[string])
	flow.Text(c, &r.URL)
	flow.Text(c, &r.UserAgent)
	flow.List(c, &r.Auth, flow.Text[string])
	flow.List(c, &r.AuthOffered, flow.Text[string])
	flow.List(c, &r.StatusCodes, flow.Int[int])
	flow.Text(c, &r.SessionCookie)
	flow.List(c, &r.Setups, codeSetup)
	flow.List(c, &r.External, flow.Text[string])
}

func codeSetup(c *flow.Codec, s *Setup) {
	flow.Text(c, &s.Transport)
	codePorts(c, &s.ClientPorts)
	codePorts(c, &s.ServerPorts)
	c.Addr(&s.Source)
	c.Addr(&s.Destination)
	flow.Uint(c, &s.SSRC)
	flow.Uint(c, &s.TTL)
	c.Bools(&s.Secure, &s.Answered)
}

func codePorts(c *flow.Codec, p *[2]uint16) {
	flow.Uint(c, &p[0])
	flow.Uint(c, &p[1])
}

func codeRTP(c *flow.Codec, r *RTP) {
	flow.Uint(c, &r.SSRC)
	flow.Uint(c, &r.PayloadType)
	flow.Int(c, &r.Packets)
	flow.Text(c, &r.SetupBy)
	c.Bools(&r.Heuristic)
}

func codeNTP(c *flow.Codec, n *NTP) {
	flow.List(c, &n.Versions, flow.Uint[uint8])
	flow.List(c, &n.Modes, flow.Uint[uint8])
	flow.List(c, &n.Strata, flow.Uint[uint8])
	flow.List(c, &n.ReferenceIDs, flow.Text[string])
	flow.List(c, &n.KissCodes, flow.Text[string])
	flow.Int(c, &n.Requests)
	flow.Int(c, &n.Responses)
	flow.Uint(c, &n.LeapIndicator)
	flow.Int(c, &n.Offset)
	flow.Int(c, &n.Delay)
	c.Bools(&n.Paired, &n.NTS)
}

func codeDNS(c *flow.Codec, d *DNS) {
	flow.Int(c, &d.Queries)
	flow.Int(c, &d.Responses)
	flow.Int(c, &d.Answers)
	flow.List(c, &d.Names, flow.Text[string])
	flow.List(c, &d.Failures, codeFailure)
}

func codeFailure(c *flow.Codec, f *NameFailure) {
	flow.Text(c, &f.Name)
	flow.Text(c, &f.Code)
}

func codeDHCP(c *flow.Codec, d *DHCP) {
	flow.List(c, &d.MessageTypes, flow.Uint[uint8])
	c.Addr(&d.RequestedIP)
	flow.Text(c, &d.HostName)
	flow.Text(c, &d.ClientID)
}

func codeHTTP(c *flow.Codec, h *HTTP) {
	flow.List(c, &h.Methods, flow.Text[string])
	flow.Text(c, &h.Host)
	flow.Text(c, &h.Path)
	flow.Int(c, &h.StatusCode)
	flow.Text(c, &h.UserAgent)
	c.Bools(&h.BasicAuth, &h.URLPassword)
	flow.Optional(c, &h.AWS, codeAWS)
	flow.Text(c, &h.Upgrade)
	flow.List(c, &h.Actions, flow.Text[string])
}

func codeAWS(c *flow.Codec, a *AWSSignature) {
	c.Bools(&a.Presigned, &a.SessionToken)
	flow.Text(c, &a.KeyIDPrefix)
	flow.Text(c, &a.Region)
	flow.Text(c, &a.Service)
}

func codePortMapping(c *flow.Codec, p *PortMapping) {
	c.Bools(&p.Mapped, &p.Confirmed, &p.PeerMessages)
	flow.Uint(c, &p.Internal)
	flow.Uint(c, &p.External)
	flow.Uint(c, &p.Lifetime)
	flow.Uint(c, &p.Transport)
}

func codeSSH(c *flow.Codec, s *SSH) {
	flow.Text(c, &s.Version)
	flow.Text(c, &s.Client)
	flow.Text(c, &s.Server)
}
