package rules

import (
	"slices"

	"spanaudit/classify"
)

// tlsSignature judges the hashes that handshakes are signed with.
type tlsSignature struct{}

func (tlsSignature) Doc() Doc {
	return Doc{
		ID:          "tls-signature",
		Title:       "SHA-1 or MD5 handshake signature",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "neither the ServerKeyExchange nor the client's CertificateVerify of TLS 1.2 is signed with SHA-1 or MD5, and neither signature_algorithms of a local client nor a CertificateRequest offers it. TLS 1.3 encrypts the signatures: there the offer alone can fail. Older versions sign with nothing else, which tls-version judges",
		Why:         "Collisions of SHA-1 and MD5 can be made: whoever makes one can put another's name to a handshake.",
		Fails:       "such a signature was used; where it was only offered, or a TLS 1.2 hello leaves signature_algorithms out and so allows SHA-1, low",
		NotSeen:     "no handshake that signs was seen",
		Remediation: "Take sha1 and md5 out of the lists of signature algorithms on both sides.",
		Source:      "RFC 9155; RFC 9325, section 4.4",
	}
}

// signatureEncrypted is why a TLS 1.3 handshake stays open whose client offered
// nothing wrong.
const signatureEncrypted = "a TLS 1.3 handshake, which encrypts the server's signature; what the client offered has neither SHA-1 nor MD5, or was not seen"

func (tlsSignature) Judge(c *Case) {
	t := c.TLS
	if t == nil {
		return
	}
	switch {
	case oldHash(t.SignatureScheme):
		c.failHandshake(nil, "used %s in the ServerKeyExchange; a signature with SHA-256 or better is wanted", t.SignatureScheme)
	case oldHash(t.ClientSignature):
		c.failHandshake(nil, "used %s in the client's CertificateVerify; a signature with SHA-256 or better is wanted", t.ClientSignature)
	case c.offersOldHash(t):
		low := Low
		c.failOnce(&low, 0, func() Violation {
			return c.offerViolation(&low, oldHashWords(t)+"; SHA-256 or better is wanted")
		})
	case slices.ContainsFunc(t.WantedSignatures, oldHash):
		low := Low
		c.failHandshake(&low, "let the client sign with %s (CertificateRequest); SHA-256 or better is wanted", firstOldHash(t.WantedSignatures))
	default:
		c.judgeSignature()
	}
}

// judgeSignature decides where nothing wrong was seen.
func (c *Case) judgeSignature() {
	t := c.serverHello()
	switch {
	case t == nil:
	case t.Version.TLS() == classify.TLS13 && !t.PSK: // a pre-shared key stands for the signature
		c.Undecided(signatureEncrypted)
	case t.Version.TLS() < classify.TLS12:
	case t.SignatureScheme != 0 || t.ClientSignature != 0:
		c.Examine()
	case t.Version.TLS() == classify.TLS12 && t.Resumed != classify.Yes && signs(t.CipherSuite):
		c.Undecided(keyShareUnseen)
	case t.ClientHello && c.Between() != Inbound:
		c.Examine() // of a handshake without signature, the offer
	}
}

// signs reports whether a full TLS 1.2 handshake with the suite has a signed
// ServerKeyExchange.
func signs(s classify.CipherSuite) bool {
	if kx := s.KeyExchange(); kx != "ECDHE" && kx != "DHE" {
		return false
	}
	return s.Authentication() != "none"
}

// offersOldHash reports whether a local client lets its server sign with SHA-1
// or MD5: it says so, or by RFC 5246, section 7.4.1.4.1, says nothing.
func (c *Case) offersOldHash(t *classify.TLS) bool {
	if !t.ClientHello || c.Between() == Inbound {
		return false
	}
	return slices.ContainsFunc(t.OfferedSignatures, oldHash) || defaultHash(t)
}

// defaultHash reports whether a hello of TLS 1.2 or 1.3 with suites that sign
// leaves the hash to the default of TLS 1.2, which is SHA-1.
func defaultHash(t *classify.TLS) bool {
	return len(t.OfferedSignatures) == 0 && !t.SSLv2Framed &&
		slices.ContainsFunc(t.OfferedVersions, func(v classify.TLSVersion) bool { return v.TLS() == classify.TLS12 }) &&
		slices.ContainsFunc(t.OfferedSuites, signs)
}

func oldHash(s classify.SignatureScheme) bool {
	// TLS 1.2 (RFC 5246, section 7.4.1.4.1) numbers hashes in the first byte: 1 is
	// MD5, 2 SHA-1, whatever signs.
	return s>>8 == 1 || s>>8 == 2
}

func firstOldHash(schemes []classify.SignatureScheme) classify.SignatureScheme {
	return schemes[slices.IndexFunc(schemes, oldHash)]
}

func oldHashWords(t *classify.TLS) string {
	if len(t.OfferedSignatures) == 0 {
		return "no signature_algorithms, which allows SHA-1"
	}
	return "to take signatures by " + firstOldHash(t.OfferedSignatures).String()
}
