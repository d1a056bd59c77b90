package classify

import (
	"golang.org/x/crypto/cryptobyte"
)

// Handshake message types (RFC 8446, section 4; RFC 5246, section 7.4).
const (
	helloRequestType       = 0
	clientHelloType        = 1
	serverHelloType        = 2
	newSessionTicketType   = 4
	helloRetryType         = 6 // of the drafts of TLS 1.3 up to 21
	certificateType        = 11
	serverKeyExchangeType  = 12
	certificateRequestType = 13
	serverHelloDoneType    = 14
	certificateVerifyType  = 15
	clientKeyExchangeType  = 16
	finishedType           = 20
	certificateURLType     = 21 // RFC 6066, section 5
	supplementalDataType   = 23 // RFC 4680
)

// handshake gathers what both halves say.
type handshake struct {
	memory    *memory // may be nil
	transport byte    // 't' TCP, 'q' QUIC, 'd' DTLS, as JA4 names them
	tls       *TLS
	client    clientHello
	server    serverHello
	leaf      []byte // the server's certificate, DER
	ticket    []byte // of a NewSessionTicket up to TLS 1.2

	secondHello bool // the client answered a HelloRetryRequest
	full        bool // up to TLS 1.2: a message that an abbreviated handshake has not
	abbreviated bool // up to TLS 1.2: the server changed its cipher before any such message

	earlyRecords         int // TLS 1.3: encrypted records before the client's Finished
	clientCCS, serverCCS bool
	serverEncrypted      bool // TLS 1.3 and SSL 2: the server's encrypted flight began
	clientFinished       bool // TLS 1.3 and SSL 2: the client's encrypted flight was seen
}

// tls13 reports whether records are to be read as those of TLS 1.3, whose
// ChangeCipherSpec means nothing (RFC 8446, appendix D.4).
func (h *handshake) tls13() bool { return h.tls.Version.TLS() == TLS13 || h.tls.HelloRetry }

func (h *handshake) readServer(half *tlsHalf, begins beginning) {
	switch begins {
	case beginsSSLv2:
		h.readSSLv2Server(half)
	case beginsHello, beginsWithin:
		for h.readServerRecord(half, begins == beginsHello) {
		}
	}
}

// readServerRecord reads one record of the server's half, and reports whether
// another in clear may follow.
func (h *handshake) readServerRecord(half *tlsHalf, clear bool) bool {
	r, ok := half.record()
	if !ok {
		return false
	}
	switch r.contentType {
	case recordHandshake:
		if clear && h.tls.Version.TLS() != TLS13 {
			h.readServerMessages(half, r)
		}
	case recordChangeCipherSpec:
		if clear && !h.tls.ServerHello { // RFC 8446, section 5
			return true
		}
		h.serverCCS = !h.tls13() && r.whole
		h.abbreviated = h.serverCCS && !h.full
		return !h.serverCCS
	case recordAlert:
		return !r.whole || !h.alert(&half.tlsSide, r.body, r.offset)
	case recordApplicationData:
		h.serverEncrypted = true
		return false
	}
	return true
}

func (h *handshake) readServerMessages(half *tlsHalf, r tlsRecord) {
	half.messages(r, func(messageType uint8, body cryptobyte.String, offset int) bool {
		h.full = h.full || fullHandshake(messageType)
		return h.serverMessage(&half.tlsSide, messageType, body, offset)
	})
	// A message's type tells even when the rest of it is never seen.
	h.full = h.full || len(half.message) > 0 && fullHandshake(half.message[0])
}

// fullHandshake reports whether a server's message stands in no abbreviated
// handshake (RFC 5246, section 7.3).
func fullHandshake(messageType uint8) bool {
	switch messageType {
	case certificateType, serverKeyExchangeType, certificateRequestType, serverHelloDoneType:
		return true
	}
	return false
}

// serverMessage reads a handshake message of the server, and reports whether
// another in clear may follow in its record.
func (h *handshake) serverMessage(side *tlsSide, messageType uint8, body cryptobyte.String, offset int) bool {
	ok := true
	switch messageType {
	case helloRetryType:
		h.tls.HelloRetry = true
		side.mark("HelloRetryRequest", offset)
	case serverHelloType:
		ok = h.serverHello(side, body, offset)
	case certificateType: // RFC 5246, section 7.4.2
		side.mark("Certificate", offset)
		h.leaf, ok = readLeaf(body)
	case serverKeyExchangeType:
		h.tls.ServerKeyExchange = true
		side.mark("ServerKeyExchange", offset)
		ok = readServerKeyExchange(body, h.tls)
	case certificateRequestType:
		if h.tls.Version == TLS12 {
			h.tls.WantedSignatures, ok = readWantedSignatures(body)
		}
	case newSessionTicketType: // RFC 5077, section 3.3: uint32 lifetime_hint; opaque ticket<0..2^16-1>
		var ticket cryptobyte.String
		ok = body.Skip(4) && body.ReadUint16LengthPrefixed(&ticket)
		h.ticket = ticket
	}
	side.broken = side.broken || !ok
	return h.tls.Version.TLS() != TLS13
}

// serverHello reads a ServerHello, of which a connection has one, or a
// HelloRetryRequest, which has the same type and chooses nothing.
func (h *handshake) serverHello(side *tlsSide, body cryptobyte.String, offset int) bool {
	hello, ok := parseServerHello(body)
	switch {
	case hello.retry:
		h.tls.HelloRetry = true
		side.mark("HelloRetryRequest", offset)
	case h.tls.ServerHello:
		return false
	case hello.suite != 0 || ok:
		h.server = hello
		h.choose()
		side.mark("ServerHello", offset)
	}
	return ok
}

func (h *handshake) readClient(half *tlsHalf, begins beginning) {
	if begins <= beginsShort || begins == beginsSSLv2 && !h.readSSLv2Hello(half) {
		return
	}
	if begins == beginsSSLv2 && (h.tls.Version == SSL2 || h.tls.Version == 0) {
		h.readSSLv2Client(half) // until a server answers in records of TLS
		return
	}
	for h.readClientRecord(half, begins != beginsWithin) {
	}
}

// readClientRecord reads one record of the client's half, and reports whether
// another of interest may follow.
func (h *handshake) readClientRecord(half *tlsHalf, clear bool) bool {
	r, ok := half.record()
	if !ok {
		return false
	}
	switch r.contentType {
	case recordHandshake:
		if clear {
			half.messages(r, func(messageType uint8, body cryptobyte.String, offset int) bool {
				return h.clientMessage(&half.tlsSide, messageType, body, offset)
			})
		}
	case recordChangeCipherSpec:
		h.clientCCS = !h.tls13() && r.whole
		return !h.clientCCS
	case recordAlert:
		return !r.whole || !h.alert(&half.tlsSide, r.body, r.offset)
	case recordApplicationData:
		h.clientFinished = h.endsClientFlight(r)
		h.earlyRecord(r)
		return h.tls13() && !h.clientFinished
	}
	return true
}

func (h *handshake) clientMessage(side *tlsSide, messageType uint8, body cryptobyte.String, offset int) bool {
	ok := true
	switch messageType {
	case clientHelloType:
		side.mark("ClientHello", offset)
		if h.tls.ClientHello { // the second differs in key_share and cookie, not in what is offered
			h.secondHello = true
			break
		}
		h.client, ok = parseClientHello(body)
		if len(h.client.suites) > 0 {
			h.offer()
		}
	case certificateType:
		var leaf []byte
		leaf, ok = readLeaf(body)
		h.tls.ClientCertificate = h.tls.ClientCertificate || len(leaf) > 0
	case certificateVerifyType: // RFC 5246, section 4.7: SignatureAndHashAlgorithm stands first
		if h.tls.Version == TLS12 {
			side.mark("CertificateVerify", offset)
			ok = body.ReadUint16((*uint16)(&h.tls.ClientSignature))
		}
	}
	side.broken = side.broken || !ok
	return true
}

// endsClientFlight reports whether an encrypted record shows that the client
// accepted a TLS 1.3 handshake. It holds a Finished, the certificate before it
// or what was sent after it: anything longer than an alert, with which the
// client would have refused. Only after an offer of early data, which is sent
// before the server has answered, must it be of a Finished's exact length.
func (h *handshake) endsClientFlight(r tlsRecord) bool {
	if !r.whole || h.tls.Version != TLS13 {
		return false
	}
	if h.tls.EarlyData && !h.secondHello {
		return finishedLength(r.body)
	}
	return len(r.body) >= tooShortForFinished
}

// earlyRecord notes early data (RFC 8446, section 4.2.10): after its offer the
// client's encrypted records up to its Finished, save the EndOfEarlyData that a
// client sends whose early data was taken, were there any or none.
func (h *handshake) earlyRecord(r tlsRecord) {
	if !h.tls.EarlyData || h.clientFinished || h.secondHello {
		return
	}
	h.earlyRecords++
	h.tls.EarlyDataSent = h.earlyRecords > 1 || r.whole && !endOfEarlyDataLength(r.body)
}
