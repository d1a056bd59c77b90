package classify

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"math"
	"net"
	"net/netip"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// maxCertificateNames bounds the names and the addresses that are kept of a
// certificate.
const maxCertificateNames = 256

// readLeaf returns the DER encoding of the first certificate of a Certificate
// message up to TLS 1.2, nil when the sender had none, and false when the body
// breaks its syntax.
func readLeaf(body cryptobyte.String) (der []byte, ok bool) {
	// RFC 5246, section 7.4.2: ASN.1Cert certificate_list<0..2^24-1>, each
	// opaque<1..2^24-1>
	var list, leaf cryptobyte.String
	if !body.ReadUint24LengthPrefixed(&list) {
		return nil, false
	}
	if list.Empty() {
		return nil, true
	}
	if !list.ReadUint24LengthPrefixed(&leaf) {
		return nil, false
	}
	return leaf, true
}

// parseCertificate returns what a certificate says of itself. When crypto/x509
// refuses it, SHA256 alone is set.
func parseCertificate(der []byte) *Certificate {
	c := &Certificate{SHA256: sha256.Sum256(der)}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		return c
	}
	c.Subject, c.Issuer = x.Subject.String(), x.Issuer.String()
	c.DNSNames = x.DNSNames[:min(len(x.DNSNames), maxCertificateNames)]
	c.IPAddresses = addresses(x.IPAddresses)
	c.MoreNames = max(len(x.DNSNames), len(x.IPAddresses)) > maxCertificateNames
	c.SerialNumber = x.SerialNumber.Text(16)
	c.NotBefore, c.NotAfter = clamp(x.NotBefore), clamp(x.NotAfter)
	c.PublicKeyAlgorithm, c.PublicKeyBits = x.PublicKeyAlgorithm.String(), keyBits(x.PublicKey)
	c.SignatureAlgorithm = x.SignatureAlgorithm.String()
	return c
}

// clamp returns t in flow's time, which ends in the year 2262: certificates that
// do not expire say 9999 (RFC 5280, section 4.1.2.5).
func clamp(t time.Time) flow.Time {
	seconds := min(max(t.Unix(), math.MinInt64/int64(time.Second)), math.MaxInt64/int64(time.Second))
	return flow.Time(seconds * int64(time.Second))
}

func addresses(ips []net.IP) (list []netip.Addr) {
	for _, ip := range ips[:min(len(ips), maxCertificateNames)] {
		if a, ok := netip.AddrFromSlice(ip); ok {
			list = append(list, a.Unmap())
		}
	}
	return list
}

// keyBits returns the length of an RSA modulus or of a curve's order; 0 for
// other keys.
func keyBits(key any) int {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return 256
	}
	return 0
}
