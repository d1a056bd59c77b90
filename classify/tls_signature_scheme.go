package classify

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

//go:generate go run ./gen signatures ../../shared/reference/tls_sigalgs.csv tls_signature_scheme_table.go

// SignatureScheme is the code point of a signature algorithm (RFC 8446,
// section 4.2.3), which in TLS 1.2 is a pair of hash and signature.
type SignatureScheme uint16

type signatureScheme struct {
	id      SignatureScheme
	name    string
	hash    string
	class   Class
	reasons string
}

// row returns what the table says of s; the zero row when it does not know it.
func (s SignatureScheme) row() signatureScheme {
	i, found := slices.BinarySearchFunc(signatureSchemes[:], s, func(r signatureScheme, s SignatureScheme) int { return cmp.Compare(r.id, s) })
	if !found {
		return signatureScheme{}
	}
	return signatureSchemes[i]
}

// String returns the IANA name, or the code point as "0xABCD" when s is not
// registered.
func (s SignatureScheme) String() string {
	if name := s.row().name; name != "" {
		return name
	}
	return fmt.Sprintf("0x%04X", uint16(s))
}

// Hash returns the hash that is signed: "md5", "sha1", "sha256" …; empty when
// the scheme fixes none or is unknown.
func (s SignatureScheme) Hash() string { return s.row().hash }

// Class says how the scheme stands by the practice of today.
func (s SignatureScheme) Class() Class { return s.row().class }

// Reasons returns why the scheme has its class, as short fixed words.
func (s SignatureScheme) Reasons() []string { return reasons(s.row().reasons) }

// readWantedSignatures reads the supported_signature_algorithms of a TLS 1.2
// CertificateRequest.
func readWantedSignatures(body cryptobyte.String) ([]SignatureScheme, bool) {
	// RFC 5246, section 7.4.4: ClientCertificateType certificate_types<1..2^8-1>;
	// SignatureAndHashAlgorithm supported_signature_algorithms<2^16-1>;
	// DistinguishedName certificate_authorities<0..2^16-1>
	var types, schemes cryptobyte.String
	if !body.ReadUint8LengthPrefixed(&types) || !body.ReadUint16LengthPrefixed(&schemes) {
		return nil, false
	}
	return codePoints[SignatureScheme](schemes), true
}
