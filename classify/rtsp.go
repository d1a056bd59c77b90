package classify

// verdict is what one half says of a protocol.
type verdict int

const (
	unsure verdict = iota
	refused
	recognised
)

// rtspStream reads RTSP 1.0 and 2.0 (RFC 2326, RFC 7826): plain, in an HTTP
// tunnel, each of whose two connections is recognised by itself, and in
// WebSocket frames. Each half is enough. It reads until the stream is final,
// because a later SETUP matters as much as the first.
func rtspStream(s Stream, l *Learned) (Facts, Answer) {
	c := &rtspConn{}
	client, server := unsure, unsure
	ws, upgrade := readWebSocket(s)
	if upgrade == Matched {
		client = c.wrapped(ws.client, ws.protocol, false)
		server = c.wrapped(ws.server, ws.protocol, true)
	} else {
		client = c.half(s.Client, false, s.ClientJoined)
		server = c.half(s.Server, true, s.ServerJoined)
	}
	switch {
	case c.seen && c.reversed() && (s.ClientJoined || s.ServerJoined):
		return Facts{}, NoMatch
	case c.seen && s.Final:
		return c.facts(), Matched
	case c.seen:
		if l != nil {
			l.spent = c.spent
		}
		return c.facts(), NeedMore
	case upgrade == NeedMore && !s.Final:
		return Facts{}, NeedMore
	case s.Final, server == refused && client != unsure, client == refused && !mayBeAnswered(s.Client):
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// mayBeAnswered reports whether an RTSP server might answer what a client began
// with: a line of text, if only to refuse it. An answer to HTTP is httpStream's
// to find.
func mayBeAnswered(b []byte) bool {
	line, _, _ := cutLine(b[:min(len(b), maxTextLine)])
	_, http := parseStart(line, httpSlash)
	return !http && isText(line)
}

// reversed reports whether the half taken for the client's is the server's.
// Both sides may ask and both may answer, but the side that only answers, or
// sends media while the other asks nothing, is the server.
func (c *rtspConn) reversed() bool {
	asked, answered := c.asked, c.answered
	switch {
	case asked != [2]bool{}:
		return !asked[0] && !answered[1]
	case answered != [2]bool{}:
		return !answered[1]
	}
	return c.media[0] && !c.media[1]
}

func (c *rtspConn) facts() Facts {
	if said := len(c.requests) + len(c.responses); said > c.joined {
		c.rtsp.Setups, c.joined = joinSetups(c.requests, c.responses), said
	}
	f := Facts{Protocol: ProtoRTSP, RTSP: &c.rtsp, Marks: c.marks, Malformed: c.malformed, Clipped: c.clipped()}
	if c.media != [2]bool{} {
		f.Wrapped, f.WrappedBy = ProtoRTP, "content"
	}
	return f
}

// clipped reports whether a list is full, or a head was not read to its end.
func (c *rtspConn) clipped() bool {
	return c.endless || len(c.rtsp.Methods) == maxMethods || len(c.rtsp.StatusCodes) == maxStatuses || len(c.rtsp.External) == maxExternal ||
		len(c.rtsp.Setups) == maxSetups || len(c.requests) == c.maxExchanges() || len(c.responses) == c.maxExchanges()
}

// half reads one half from its beginning. A half that begins with the
// connection and with something else is not searched.
func (c *rtspConn) half(b []byte, server, joined bool) verdict {
	r := &rtspReader{rtspConn: c, server: server}
	r.offset = len(b) - len(trimLines(b))
	b = b[r.offset:]
	line, _, whole := cutLine(b)
	_, rtsp := parseStart(line, rtspSlash)
	_, http := parseStart(line, httpSlash)
	switch {
	case len(b) == 0:
		return unsure
	case whole && http:
		return r.tunnel(b, joined)
	case whole && rtsp, c.rtsp.Tunnel:
		r.read(b, true)
	case !whole && (mayStart(b, rtspSlash) || mayStart(b, httpSlash)):
		return unsure
	case joined || b[0] == '$':
		r.read(b, false)
		if !c.seen {
			return unsure
		}
	default:
		return refused
	}
	return recognised
}

// wrapped reads what the WebSocket frames of one half carried (ONVIF Streaming
// Specification, section 5.1.4).
func (c *rtspConn) wrapped(b []byte, protocol string, server bool) verdict {
	b = trimLines(b)
	line, _, whole := cutLine(b)
	_, ok := parseStart(line, rtspSlash)
	switch {
	case protocol == "rtsp.onvif.org", whole && ok:
	case whole || !mayStart(b, rtspSlash) && len(b) > 0:
		return refused
	default:
		return unsure
	}
	c.rtsp.Tunnel = true
	r := &rtspReader{rtspConn: c, server: server, fixed: true}
	r.read(b, true)
	return recognised
}
