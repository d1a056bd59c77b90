package classify

// httpStream reads HTTP/1.0 and 1.1 (RFC 9112) in both halves, message after
// message. It reads until the stream is final: credentials may come with any
// request of a connection that is kept alive.
func httpStream(s Stream, _ *Learned) (Facts, Answer) {
	c, client, server := readHTTP(s)
	switch {
	case c.seen && !s.Final && mayCarry(s):
		return Facts{}, NeedMore
	case c.seen:
		return c.facts(s)
	case s.Final, client == refused, server == refused:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// mayCarry reports whether the connection may turn out to be a tunnel of RTSP,
// or MQTT in WebSocket frames. It is then left to those.
func mayCarry(s Stream) bool {
	if _, a := rtspStream(s, nil); a == NeedMore {
		return true
	}
	_, a := mqttStream(s, nil)
	return a == NeedMore
}

// httpConn gathers what both halves of one connection say.
type httpConn struct {
	http      HTTP
	marks     []Mark
	seen      bool
	malformed bool
	endless   bool     // a head goes on
	requests  []string // the methods, for what they say of their responses
	responses int      // final ones

	// What the connection went over to, in each half from its first byte on,
	// and from the head that announces a tunnel or WebSocket; nil while HTTP
	// goes on.
	client, server []byte
	upgrade        []byte // the client's half from its last request for WebSocket on
}

func readHTTP(s Stream) (c *httpConn, client, server verdict) {
	c = &httpConn{}
	client = (&httpReader{httpConn: c}).half(s.Client, s.ClientJoined)
	server = (&httpReader{httpConn: c, server: true}).half(s.Server, s.ServerJoined)
	if c.upgrade != nil && (c.http.Upgrade == "websocket" || len(s.Server) == 0) {
		c.client = c.upgrade
	}
	return c, client, server
}

func (c *httpConn) facts(s Stream) (Facts, Answer) {
	f := Facts{Protocol: ProtoHTTP, HTTP: &c.http, Malformed: c.malformed, Marks: c.marks}
	f.Clipped = c.endless || len(c.http.Methods) == maxMethods || len(c.requests) == maxRequests
	client, server := len(s.Client)-len(c.client), len(s.Server)-len(c.server)
	if beginsTLS(c.client, false) || beginsTLS(c.server, true) { // RFC 9110, section 9.3.6; RFC 2817
		return f.upgrade(s, client, server)
	}
	if c.client != nil || c.server != nil {
		after := Stream{Client: c.client, Server: c.server, Final: s.Final}
		for _, classify := range []streamClassifier{rtspStream, mqttStream} {
			if inner, answer := classify(after, nil); inner.Protocol != "" {
				inner.HTTP = f.HTTP
				inner.Malformed, inner.Clipped = inner.Malformed || f.Malformed, inner.Clipped || f.Clipped
				inner.Marks = f.behind(inner, client, server)
				return inner, answer
			}
		}
	}
	if s.Final {
		return f, Matched
	}
	return f, NeedMore
}

// httpReader reads one half: requests from the client, responses from the
// server.
type httpReader struct {
	*httpConn
	server bool
	end    int
}

func (r *httpReader) half(b []byte, joined bool) verdict {
	r.end = len(b)
	b = trimLines(b)
	line, _, whole := cutLine(b)
	_, ok := r.start(line)
	switch {
	case len(b) == 0:
		return unsure
	case whole && ok:
	case !whole && mayStart(b, httpSlash):
		return unsure
	case joined:
		at := findStart(b, httpSlash)
		if at < 0 {
			return unsure
		}
		b = b[at:]
		line, _, _ = cutLine(b)
		if _, ok = r.start(line); !ok {
			return refused
		}
	default:
		r.leave(b) // an answer to HTTP may be none
		return refused
	}
	for len(b) > 0 {
		b = r.message(b)
	}
	return recognised
}

// leave notes that what follows in the half is not HTTP.
func (r *httpReader) leave(b []byte) {
	if r.server {
		r.httpConn.server = b
	} else {
		r.httpConn.client = b
	}
}

// start reads a start line of HTTP/1 that belongs into this half. HTTP/2 has
// none, and its preface must not be taken for one.
func (r *httpReader) start(line []byte) (startLine, bool) {
	s, ok := parseStart(line, httpSlash)
	return s, ok && s.version[0] == '1' && (s.status != 0) == r.server
}
