package classify

import (
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
)

// maxDTLSAfter is how many datagrams after the end of a handshake may still
// bring a message that was sent before it.
const maxDTLSAfter = 32

// dtlsFlow is what is kept of a handshake between its datagrams.
type dtlsFlow struct {
	handshake
	fromClient, fromServer dtlsSide
	answerer               netip.AddrPort // the server; invalid until a message tells
	changed                bool           // the datagram said something new
	after                  int            // datagrams seen since the handshake ended
}

// dtlsSide is what is kept of one side.
type dtlsSide struct {
	tlsSide
	messages     []dtlsMessage
	connectionID int // length of the identifier in the side's records; negative while not known

	// unbroken says that every record since the last one with a hello was seen,
	// in order; next is the number of the one that follows.
	unbroken bool
	next     uint64
}

// dtlsDatagram recognises DTLS 1.0 to 1.3 (RFC 4347, RFC 6347, RFC 9147) and
// reads the part of the handshake that is in clear, also of what TURN relays. A
// datagram of another protocol on the same port (RFC 7983) is left alone once the
// flow is known. Media that was recognised before stays media, which DTLS keys (RFC
// 5764).
func dtlsDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	d, turn := relayed(d)
	known := f.TLS != nil
	switch {
	case known && !isDTLS(d.Payload):
		return NeedMore, false
	case known && f.dtls == nil:
		return Matched, false
	case !known && !isDTLSDatagram(d):
		return NoMatch, false
	case !known:
		if !f.isMedia() {
			f.Protocol = ProtoDTLS
		}
		f.TLS, f.STUN = &TLS{}, f.STUN || turn
		f.dtls = &dtlsFlow{handshake: handshake{transport: 'd'}, fromClient: dtlsSide{connectionID: -1}, fromServer: dtlsSide{connectionID: -1, tlsSide: tlsSide{server: true}}}
	}
	flow := f.dtls
	flow.tls, flow.changed = f.TLS, false
	swap := flow.datagram(d)
	if flow.changed {
		flow.conclude()
		flow.finish()
		f.Wrapped, f.WrappedBy = wrappedByALPN(f.TLS)
	}
	f.take(&flow.fromClient.tlsSide)
	f.take(&flow.fromServer.tlsSide)
	if f.TLS.Established || f.TLS.Alert != "" {
		if flow.after++; flow.after > maxDTLSAfter {
			f.dtls = nil
		}
	}
	return Matched, swap
}

// datagram reads the records of one datagram, and reports whether they show the
// flow's roles to be the other way round.
func (h *dtlsFlow) datagram(d Datagram) (swap bool) {
	s := cryptobyte.String(d.Payload)
	for !s.Empty() {
		side := h.sender(d)
		r, ok := readDTLSRecord(&s, side.connectionID, d.Missing)
		switch {
		case !ok:
			side.broken = true
			return swap
		case r.unified || r.epoch > 0:
			h.encrypted(side, r)
		case r.contentType == recordHandshake:
			swap = h.fragments(d, r) || swap
			continue
		case r.contentType == recordChangeCipherSpec:
			h.changeCipherSpec(side, r)
		case r.contentType == recordAlert:
			h.changed = h.alert(&side.tlsSide, r.body, 0) || h.changed
		}
		side.follow(r, false)
	}
	return swap
}

// sender returns the side that sent d.
func (h *dtlsFlow) sender(d Datagram) *dtlsSide {
	fromServer := d.FromServer
	if h.answerer.IsValid() {
		fromServer = d.Src == h.answerer
	}
	if fromServer {
		return &h.fromServer
	}
	return &h.fromClient
}

// encrypted reads what an encrypted record shows by its being there.
func (h *dtlsFlow) encrypted(side *dtlsSide, r dtlsRecord) {
	switch {
	case r.unified && side.server:
		h.note(&h.serverEncrypted)
	case r.unified:
		if endsDTLS13Flight(r) {
			h.note(&h.clientFinished)
		}
	case r.contentType == recordAlert: // with which a side may refuse the other's Finished
	case side.server:
		h.note(&h.serverCCS)
	default:
		h.note(&h.clientCCS)
	}
}

// note sets one of h's own fields.
func (h *dtlsFlow) note(what *bool) {
	h.changed = h.changed || !*what
	*what = true
}

// endsDTLS13Flight reports whether a client's encrypted record shows that it
// accepted a DTLS 1.3 handshake: it is of epoch 3, that of application data, or
// of epoch 2 and neither an alert nor an ACK of 16 bytes a record (RFC 9147,
// sections 6.1 and 7).
func endsDTLS13Flight(r dtlsRecord) bool {
	const header, hash, tag = 12, 32, 8
	switch r.epoch {
	case 3:
		return true
	case 2:
		return len(r.body) >= header+hash+1+tag && len(r.body)%16 != (2+1)%16
	}
	return false
}

// changeCipherSpec notes that the side goes over to encrypted records, and
// whether the server did so before any message that an abbreviated handshake
// has not: only when no record between was lost can that be said.
func (h *dtlsFlow) changeCipherSpec(side *dtlsSide, r dtlsRecord) {
	if !side.server {
		h.note(&h.clientCCS)
		return
	}
	h.note(&h.serverCCS)
	if !h.full && side.unbroken && r.number == side.next {
		h.note(&h.abbreviated)
	}
}

// follow keeps account of the numbers of a side's records in clear.
func (s *dtlsSide) follow(r dtlsRecord, hello bool) {
	switch {
	case r.unified || r.epoch > 0:
	case hello:
		s.unbroken, s.next = true, r.number+1
	case r.number == s.next:
		s.next++
	case r.number > s.next:
		s.unbroken = false
	}
}
