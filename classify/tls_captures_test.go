package classify

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A tlsTurn is what one side sent before the other spoke, or a part of that.
type tlsTurn struct {
	server bool
	bytes  []byte
}

// tlsTurns reads a connection of testdata/tls: one segment a line, "client" or
// "server" and the bytes in hexadecimal, in the order of their arrival.
func tlsTurns(t testing.TB, name string) (turns []tlsTurn) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "tls", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		who, text, _ := strings.Cut(lines.Text(), " ")
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		turns = append(turns, tlsTurn{who == "server", b})
	}
	return turns
}

// tlsHalves joins turns to the two halves.
func tlsHalves(turns []tlsTurn) (s Stream) {
	for _, turn := range turns {
		if turn.server {
			s.Server = append(s.Server, turn.bytes...)
		} else {
			s.Client = append(s.Client, turn.bytes...)
		}
	}
	return s
}

func tlsNames(t testing.TB) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", "tls"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// tlsSeen puts what decides about a connection in one line.
func tlsSeen(f Facts, a Answer) string {
	x := f.TLS
	if x == nil {
		return fmt.Sprintf("%d no TLS", a)
	}
	s := []string{[...]string{"no match", "need more", "matched"}[a]}
	add := func(cond bool, format string, args ...any) {
		if cond {
			s = append(s, fmt.Sprintf(format, args...))
		}
	}
	add(x.ServerHello, "%s %s %s", x.Version.Protocol(), x.Version, x.CipherSuite)
	add(x.Group != 0, "%s", x.Group)
	add(x.DHBits != 0, "dh%d", x.DHBits)
	add(x.SignatureScheme != 0, "%s", x.SignatureScheme)
	add(x.KeyShare, "key_share")
	add(x.PSK, "psk")
	add(x.HelloRetry, "retry")
	add(x.ServerKeyExchange, "ske")
	add(x.Certificate != nil, "cert")
	add(x.ClientCertificate, "client-cert")
	add(x.ClientSignature != 0, "signed %s of %d", x.ClientSignature, len(x.WantedSignatures))
	add(x.EncryptThenMAC, "etm")
	add(x.EarlyData, "early")
	add(x.EarlyDataSent, "sent")
	add(x.ALPN != "", "alpn=%s", x.ALPN)
	add(f.Wrapped != "", "%s by %s", f.Wrapped, f.WrappedBy)
	add(true, "resumed=%s secret=%s", x.Resumed, x.ForwardSecrecy)
	add(x.Established, "established")
	add(x.Alert != "", "alert=%s server=%t", x.Alert, x.AlertByServer)
	add(f.Malformed, "malformed")
	return strings.Join(s, " ")
}

const tlsCertified = "rsa_pss_rsae_sha256 ske cert resumed=no secret=yes established"

// The names are those of the captures, made with OpenSSL, and the connection's
// number in each. JA3 and JA3S are Wireshark's. The two captures with finite
// field groups carry, by their bytes, 1024 bits in "anon" and 2048 in "dhe1024".
func tlsCaptures() map[string]struct{ seen, ja3, ja3s string } {
	return map[string]struct{ seen, ja3, ja3s string }{
		"alpn-mqtt.0": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 rsa_pss_rsae_sha256 ske cert alpn=x-amzn-mqtt-ca mqtt by alpn resumed=no secret=yes established",
			"22558766122974704364c9c75c5cce0a", "895252f3ce80cebf7a8837be83ec8e16"},
		"mtls.0": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 rsa_pss_rsae_sha256 ske cert client-cert signed rsa_pss_rsae_sha256 of 20 resumed=no secret=yes established",
			"871a754af286dfb70c1b53c6887c62e0", "ec74a5c51106f0419184d0dd08fb05bc"},
		"tls10.0": {"matched tls 1.0 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA x25519 ske cert etm resumed=no secret=yes established",
			"c6dbf3152a545382a95425e390e2d2e8", "bd665c27797205a73c67f1be8b8ed90f"},
		"tls11.0": {"matched tls 1.1 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA x25519 ske cert etm resumed=no secret=yes established",
			"1d41372cac33d51bb9265e8f91bf1df0", "35b72bd6c43cf850b77a476c54cee5ab"},
		"tls12-anon.0": {"matched tls 1.2 TLS_DH_anon_WITH_AES_128_CBC_SHA256 dh1024 ske etm resumed=no secret=yes established",
			"90cde87683ca76a627fa29cc2d2102f8", "8a20f3d2556ec16237ca1b690bb85579"},
		"tls12-dhe1024.0": {"matched tls 1.2 TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 dh2048 " + tlsCertified,
			"bfa18b1f40827f028ed9d6133d494e0f", "6083fd0ddad8c75177f2e05a0d16748f"},
		"tls12-ecdhe-null.0": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_NULL_SHA x25519 " + strings.Replace(tlsCertified, "cert", "cert etm", 1),
			"ead663696c72b899edc8a8a8b8bcebc9", "55fa8c864ac2e1a739fbcd1e23c092b0"},
		"tls12-ecdhe.0": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 " + tlsCertified,
			"871a754af286dfb70c1b53c6887c62e0", "ec74a5c51106f0419184d0dd08fb05bc"},
		"tls12-fail.0": {"matched resumed=unknown secret=unknown alert=protocol_version server=true",
			"871a754af286dfb70c1b53c6887c62e0", ""},
		"tls12-null.0": {"matched tls 1.2 TLS_RSA_WITH_NULL_SHA256 cert etm resumed=no secret=no established",
			"867f68e6f517f5e44f1ddca5d805366c", "d8d8a9968e53610b0e5c9c3f48ac7ae5"},
		"tls12-psk.0": {"matched tls 1.2 TLS_PSK_WITH_AES_128_GCM_SHA256 resumed=no secret=no established",
			"e2c742a1ce16f0102cfd7812f3521299", "51946f783c9dc140b29d19b802d25eb4"},
		"tls12-rsa.0": {"matched tls 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 cert resumed=no secret=no established",
			"501801de8dfd25a0aa11de189c12c3ae", "110000ad915ab9299cb0e19279cb104c"},
		"tls12-sessid.0": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 " + tlsCertified,
			"da2d07d073fb1a692629af125bfe875e", "e54965894d6b45ecb4323c7ea3d6c115"},
		"tls12-sessid.1": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 resumed=yes secret=yes established",
			"2c4428422b734ef16cdbf05bc5d82e08", "fd4bc6cea4877646ccd62f0792ec0b62"},
		"tls12-sha1sig.0": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 x25519 rsa_pkcs1_sha1 ske cert resumed=no secret=yes established",
			"d1f47f694f10b1faf653048918492609", "1af33e1657631357c73119488045302c"},
		"tls12-ticket.0": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 " + tlsCertified,
			"fbe7e189e37a07ee33706f86bc746344", "ec74a5c51106f0419184d0dd08fb05bc"},
		"tls12-ticket.1": {"matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 resumed=yes secret=yes established",
			"871a754af286dfb70c1b53c6887c62e0", "fd4bc6cea4877646ccd62f0792ec0b62"},
		"tls13-0rtt.0": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 x25519 key_share resumed=no secret=yes established",
			"f146948b4a599d4d7ddf071b74696983", "15af977ce25de452b96affa2addb1036"},
		"tls13-0rtt.1": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 x25519 key_share psk early sent resumed=yes secret=yes established",
			"24f7cdd06e16ad467d45bc4196a60c7a", "2253c82f03b621c5144709b393fde2c9"},
		"tls13-hrr.0": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 secp384r1 key_share retry resumed=no secret=yes established",
			"b76a0e4d93920eb9a4ff1bb9c8879387", "15af977ce25de452b96affa2addb1036"},
		"tls13-psk_ke.0": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 secp256r1 key_share resumed=no secret=yes established",
			"9159770dc03f66db850e3574a5a9a829", "15af977ce25de452b96affa2addb1036"},
		"tls13-psk_ke.1": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 psk resumed=yes secret=no established",
			"29125e9057dad4d9a481b3c19c5ebb0d", "b834cbcc4b0f8b509a0fe7e3c844a0a0"},
		"tls13-resume.0": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 x25519 key_share resumed=no secret=yes established",
			"c1e58b5fa361cf5bfc0635a61bd8573c", "15af977ce25de452b96affa2addb1036"},
		"tls13-resume.1": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 x25519 key_share psk resumed=yes secret=yes established",
			"5d70a188544fb769122c0d9b2509a405", "2253c82f03b621c5144709b393fde2c9"},
		"tls13.0": {"matched tls 1.3 TLS_AES_256_GCM_SHA384 x25519 key_share resumed=no secret=yes established",
			"f146948b4a599d4d7ddf071b74696983", "15af977ce25de452b96affa2addb1036"},
	}
}

func TestCapturedHandshakes(t *testing.T) {
	want := tlsCaptures()
	for _, name := range tlsNames(t) {
		f, a := tlsStream(tlsHalves(tlsTurns(t, name)), nil)
		w, listed := want[name]
		if !listed {
			t.Errorf("%s: nothing says what it must yield", name)
			continue
		}
		if got := tlsSeen(f, a); got != w.seen {
			t.Errorf("%s:\n got %s\nwant %s", name, got, w.seen)
		}
		if f.TLS.JA3 != w.ja3 || f.TLS.JA3S != w.ja3s {
			t.Errorf("%s: JA3 %s JA3S %s, want %s %s", name, f.TLS.JA3, f.TLS.JA3S, w.ja3, w.ja3s)
		}
	}
}

func TestFactsOfOneHandshakeInFull(t *testing.T) {
	f, a := tlsStream(tlsHalves(tlsTurns(t, "alpn-mqtt.0")), nil)
	x := f.TLS
	if a != Matched || f.Protocol != ProtoTLS {
		t.Fatalf("got %v %s", a, f.Protocol)
	}
	if !reflect.DeepEqual(x.OfferedVersions, []TLSVersion{TLS12}) || len(x.OfferedSuites) != 28 || x.OfferedSuites[0] != 0xC02C ||
		!reflect.DeepEqual(x.OfferedGroups, []Group{29, 23, 30, 25, 24}) || !reflect.DeepEqual(x.OfferedALPN, []string{"x-amzn-mqtt-ca"}) ||
		x.ServerName != "logs.us-east-1.amazonaws.com" || x.JA4 != "t12d2808xa_d943125447b4_e7e480e5a997" {
		t.Errorf("the offer is %v %v %v %q %q %s", x.OfferedVersions, x.OfferedSuites, x.OfferedGroups, x.OfferedALPN, x.ServerName, x.JA4)
	}
	wantMarks := []Mark{{"ClientHello", false, 0}, {"ServerHello", true, 0}, {"Certificate", true, 91}, {"ServerKeyExchange", true, 918}}
	if !reflect.DeepEqual(f.Marks, wantMarks) {
		t.Errorf("marks %v, want %v", f.Marks, wantMarks)
	}
	c := x.Certificate
	if c.Subject != "CN=test" || c.Issuer != "CN=test" || !reflect.DeepEqual(c.DNSNames, []string{"logs.us-east-1.amazonaws.com"}) ||
		c.SerialNumber != "34e8706add5e19eba48ef697df99b3cbec4c9363" || c.NotAfter.Sub(c.NotBefore).Hours() != 30*24 ||
		c.PublicKeyAlgorithm != "RSA" || c.PublicKeyBits != 2048 || c.SignatureAlgorithm != "SHA256-RSA" ||
		hex.EncodeToString(c.SHA256[:4]) != "115c1700" {
		t.Errorf("certificate %+v", c)
	}
}

func TestResumptionNamesTheHandshakeThatItResumes(t *testing.T) {
	for _, name := range []string{"tls12-ticket", "tls12-sessid"} {
		first, _ := tlsStream(tlsHalves(tlsTurns(t, name+".0")), nil)
		second, _ := tlsStream(tlsHalves(tlsTurns(t, name+".1")), nil)
		found := slices.ContainsFunc(second.TLS.ResumedKeys, func(k [32]byte) bool { return slices.Contains(first.TLS.SessionKeys, k) })
		if !found {
			t.Errorf("%s: the second handshake asks for %x, the first gave %x", name, second.TLS.ResumedKeys, first.TLS.SessionKeys)
		}
	}
}

// agreeTLS reports whether what a part of a connection says stands in the whole.
func agreeTLS(part, whole *TLS) bool {
	return (part.Version == 0 || part.Version == whole.Version) &&
		(!part.ServerHello || part.CipherSuite == whole.CipherSuite) &&
		(part.Resumed == UnknownTrit || part.Resumed == whole.Resumed) &&
		(part.ForwardSecrecy == UnknownTrit || part.ForwardSecrecy == whole.ForwardSecrecy) &&
		(part.Group == 0 || part.Group == whole.Group) &&
		(!part.Established || whole.Established) && (part.Alert == "" || part.Alert == whole.Alert)
}

func TestEveryPrefixOfAHandshakeNeedsMore(t *testing.T) {
	for _, name := range tlsNames(t) {
		turns := tlsTurns(t, name)
		whole, _ := tlsStream(tlsHalves(turns), nil)
		var s Stream
		matched := false
		for _, turn := range turns {
			for _, b := range turn.bytes {
				f, a := tlsStream(s, nil)
				switch {
				case !matched && a == Matched:
					matched = true
				case a == NoMatch || matched != (a == Matched):
					t.Fatalf("%s: %d, %d bytes: answer %d", name, len(s.Client), len(s.Server), a)
				}
				if matched && !reflect.DeepEqual(f, whole) {
					t.Fatalf("%s: %d, %d bytes: facts change after the answer", name, len(s.Client), len(s.Server))
				}
				if f.TLS != nil && !agreeTLS(f.TLS, whole.TLS) {
					t.Fatalf("%s: %d, %d bytes: %s", name, len(s.Client), len(s.Server), tlsSeen(f, a))
				}
				if turn.server {
					s.Server = append(s.Server, b)
				} else {
					s.Client = append(s.Client, b)
				}
			}
		}
	}
}

// Losing the end of either half, or of both, may leave a fact unknown and never
// turns one into its opposite.
func TestCutHalvesNeverContradictTheWhole(t *testing.T) {
	for _, name := range tlsNames(t) {
		s := tlsHalves(tlsTurns(t, name))
		whole, _ := tlsStream(s, nil)
		for c := 0; c <= len(s.Client); c += 11 {
			for v := 0; v <= len(s.Server); v += 37 {
				f, a := tlsStream(Stream{Client: s.Client[:c], Server: s.Server[:v], Final: true}, nil)
				if f.TLS != nil && !agreeTLS(f.TLS, whole.TLS) {
					t.Fatalf("%s: %d, %d bytes: %s", name, c, v, tlsSeen(f, a))
				}
			}
		}
	}
}

func TestOneHalfAlone(t *testing.T) {
	for name, want := range map[string]struct{ client, server string }{
		"tls12-ecdhe.0": {"need more resumed=unknown secret=unknown",
			"need more tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 rsa_pss_rsae_sha256 ske cert resumed=no secret=yes"},
		"tls12-ticket.1": {"need more resumed=unknown secret=unknown",
			"need more tls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 resumed=yes secret=yes"},
		"tls13-psk_ke.1": {"need more resumed=unknown secret=unknown",
			"need more tls 1.3 TLS_AES_256_GCM_SHA384 psk resumed=yes secret=no"},
		"tls13-hrr.0": {"need more resumed=unknown secret=unknown",
			"need more tls 1.3 TLS_AES_256_GCM_SHA384 secp384r1 key_share retry resumed=no secret=yes"},
		"tls12-fail.0": {"need more resumed=unknown secret=unknown",
			"matched resumed=unknown secret=unknown alert=protocol_version server=true"},
	} {
		s := tlsHalves(tlsTurns(t, name))
		if got := tlsSeen(tlsStream(Stream{Client: s.Client, Final: true}, nil)); got != want.client {
			t.Errorf("%s, client: %s", name, got)
		}
		if got := tlsSeen(tlsStream(Stream{Server: s.Server, Final: true}, nil)); got != want.server {
			t.Errorf("%s, server: %s", name, got)
		}
	}
}

func TestCostlyFactsWaitUntilTheyStand(t *testing.T) {
	s := tlsHalves(tlsTurns(t, "tls12-ecdhe.0"))
	s.Client = s.Client[:230]
	f, a := tlsStream(s, nil)
	if a != NeedMore || f.TLS.JA3S != "" || f.TLS.Certificate != nil {
		t.Errorf("before the end: %d %+v", a, f.TLS)
	}
	s.Final = true
	f, a = tlsStream(s, nil)
	if a != NeedMore || f.TLS.JA3 == "" || f.TLS.JA4 == "" || f.TLS.JA3S == "" || f.TLS.Certificate == nil {
		t.Errorf("at the end: %d %+v", a, f.TLS)
	}
}
