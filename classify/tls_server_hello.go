package classify

import (
	"golang.org/x/crypto/cryptobyte"
)

// serverHello is a ServerHello's parts (RFC 8446, section 4.1.3).
type serverHello struct {
	legacyVersion uint16
	version       TLSVersion // supported_versions, else legacy_version
	retry         bool       // it is a HelloRetryRequest
	sessionID     cryptobyte.String
	suite         CipherSuite
	extensions    cryptobyte.String
	keyShare, psk bool
	etm           bool
	group         Group // of key_share
	alpn          cryptobyte.String
	connectionID  cryptobyte.String // in the client's records
}

// retryRandom is the Random of a HelloRetryRequest: the SHA-256 of that word
// (RFC 8446, section 4.1.3).
const retryRandom = "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91" +
	"\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C"

// parseServerHello reads a ServerHello's body, without its handshake header. It
// is false when the body breaks its syntax.
func parseServerHello(body cryptobyte.String) (hello serverHello, ok bool) {
	// RFC 8446, section 4.1.3: ProtocolVersion legacy_version; Random random;
	// opaque legacy_session_id_echo<0..32>; CipherSuite cipher_suite; uint8
	// legacy_compression_method; Extension extensions
	var random []byte
	if !body.ReadUint16(&hello.legacyVersion) || !body.ReadBytes(&random, 32) {
		return hello, false
	}
	// The drafts of TLS 1.3 up to 21 name themselves in legacy_version and have
	// neither a session identifier nor a compression method.
	draft := hello.legacyVersion>>8 == 0x7F
	if !draft && (!body.ReadUint8LengthPrefixed(&hello.sessionID) || len(hello.sessionID) > 32) ||
		!body.ReadUint16((*uint16)(&hello.suite)) || !draft && !body.Skip(1) {
		return hello, false
	}
	hello.retry = string(random) == retryRandom
	hello.version = tlsVersion(hello.legacyVersion)
	if body.Empty() {
		return hello, true
	}
	if !body.ReadUint16LengthPrefixed(&hello.extensions) {
		return hello, false
	}
	ok = eachExtension(hello.extensions, hello.extension)
	return hello, ok && body.Empty()
}

func (hello *serverHello) extension(extension uint16, data cryptobyte.String) bool {
	switch extension {
	case extSupportedVersions: // RFC 8446, section 4.2.1
		var selected uint16
		if !data.ReadUint16(&selected) {
			return false
		}
		hello.version = tlsVersion(selected)
	case extKeyShare, extDraftKeyShare: // RFC 8446, section 4.2.8
		hello.keyShare = data.ReadUint16((*uint16)(&hello.group))
		return hello.keyShare
	case extPreSharedKey: // RFC 8446, section 4.2.11
		hello.psk = true
	case extEncryptThenMAC: // RFC 7366, section 2
		hello.etm = true
	case extConnectionID: // RFC 9146, section 3
		return data.ReadUint8LengthPrefixed(&hello.connectionID)
	case extALPN: // RFC 7301, section 3.1: exactly one name
		var list cryptobyte.String
		return data.ReadUint16LengthPrefixed(&list) && list.ReadUint8LengthPrefixed(&hello.alpn)
	}
	return true
}

// choose notes what the server chose.
func (h *handshake) choose() {
	t, hello := h.tls, &h.server
	t.ServerHello = true
	t.Version, t.CipherSuite = hello.version, hello.suite
	t.ALPN = h.memory.name(hello.alpn)
	t.EncryptThenMAC = hello.etm
	if hello.version.TLS() == TLS13 { // the extensions mean nothing in older versions
		t.KeyShare, t.PSK, t.Group = hello.keyShare, hello.psk, hello.group
	}
}
