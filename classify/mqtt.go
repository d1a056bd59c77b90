package classify

import "strings"

// mqttStream reads MQTT 3.1, 3.1.1 and 5.0 on TCP and in clear WebSocket frames.
// A connection seen from its beginning must begin with CONNECT; of one that was
// joined later, or seen from its server's side alone, three packets that follow
// one another strictly will do, and its version stays unknown.
func mqttStream(s Stream, _ *Learned) (Facts, Answer) {
	c := &mqttConn{mqtt: MQTT{ReturnCode: -1}}
	f := Facts{Protocol: ProtoMQTT, MQTT: &c.mqtt}
	switch ws, a := readWebSocket(s); {
	case a == NeedMore && !s.Final:
		return Facts{}, NeedMore
	case a == Matched:
		c.mqtt.WebSocket, c.fixed = true, true
		c.named = strings.HasPrefix(ws.protocol, "mqtt")
		upgrade, _, _ := readHTTP(s)
		f.HTTP = &upgrade.http
		s.Client, s.Server = ws.client, ws.server
	}
	client := c.half(s.Client, false, s.ClientJoined)
	server := c.half(s.Server, true, s.ServerJoined)
	f.Marks, f.Malformed = c.marks, c.malformed
	switch {
	case client == refused && !s.ClientJoined, server == refused && !s.ServerJoined:
		return Facts{}, NoMatch
	case c.mqtt.Connect, c.named, c.packets >= mqttChain:
		if s.Final {
			return f, Matched
		}
		return f, NeedMore
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// mqttChain is how many packets in a row are believed without a CONNECT.
const mqttChain = 3

// mqttConn gathers what both halves of one connection say.
type mqttConn struct {
	mqtt      MQTT
	marks     []Mark
	packets   int  // that were valid, in both halves
	named     bool // the WebSocket subprotocol is MQTT
	fixed     bool // offsets are not those of the halves
	malformed bool
}

// half reads packets until the bytes end or one is broken. That refuses the
// half while nothing more is known of it, and is malformed traffic afterwards.
func (c *mqttConn) half(b []byte, server, joined bool) verdict {
	before := c.packets
	for rest := b; len(rest) > 0; {
		offset := len(b) - len(rest)
		p, after, whole, ok := readMQTTPacket(rest)
		ok = ok && p.allowed(server) && (joined || offset > 0 || p.opens(server))
		switch {
		case ok && whole:
			ok = c.packet(p, server, offset)
		case ok && p.kind == mqttConnect:
			ok = c.connect(p, offset, false)
		}
		switch {
		case !ok && (c.mqtt.Connect || c.packets >= mqttChain):
			c.malformed = true
			return recognised
		case !ok:
			c.packets = before
			return refused
		case !whole:
			return unsure
		}
		c.packets++
		rest = after
	}
	return unsure
}

func (c *mqttConn) packet(p mqttPacket, server bool, offset int) bool {
	switch p.kind {
	case mqttConnect:
		return c.connect(p, offset, true)
	case mqttConnack:
		code, ok := p.returnCode()
		if ok && c.mqtt.ReturnCode < 0 {
			c.mqtt.ReturnCode = int(code)
			c.mark("CONNACK", server, offset)
		}
		return ok
	}
	return p.plausible()
}

// connect reads a CONNECT; of one that is cut off, what is there.
func (c *mqttConn) connect(p mqttPacket, offset int, whole bool) bool {
	con, ok := p.readConnect()
	if !ok {
		return !whole && con.mayBe
	}
	if !c.mqtt.Connect {
		c.mqtt.Connect = true
		c.mqtt.Version = con.version
		c.mqtt.ClientID = con.clientID
		c.mqtt.UserNamePresent = con.flags&0x80 != 0
		c.mqtt.PasswordPresent = con.flags&0x40 != 0
		c.mark("CONNECT", false, offset)
	}
	c.malformed = c.malformed || whole && !con.complete || con.flags&1 != 0
	return true
}

func (c *mqttConn) mark(what string, server bool, offset int) {
	if c.fixed {
		offset = 0
	}
	c.marks = append(c.marks, Mark{What: what, Server: server, Offset: offset})
}
