package classify

import (
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
)

const (
	maxQUICVersions = 8
	maxQUICWaiting  = 4    // Initial packets kept until the keys are known
	maxQUICPacket   = 1500 // bytes of one that is kept
	maxQUICTries    = 32   // Initial packets that no keys open
)

// quicFlow is what is kept of a handshake between its datagrams.
type quicFlow struct {
	handshake
	fromClient, fromServer quicSide
	answerer               netip.AddrPort // the server; invalid until a packet tells
	answered               bool           // Version is the server's

	version      uint32 // by which, and by what identifier, the keys were made
	connectionID []byte
	waiting      [][]byte
	tries        int
}

// quicSide is what is kept of one side.
type quicSide struct {
	tlsSide
	keys   *quicKeys
	crypto pieces // the handshake's bytes
	eaten  int    // of them, by messages that were read
	passed quicPassed
}

// quicPassed are kinds of packets that a side has sent, of which nothing can be
// read.
type quicPassed struct{ handshake, short bool }

// quicDatagram recognises QUIC by its long headers (RFC 9000, RFC 9369, their
// drafts from 22 on, and Google's versions before them), and reads the TLS
// handshake in its Initial packets.
func quicDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	known := f.Protocol == ProtoQUIC
	switch {
	case known && isGoogleQUIC(f.QUIC.Version) && f.quic == nil:
		return Matched, googleDatagram(d, f)
	case known && f.quic == nil:
		return Matched, false
	case known:
	case beginsQUIC(d):
		f.Protocol, f.QUIC = ProtoQUIC, &QUIC{}
		f.quic = &quicFlow{fromServer: quicSide{tlsSide: tlsSide{server: true}}}
	case beginsGoogleQUIC(d):
		f.Protocol, f.QUIC = ProtoQUIC, &QUIC{}
		return Matched, googleDatagram(d, f)
	default:
		return NoMatch, false
	}
	return Matched, f.quic.datagram(d, f)
}

// datagram reads one datagram, and reports whether it shows the flow's roles to
// be the other way round.
func (q *quicFlow) datagram(d Datagram, f *Facts) (swap bool) {
	if q.tls == nil {
		q.tls, q.transport = &TLS{}, 'q'
	}
	if f.TLS != nil {
		q.tls = f.TLS
	}
	told := q.answerer.IsValid()
	version := uint32(0)
	for s := cryptobyte.String(d.Payload); !s.Empty(); {
		p, ok := readQUICPacket(&s, d.Missing)
		if !ok || version != 0 && p.kind != quicShort && p.version != version {
			break // what pads a datagram may be anything
		}
		q.packet(d, p, f.QUIC)
		version = p.version
	}
	// RFC 9001, section 5.7: a client has the keys of a short header once it has
	// the server's Finished, and by then has sent its own.
	q.clientFinished = q.fromClient.passed.short
	q.serverEncrypted = q.fromServer.passed.handshake || q.fromServer.passed.short
	q.conclude()
	q.finish()
	if t := q.tls; t.ClientHello || t.ServerHello || t.HelloRetry || t.Alert != "" || t.ServerName != "" {
		f.TLS = t
		f.Wrapped, f.WrappedBy = wrappedByALPN(t)
	}
	f.take(&q.fromClient.tlsSide)
	f.take(&q.fromServer.tlsSide)
	if q.tls.Established || q.tls.Alert != "" {
		f.quic = nil
	}
	return !told && q.answerer.IsValid() && d.FromServer != (d.Src == q.answerer)
}

// packet reads one packet.
func (q *quicFlow) packet(d Datagram, p quicPacket, facts *QUIC) {
	switch p.kind {
	case quicRetry, quicNegotiation:
		q.tell(d, true)
	case quicZeroRTT:
		q.tell(d, false)
		q.tls.EarlyDataSent = true
	case quicInitial:
		q.initial(d, p)
	}
	side := q.sender(d)
	side.passed.handshake = side.passed.handshake || p.kind == quicHandshake
	switch {
	case p.kind == quicNegotiation:
	case p.kind == quicShort:
		side.passed.short = side.passed.short || len(p.body) >= 1+16
	case side.server:
		facts.Version, q.answered = p.version, true
		facts.Retry = facts.Retry || p.kind == quicRetry
	default:
		facts.Versions = addOnce(facts.Versions, p.version, maxQUICVersions)
		if !q.answered {
			facts.Version = p.version
		}
	}
}

// tell notes which side sent d.
func (q *quicFlow) tell(d Datagram, server bool) {
	if q.answerer.IsValid() {
		return
	}
	q.answerer = d.Dst
	if server {
		q.answerer = d.Src
	}
	if server != d.FromServer {
		q.fromClient.passed, q.fromServer.passed = q.fromServer.passed, q.fromClient.passed
	}
}

// sender returns the side that sent d.
func (q *quicFlow) sender(d Datagram) *quicSide {
	fromServer := d.FromServer
	if q.answerer.IsValid() {
		fromServer = d.Src == q.answerer
	}
	if fromServer {
		return &q.fromServer
	}
	return &q.fromClient
}
