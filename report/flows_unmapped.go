package report

import (
	"encoding/hex"

	"spanaudit/classify"
)

// unmappedNetwork writes what OCSF has no attribute for of the network.
func unmappedNetwork(b *jsonLine, r *classify.Record) {
	mark := b.openOptional("network")
	b.text("wrapped", string(r.Wrapped))
	b.text("wrapped_by", r.WrappedBy)
	b.text("tunnel", r.Flow.Tunnel.String()) // outermost first
	b.closeOptional(mark)
}

// unmappedTLS likewise of a handshake.
func unmappedTLS(b *jsonLine, t *classify.TLS) {
	if t == nil {
		return
	}
	b.open("tls")
	b.text("upgraded_from", string(t.UpgradedFrom))
	tlsOutcome(b, t) // OCSF has an alert's number
	if t.ClientHello {
		b.texts("offered_versions", texts(t.OfferedVersions))
		b.texts("offered_alpn", t.OfferedALPN)
		b.flag("ech", t.ECH)
	}
	if c := t.Certificate; c != nil {
		b.text("public_key_algorithm", c.PublicKeyAlgorithm)
		if c.PublicKeyBits != 0 {
			b.number("public_key_size", uint64(c.PublicKeyBits))
		}
		b.text("signature_algorithm", c.SignatureAlgorithm)
		if c.SerialNumber == "" { // it could not be read
			b.put("certificate_sha256", hex.EncodeToString(c.SHA256[:]))
		}
	}
	b.close()
}
