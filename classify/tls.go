package classify

// tlsStream recognises SSL 2.0 to TLS 1.3 and reads the part of the handshake
// that is in clear. It answers Matched once the handshake was established or
// ended by a fatal alert, and, of a connection joined after its handshake, once
// two records in a row were seen.
//
// What costs more than all the rest, JA3S, the certificate and the keys of
// sessions, is left out of the facts while the answer is NeedMore and s is not
// final.
func tlsStream(s Stream, l *Learned) (Facts, Answer) {
	clientBegins := tlsBeginning(s.Client, false, s.ClientJoined)
	serverBegins := tlsBeginning(s.Server, true, s.ServerJoined)
	if clientBegins <= beginsShort && serverBegins <= beginsShort {
		return Facts{}, unrecognised(s, clientBegins, serverBegins)
	}

	m := l.shared()
	h := handshake{memory: m, transport: 't', tls: m.facts()}
	server, client := m.halves(s.Server, s.Client)
	h.readServer(server, serverBegins) // first: it says how to read the client
	h.readClient(client, clientBegins)

	f := Facts{Protocol: ProtoTLS, TLS: h.tls, Malformed: client.broken || server.broken}
	if clientBegins == beginsOther && !s.ClientJoined || serverBegins == beginsOther && !s.ServerJoined {
		if !h.tls.ClientHello && !h.tls.ServerHello {
			return Facts{}, NoMatch
		}
		f.Malformed = true // one side spoke TLS, the other did not
	}
	client.marks = append(client.marks, server.marks...)
	f.Marks = client.marks
	h.conclude()
	f.Wrapped, f.WrappedBy = wrappedByALPN(h.tls)
	joined := clientBegins == beginsWithin && serverBegins == beginsWithin
	if h.tls.Established || h.tls.Alert != "" || joined {
		h.finish()
		return f, Matched
	}
	if s.Final {
		h.finish()
	}
	return f, NeedMore
}

// unrecognised answers for a stream of which neither half is TLS so far. A half
// that was joined in the middle of a record looks like nothing, and leaves the
// word to the other.
func unrecognised(s Stream, client, server beginning) Answer {
	other := func(b beginning, joined bool) bool { return b == beginsOther && (!joined || s.Final) }
	if other(client, s.ClientJoined) || other(server, s.ServerJoined) || client == beginsOther && server == beginsOther {
		return NoMatch
	}
	return NeedMore
}

// finish computes what is left out while more bytes are to come.
func (h *handshake) finish() {
	t := h.tls
	h.keys()
	if t.ServerHello && t.JA3S == "" && t.Version != SSL2 {
		t.JA3S = h.memory.ja3sOf(&h.server)
	}
	if h.leaf != nil && t.Certificate == nil {
		t.Certificate = h.memory.certificate(h.leaf)
	}
}

// wrappedByALPN names the protocol inside by the server's choice, or else by
// the first of the client's offers that says one.
func wrappedByALPN(t *TLS) (inside Protocol, by string) {
	if t.ALPN != "" {
		if inside = alpnProtocol(t.ALPN); inside != "" {
			return inside, "alpn"
		}
		return "", ""
	}
	for _, name := range t.OfferedALPN {
		if inside = alpnProtocol(name); inside != "" {
			return inside, "alpn_offered"
		}
	}
	return "", ""
}

// alpnProtocol returns the protocol that an ALPN name stands for. The x-amzn
// names are those by which AWS IoT Core tells protocols apart on port 443.
func alpnProtocol(name string) Protocol {
	switch name {
	case "mqtt", "x-amzn-mqtt-ca":
		return ProtoMQTT
	case "h2", "h3", "http/1.1", "http/1.0", "x-amzn-http-ca":
		return ProtoHTTP
	case "dot", "doq":
		return ProtoDNS
	case "tds/8.0":
		return ProtoTDS
	case "ntske/1":
		return ProtoNTSKE
	}
	return ""
}
