package classify

// fragments reads the fragments of handshake messages in one record, and
// reports whether they show the flow's roles to be the other way round.
func (h *dtlsFlow) fragments(d Datagram, r dtlsRecord) (swap bool) {
	side, hello := h.sender(d), false
	for s := r.body; !s.Empty(); {
		f, ok := readDTLSFragment(&s, d.Missing)
		if !ok {
			side.broken = true
			break
		}
		server, told := fragmentSender(f.messageType)
		switch {
		case !told:
		case !h.answerer.IsValid():
			swap = h.tell(d, server)
			side = h.sender(d)
		case server != side.server: // both ends took themselves for the client
			continue
		}
		hello = hello || f.messageType == serverHelloType && f.ends()
		h.fragment(side, f)
	}
	side.follow(r, hello)
	h.read()
	return swap
}

// tell notes which side sent d, and reports whether it was taken for the other
// until now.
func (h *dtlsFlow) tell(d Datagram, server bool) (turned bool) {
	h.answerer = d.Dst
	if server {
		h.answerer = d.Src
	}
	if server == d.FromServer {
		return false
	}
	h.fromClient, h.fromServer = h.fromServer, h.fromClient
	h.fromClient.server, h.fromServer.server = false, true
	h.clientCCS, h.serverCCS = h.serverCCS, h.clientCCS
	return true
}

// fragmentSender says which side sends messages of a type, if only one does.
func fragmentSender(messageType uint8) (server, told bool) {
	switch messageType {
	case clientHelloType, clientKeyExchangeType, certificateVerifyType:
		return false, true
	case serverHelloType, helloVerifyRequestType, newSessionTicketType,
		serverKeyExchangeType, certificateRequestType, serverHelloDoneType:
		return true, true
	}
	return false, false
}

// fragment adds f to its message.
func (h *dtlsFlow) fragment(side *dtlsSide, f dtlsFragment) {
	switch f.messageType {
	case clientHelloType, serverHelloType, newSessionTicketType:
	case certificateType, serverKeyExchangeType:
		h.note(&h.full)
	case clientKeyExchangeType, certificateVerifyType, certificateRequestType, serverHelloDoneType:
		h.note(&h.full)
		return
	default:
		return
	}
	m := side.message(f)
	if m == nil || m.read || side.held()+len(f.body) > maxDTLSHeld {
		return
	}
	m.add(uint64(f.offset), f.body)
}

// read reads the messages that are whole and of which is known what is needed
// to read them.
func (h *dtlsFlow) read() {
	for again := true; again; {
		again = false
		for _, side := range []*dtlsSide{&h.fromClient, &h.fromServer} {
			for i := range side.messages {
				if m := &side.messages[i]; !m.read && len(m.front) == m.length && h.readable(m.messageType) {
					h.message(side, m)
					again = true
				}
			}
		}
	}
}

// readable reports whether what a message's reading rests on is known: of a
// Certificate whose it is, of a ServerKeyExchange the suite.
func (h *dtlsFlow) readable(messageType uint8) bool {
	switch messageType {
	case certificateType:
		return h.answerer.IsValid()
	case serverKeyExchangeType:
		return h.tls.ServerHello
	}
	return true
}

func (h *dtlsFlow) message(side *dtlsSide, m *dtlsMessage) {
	switch {
	case m.messageType == serverHelloType && h.tls.ServerHello: // of another handshake on the same ports
	case side.server:
		h.serverMessage(&side.tlsSide, m.messageType, m.front, 0)
	default:
		h.clientMessage(&side.tlsSide, m.messageType, m.front, 0)
	}
	m.read, m.pieces, h.changed = true, pieces{}, true
	if h.tls.ClientHello {
		h.fromServer.connectionID = len(h.client.connectionID)
	}
	if h.tls.ServerHello {
		h.fromClient.connectionID = len(h.server.connectionID)
	}
}
