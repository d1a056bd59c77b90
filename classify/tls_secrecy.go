package classify

import "crypto/sha256"

// conclude draws the facts that rest on more than one message.
func (h *handshake) conclude() {
	t := h.tls
	if !t.ServerHello {
		return
	}
	switch {
	case t.Version == SSL2:
		t.ForwardSecrecy = No
		t.Established = h.serverEncrypted && h.clientFinished
	case t.Version.TLS() == TLS13:
		t.Resumed = trit(t.PSK)
		t.ForwardSecrecy = tls13Secrecy(t)
		t.Established = t.Alert == "" && h.serverEncrypted && h.clientFinished
	default:
		if h.full || h.abbreviated {
			t.Resumed = trit(!h.full)
		}
		// An abbreviated handshake keeps the suite of the one that it resumes
		// (RFC 5246, section 7.4.1.3), so the suite tells of either.
		t.ForwardSecrecy = t.CipherSuite.ForwardSecret()
		t.Established = t.Alert == "" && h.serverCCS && h.clientCCS
	}
}

func trit(b bool) Trit {
	if b {
		return Yes
	}
	return No
}

// tls13Secrecy reads the key exchange from the ServerHello's extensions (RFC
// 8446, section 2): (EC)DHE with key_share, a pre-shared key alone without.
func tls13Secrecy(t *TLS) Trit {
	switch {
	case t.KeyShare:
		return Yes
	case t.PSK:
		return No
	}
	return UnknownTrit
}

// keys notes by what a TLS 1.2 handshake may be resumed, and by what this one
// asked to resume another (RFC 5246, section 7.4.1; RFC 5077).
func (h *handshake) keys() {
	t := h.tls
	if t.Version.TLS() == TLS13 || t.Version == SSL2 {
		return
	}
	t.ResumedKeys = appendKey(appendKey(nil, h.client.sessionID), h.client.ticket)
	if t.Resumed == No {
		t.SessionKeys = appendKey(nil, h.server.sessionID)
	}
	t.SessionKeys = appendKey(t.SessionKeys, h.ticket)
}

func appendKey(keys [][32]byte, identifier []byte) [][32]byte {
	if len(identifier) == 0 {
		return keys
	}
	return append(keys, sha256.Sum256(identifier))
}
