package classify

import "fmt"

// TLSVersion is a protocol version as it stands on the wire, save that a draft
// of TLS 1.3 is TLS13.
type TLSVersion uint16

// The versions of SSL, TLS and DTLS (RFC 8446, RFC 9147).
const (
	SSL2   TLSVersion = 0x0002
	SSL3   TLSVersion = 0x0300
	TLS10  TLSVersion = 0x0301
	TLS11  TLSVersion = 0x0302
	TLS12  TLSVersion = 0x0303
	TLS13  TLSVersion = 0x0304
	DTLS10 TLSVersion = 0xFEFF
	DTLS12 TLSVersion = 0xFEFD
	DTLS13 TLSVersion = 0xFEFC
)

// tlsVersion returns the version that a field of the wire names. Drafts of TLS
// 1.3 are 0x7F00 and the draft's number, 0x7E01 and up for Google's trials of
// them and 0xFB00 and the draft's number for Facebook's.
func tlsVersion(wire uint16) TLSVersion {
	switch wire >> 8 {
	case 0x7E, 0x7F, 0xFB:
		return TLS13
	case 0x01: // 0x0100 of OpenSSL before RFC 4347, which AnyConnect still speaks
		return DTLS10
	}
	return TLSVersion(wire)
}

// String returns "2.0" and "3.0" for SSL, "1.0" to "1.3" for TLS and DTLS, and
// anything else as "0xABCD".
func (v TLSVersion) String() string {
	switch v {
	case SSL2:
		return "2.0"
	case SSL3:
		return "3.0"
	case TLS10, DTLS10:
		return "1.0"
	case TLS11:
		return "1.1"
	case TLS12, DTLS12:
		return "1.2"
	case TLS13, DTLS13:
		return "1.3"
	}
	return fmt.Sprintf("0x%04X", uint16(v))
}

// Protocol returns the family that the version belongs to: "ssl", "tls" or
// "dtls".
func (v TLSVersion) Protocol() string {
	switch {
	case v == SSL2 || v == SSL3:
		return "ssl"
	case v>>8 == 0xFE:
		return "dtls"
	}
	return "tls"
}

// TLS returns the TLS version of the same strength, so that versions compare by
// number: DTLS 1.0 was made from TLS 1.1, and there never was a DTLS 1.1.
func (v TLSVersion) TLS() TLSVersion {
	switch v {
	case DTLS10:
		return TLS11
	case DTLS12:
		return TLS12
	case DTLS13:
		return TLS13
	}
	return v
}
