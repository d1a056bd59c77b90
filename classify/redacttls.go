package classify

import "golang.org/x/crypto/cryptobyte"

// redactTLS keeps the records of the handshake, alerts and ChangeCipherSpec. The
// bodies of others are overwritten, though most are encrypted: of a suite
// without encryption, and by keys that become known, they are not.
func redactTLS(b []byte, server bool) {
	if helloBeginning(b, server) == beginsSSLv2 {
		b = redactSSLv2(b)
	}
	h := newTLSHalf(b, server)
	for {
		r, ok := h.record()
		if !ok {
			break
		}
		if r.contentType >= recordApplicationData {
			clear(r.body)
		}
	}
	clear(h.unread)
}

// redactSSLv2 keeps hellos in SSLv2 framing, and of a CLIENT-MASTER-KEY what
// stands before the key, and returns what follows them.
func redactSSLv2(b []byte) []byte {
	s := cryptobyte.String(b)
	for len(s) > 0 && s[0] >= 0x80 {
		var body cryptobyte.String
		if !readSSLv2Record(&s, &body) {
			break
		}
		switch {
		case len(body) > 0 && (body[0] == ssl2ClientHello || body[0] == ssl2ServerHello):
		case len(body) > 0 && body[0] == ssl2ClientMasterKey:
			keepFirst(body, 10)
		default:
			clear(body)
		}
	}
	return s
}

// redactMedia redacts one datagram of a port that STUN, TURN, DTLS and RTP may
// share, told by their first bytes (RFC 7983).
func redactMedia(d Datagram) {
	_, stun := readSTUN(d.Payload)
	inner, channel := channelData(d)
	switch {
	case stun:
		redactSTUN(d.Payload)
	case channel:
		redactMedia(inner)
		clear(d.Payload[4+len(inner.Payload):]) // padding
	case isDTLS(d.Payload):
		redactDTLS(d)
	default:
		redactRTP(d.Payload)
	}
}

// redactDTLS does for DTLS what redactTLS does for TLS.
func redactDTLS(d Datagram) {
	s := cryptobyte.String(d.Payload)
	for !s.Empty() {
		begin := s
		r, ok := readDTLSRecord(&s, -1, d.Missing)
		if !ok {
			clear(begin)
			return
		}
		if r.unified || r.contentType >= recordApplicationData && r.contentType != recordACK {
			clear(r.body)
		}
	}
}

// redactQUIC keeps the Initial packets, which show the handshake to everybody,
// and those of other kinds up to where encryption begins.
func redactQUIC(d Datagram) {
	if _, google := readGoogleVersion(d.Payload); google {
		if !readGoogleHello(d.Payload, &TLS{}) {
			keepFirst(d.Payload, 13)
		}
		return
	}
	version := uint32(0)
	for s := cryptobyte.String(d.Payload); !s.Empty(); {
		begin := s
		p, ok := readQUICPacket(&s, d.Missing)
		if !ok || version != 0 && p.kind != quicShort && p.version != version {
			clear(begin)
			return
		}
		switch p.kind {
		case quicInitial, quicRetry, quicNegotiation:
		case quicShort:
			keepFirst(p.body, 0)
			begin[0] = 0x40 // the fixed bit, and nothing of those that are protected
		default:
			clear(p.body)
		}
		version = p.version
	}
}
