package classify

import (
	"cmp"
	"fmt"
	"slices"
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
