package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// initial opens an Initial packet and reads its frames. One that no keys open
// is kept while there are none: the other side's may be made from a packet that
// comes later.
func (q *quicFlow) initial(d Datagram, p quicPacket) {
	if q.tls.ClientHello && q.tls.ServerHello || q.tries > maxQUICTries {
		return
	}
	side, frames := q.open(p)
	if side == nil {
		q.tries++
		if q.fromClient.keys == nil && p.whole && len(q.waiting) < maxQUICWaiting && len(p.header)+len(p.body) <= maxQUICPacket {
			q.waiting = append(q.waiting, append(bytes.Clone(p.header), p.body...))
		}
		return
	}
	q.tell(d, side.server)
	q.frames(side, frames, p.version)
	waiting := q.waiting
	q.waiting = nil
	for _, b := range waiting {
		s := cryptobyte.String(b)
		if p, ok := readQUICPacket(&s, 0); ok {
			if side, frames := q.open(p); side != nil {
				q.frames(side, frames, p.version)
			}
		}
	}
}

// open decrypts an Initial packet: with the keys at hand; with those that the
// same connection has in another version (RFC 9368, section 2.3); or with those
// of a client whose first Initial, or first after a Retry, this is.
func (q *quicFlow) open(p quicPacket) (*quicSide, []byte) {
	if q.fromClient.keys != nil {
		if p.version != q.version && len(q.connectionID) > 0 {
			q.rekey(p.version, q.connectionID)
		}
		for _, side := range []*quicSide{&q.fromClient, &q.fromServer} {
			if side.keys == nil {
				continue
			}
			if frames, ok := side.keys.open(p); ok {
				return side, frames
			}
		}
	}
	if bytes.Equal(p.destination, q.connectionID) {
		return nil, nil
	}
	client, server := newQUICKeys(p.version, p.destination)
	if client == nil {
		return nil, nil
	}
	frames, ok := client.open(p)
	if !ok {
		return nil, nil
	}
	// A new attempt sends its handshake from the first byte on.
	q.fromClient.begin(client)
	q.fromServer.begin(server)
	q.version, q.connectionID = p.version, bytes.Clone(p.destination)
	return &q.fromClient, frames
}

func (s *quicSide) begin(keys *quicKeys) { s.keys, s.crypto, s.eaten = keys, pieces{}, 0 }

func (q *quicFlow) rekey(version uint32, connectionID []byte) {
	if client, server := newQUICKeys(version, connectionID); client != nil {
		q.fromClient.keys, q.fromServer.keys, q.version = client, server, version
	}
}

// frames reads the frames of an opened Initial packet.
func (q *quicFlow) frames(side *quicSide, frames []byte, version uint32) {
	if version == quicGoogleQ50 {
		readGoogleHello(frames, q.tls)
		return
	}
	crypto := func(offset uint64, data []byte) { side.crypto.add(offset, data) }
	if isGoogleQUIC(version) {
		readGoogleFrames(frames, crypto)
		q.messages(side)
		return
	}
	ok := readQUICFrames(frames, crypto, func(code uint64) {
		if code>>8 == 1 { // RFC 9001, section 4.8: 0x0100 and a TLS alert
			q.fatal(&side.tlsSide, uint8(code), 0)
		}
	})
	side.broken = side.broken || !ok
	q.messages(side)
}

// messages reads the handshake messages that are whole (RFC 8446, section 4).
func (q *quicFlow) messages(side *quicSide) {
	for {
		s := cryptobyte.String(side.crypto.front[side.eaten:])
		var messageType uint8
		var body cryptobyte.String
		if !s.ReadUint8(&messageType) || !s.ReadUint24LengthPrefixed(&body) {
			return
		}
		side.eaten = len(side.crypto.front) - len(s)
		if side.server {
			q.serverMessage(&side.tlsSide, messageType, body, 0)
		} else {
			q.clientMessage(&side.tlsSide, messageType, body, 0)
		}
	}
}
