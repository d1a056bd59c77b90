package classify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestCertificateThatNeverExpires(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xC0FFEE),
		Subject:      pkix.Name{CommonName: "camera", Organization: []string{"Example"}},
		NotBefore:    time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		IPAddresses:  []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")},
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c := parseCertificate(der)
	if c.Subject != "CN=camera,O=Example" || c.SerialNumber != "c0ffee" || c.PublicKeyAlgorithm != "Ed25519" || c.PublicKeyBits != 256 ||
		!slices.Equal(c.IPAddresses, []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}) {
		t.Errorf("got %+v", c)
	}
	if !c.NotBefore.UTC().Equal(template.NotBefore) || c.NotAfter.UTC().Year() != 2262 {
		t.Errorf("valid from %v to %v", c.NotBefore.UTC(), c.NotAfter.UTC())
	}
}

func TestCertificateThatDoesNotParseKeepsItsDigest(t *testing.T) {
	der := []byte{0x30, 0x03, 2, 1, 1}
	if c := parseCertificate(der); c.SHA256 != sha256.Sum256(der) || c.Subject != "" || c.NotAfter != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestCertificateMessages(t *testing.T) {
	for name, c := range map[string]struct {
		body []byte
		leaf string
		ok   bool
	}{
		"leaf and issuer": {[]byte{0, 0, 9, 0, 0, 2, 'a', 'b', 0, 0, 1, 'c'}, "ab", true},
		"no certificate":  {[]byte{0, 0, 0}, "", true},
		"list cut":        {[]byte{0, 0, 9, 0, 0, 2}, "", false},
		"leaf cut":        {[]byte{0, 0, 4, 0, 0, 2, 'a'}, "", false},
		"empty":           {nil, "", false},
	} {
		if leaf, ok := readLeaf(c.body); string(leaf) != c.leaf || ok != c.ok {
			t.Errorf("%s: %q %t", name, leaf, ok)
		}
	}
}
