package classify

// opening is what a connection says in clear before it may go over to TLS on
// the same connection.
type opening struct {
	login Login
	marks []Mark
	last  bool // nothing that still follows in clear matters

	// Where TLS begins in each half. A half in which it has not begun keeps
	// its length.
	upgraded       bool
	client, server int
}

func newOpening(s Stream) *opening {
	return &opening{client: len(s.Client), server: len(s.Server)}
}

// begin notes that TLS begins at an offset of one half.
func (o *opening) begin(offset int, server bool) {
	o.upgraded = true
	if server {
		o.server = offset
	} else {
		o.client = offset
	}
}

func (o *opening) mark(what string, offset int, server bool) {
	if len(o.marks) < maxMarks {
		o.marks = append(o.marks, Mark{What: what, Server: server, Offset: offset})
	}
}

// credentials notes that the client sent a secret in clear.
func (o *opening) credentials(scheme string, offset int) {
	if o.login.Scheme == "" {
		o.login.Scheme = scheme
		o.mark("credentials", offset, false)
	}
}

// loggedIn returns the login in clear, nil if none was seen.
func (o *opening) loggedIn() *Login {
	if o.login.Scheme == "" {
		return nil
	}
	return &o.login
}

// answer returns the facts of a connection that f describes so far: its plain
// protocol, or the TLS that it went over to.
func (o *opening) answer(s Stream, f Facts) (Facts, Answer) {
	f.Marks, f.Login = o.marks, o.loggedIn()
	switch {
	case o.upgraded:
		return f.upgrade(s, o.client, o.server)
	case o.last, s.Final:
		return f, Matched
	}
	return f, NeedMore
}

// upgrade reads TLS in what follows the given offsets of both halves. The facts
// are then those of TLS, and f those of what was spoken before it.
func (f Facts) upgrade(s Stream, client, server int) (Facts, Answer) {
	inner, answer := tlsStream(Stream{Client: s.Client[client:], Server: s.Server[server:], Final: s.Final}, nil)
	if inner.Protocol != ProtoTLS {
		if s.Final {
			answer = Matched
		} else {
			answer = NeedMore
		}
		return f, answer
	}
	f.TLS, f.Wrapped, f.WrappedBy = inner.TLS, inner.Wrapped, inner.WrappedBy
	f.TLS.UpgradedFrom = f.Protocol
	if f.Wrapped == "" && f.Protocol != ProtoHTTP && f.Protocol != ProtoSOCKS { // a proxy is asked for anything
		f.Wrapped, f.WrappedBy = f.Protocol, "upgrade"
	}
	f.Protocol = ProtoTLS
	f.Malformed = f.Malformed || inner.Malformed
	f.Marks = f.behind(inner, client, server)
	return f, answer
}

// behind returns the marks of f and, behind them, those of inner, which was read
// from the given offsets of both halves on.
func (f Facts) behind(inner Facts, client, server int) []Mark {
	for _, m := range inner.Marks[:min(len(inner.Marks), maxMarks-len(f.Marks))] {
		if m.Server {
			m.Offset += server
		} else {
			m.Offset += client
		}
		f.Marks = append(f.Marks, m)
	}
	return f.Marks
}

// beginsTLS reports whether b begins with a hello, or an alert that answers
// one. No text protocol has a line that begins like that.
func beginsTLS(b []byte, server bool) bool {
	at := helloBeginning(b, server)
	return at == beginsHello || at == beginsSSLv2 && !server
}
