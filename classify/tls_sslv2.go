package classify

import (
	"golang.org/x/crypto/cryptobyte"
)

// Message types of SSL 2.0 (draft-hickman-netscape-ssl).
const (
	ssl2ClientHello     = 1
	ssl2ClientMasterKey = 2
	ssl2ServerHello     = 4
)

// readSSLv2Record eats a record with SSLv2's header of two bytes, the only one
// that messages in clear have (RFC 5246, appendix E.2: uint16 with the highest
// bit set, then the length).
func readSSLv2Record(s *cryptobyte.String, body *cryptobyte.String) bool {
	var header uint16
	return s.ReadUint16(&header) && header&0x8000 != 0 && s.ReadBytes((*[]byte)(body), int(header&0x7FFF))
}

// sslv2Beginning says whether b, of which any number of bytes may be there,
// begins with an SSLv2-framed hello.
func sslv2Beginning(b []byte, server bool) beginning {
	want, version, atLeast := byte(ssl2ClientHello), 3, 9+3+16
	if server {
		want, version, atLeast = ssl2ServerHello, 5, 11
	}
	switch {
	case len(b) > 1 && int(b[0]&0x7F)<<8|int(b[1]) < atLeast,
		len(b) > 2 && b[2] != want,
		len(b) > version && b[version] != 0 && (server || b[version] != 3),
		len(b) > version+1 && !(b[version] == 0 && b[version+1] == 2) && !(b[version] == 3 && b[version+1] <= 4):
		return beginsOther
	case len(b) <= version+1:
		return beginsShort
	}
	if !server && len(b) >= 11 && !plausibleSSLv2Lengths(b) {
		return beginsOther
	}
	return beginsSSLv2
}

// plausibleSSLv2Lengths reports whether the lengths of an SSLv2 CLIENT-HELLO add
// up to its record's.
func plausibleSSLv2Lengths(b []byte) bool {
	s := cryptobyte.String(b)
	var header, suites, sessionID, challenge uint16
	return s.ReadUint16(&header) && s.Skip(3) && s.ReadUint16(&suites) && s.ReadUint16(&sessionID) && s.ReadUint16(&challenge) &&
		suites > 0 && suites%3 == 0 && sessionID <= 32 && challenge >= 16 && challenge <= 32 &&
		int(header&0x7FFF) == 9+int(suites)+int(sessionID)+int(challenge)
}

// readSSLv2Hello reads an SSLv2-framed CLIENT-HELLO off the half's front, if it
// is whole, and reports whether it is.
func (h *handshake) readSSLv2Hello(half *tlsHalf) bool {
	// RFC 5246, appendix E.2: uint8 msg_type; Version version; uint16
	// cipher_spec_length, session_id_length, challenge_length; V2CipherSpec
	// cipher_specs (three bytes each), session_id, challenge
	var body, suites cryptobyte.String
	var messageType uint8
	var version, suitesLength, sessionIDLength, challengeLength uint16
	if !readSSLv2Record(&half.unread, &body) || !body.ReadUint8(&messageType) || !body.ReadUint16(&version) ||
		!body.ReadUint16(&suitesLength) || !body.ReadUint16(&sessionIDLength) || !body.ReadUint16(&challengeLength) ||
		!body.ReadBytes((*[]byte)(&suites), int(suitesLength)) {
		return false
	}
	half.mark("ClientHello", 0)
	t := h.tls
	t.ClientHello, t.SSLv2Framed = true, true
	t.OfferedVersions = []TLSVersion{TLSVersion(version)}
	// A cipher spec is a TLS suite when its first byte is 0, else one of SSL 2.
	var kind uint8
	var suite uint16
	for len(t.OfferedSuites) < maxOffered && suites.ReadUint8(&kind) && suites.ReadUint16(&suite) {
		if kind == 0 {
			t.OfferedSuites = append(t.OfferedSuites, CipherSuite(suite))
		}
	}
	return true
}

// readSSLv2Server reads an SSL 2.0 server's half: its SERVER-HELLO, and that it
// went on after it.
func (h *handshake) readSSLv2Server(half *tlsHalf) {
	// draft-hickman-netscape-ssl, section 5.5.1: uint8 msg_type,
	// session_id_hit, certificate_type; uint16 server_version,
	// certificate_length, cipher_specs_length, connection_id_length; data
	var body, certificate cryptobyte.String
	var certificateType uint8
	var certificateLength uint16
	if !readSSLv2Record(&half.unread, &body) || !body.Skip(2) || !body.ReadUint8(&certificateType) || !body.Skip(2) ||
		!body.ReadUint16(&certificateLength) || !body.Skip(4) || !body.ReadBytes((*[]byte)(&certificate), int(certificateLength)) {
		return
	}
	half.mark("ServerHello", 0)
	h.tls.ServerHello, h.tls.Version = true, SSL2
	if certificateType == 1 && certificateLength > 0 {
		h.leaf = certificate
	}
	// An ERROR message has a body of three bytes, SERVER-VERIFY is longer.
	h.serverEncrypted = len(half.unread) > 5
}

// readSSLv2Client reads what an SSL 2.0 client sent after its hello: in clear,
// only the CLIENT-MASTER-KEY.
func (h *handshake) readSSLv2Client(half *tlsHalf) {
	var body cryptobyte.String
	var messageType uint8
	h.clientFinished = readSSLv2Record(&half.unread, &body) && body.ReadUint8(&messageType) &&
		messageType == ssl2ClientMasterKey && !half.unread.Empty()
}
