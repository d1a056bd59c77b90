package classify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

//go:generate go run ./gen suites ../../shared/reference/tls_ciphersuites.csv cipher_suite_table.go

// CipherSuite is a TLS cipher suite's code point (RFC 8446, appendix B.4).
type CipherSuite uint16

type cipherSuite struct {
	id                                CipherSuite
	name, keyExchange, authentication string
	forwardSecret                     Trit
	class                             Class
	reasons                           string
}

// unregistered lists suites that real programs have used without a registration
// under these code points: the ChaCha20 suites of draft-agl-tls-chacha20poly1305,
// the export suites of draft-ietf-tls-56-bit-ciphersuites and Netscape's FIPS
// suites, in the order of code points.
var unregistered = [...]cipherSuite{
	{0x0060, "TLS_RSA_EXPORT1024_WITH_RC4_56_MD5", "RSA", "RSA", No, ClassBroken, "export_grade;rc4;md5_mac;no_forward_secrecy"},
	{0x0061, "TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5", "RSA", "RSA", No, ClassBroken, "export_grade;key<112bit;md5_mac;no_forward_secrecy"},
	{0x0062, "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA", "RSA", "RSA", No, ClassBroken, "export_grade;key<112bit;no_forward_secrecy;sha1_mac"},
	{0x0063, "TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA", "DHE", "DSS", Yes, ClassBroken, "export_grade;key<112bit;sha1_mac;dss_auth"},
	{0x0064, "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA", "RSA", "RSA", No, ClassBroken, "export_grade;rc4;no_forward_secrecy;sha1_mac"},
	{0x0065, "TLS_DHE_DSS_EXPORT1024_WITH_RC4_56_SHA", "DHE", "DSS", Yes, ClassBroken, "export_grade;rc4;sha1_mac;dss_auth"},
	{0x0066, "TLS_DHE_DSS_WITH_RC4_128_SHA", "DHE", "DSS", Yes, ClassBroken, "rc4;sha1_mac;dss_auth"},
	{0xCC13, "OLD_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE", "RSA", Yes, ClassLegacy, "obsolete_draft"},
	{0xCC14, "OLD_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE", "ECDSA", Yes, ClassLegacy, "obsolete_draft"},
	{0xCC15, "OLD_TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE", "RSA", Yes, ClassLegacy, "obsolete_draft;ffdhe_tls12_deprecated"},
	{0xFEFE, "SSL_RSA_FIPS_WITH_DES_CBC_SHA", "RSA", "RSA", No, ClassBroken, "key<112bit;no_forward_secrecy;cbc_mac_then_encrypt;sha1_mac"},
	{0xFEFF, "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA", "RSA", "RSA", No, ClassWeak, "no_forward_secrecy;64bit_block;cbc_mac_then_encrypt;sha1_mac"},
}

// row returns what the tables say of c; the zero row when they do not know it.
func (c CipherSuite) row() cipherSuite {
	for _, table := range [...][]cipherSuite{cipherSuites[:], unregistered[:]} {
		i, found := slices.BinarySearchFunc(table, c, func(r cipherSuite, c CipherSuite) int { return cmp.Compare(r.id, c) })
		if found {
			return table[i]
		}
	}
	return cipherSuite{}
}

// String returns the IANA name, or the code point as "0xABCD" when c is not
// registered.
func (c CipherSuite) String() string {
	if name := c.row().name; name != "" {
		return name
	}
	return fmt.Sprintf("0x%04X", uint16(c))
}

// KeyExchange returns the key exchange that the suite stands for: RSA, DH,
// DHE, DHE_anon, DHE_PSK, ECDH, ECDHE, ECDHE_anon, ECDHE_PSK, PSK, RSA_PSK,
// SRP, KRB5, ECCPWD, GOST_VKO, NULL; "TLS13" when the suite leaves it open, and
// empty when the suite is unknown or a signalling value.
func (c CipherSuite) KeyExchange() string { return c.row().keyExchange }

// Authentication returns how the suite authenticates the server: RSA, DSS,
// ECDSA, PSK …, "none" or "TLS13", and empty when the suite is unknown.
func (c CipherSuite) Authentication() string { return c.row().authentication }

// AES reports whether AES is the suite's cipher: its name says so.
func (c CipherSuite) AES() bool { return strings.Contains(c.row().name, "_AES_") }

// ForwardSecret says whether a full handshake with this suite is forward
// secret. It is unknown for unregistered suites and for those of TLS 1.3,
// where the handshake's extensions decide and not the suite.
func (c CipherSuite) ForwardSecret() Trit { return c.row().forwardSecret }

// Class says how the suite stands by the practice of today.
func (c CipherSuite) Class() Class { return c.row().class }

// Reasons returns why the suite has its class, as short fixed words such as
// "no_encryption" or "rc4"; none for a good or an unknown suite.
func (c CipherSuite) Reasons() []string { return reasons(c.row().reasons) }
