package rules

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

// handshakeCase is what one rule makes of one handshake. A wanted finding has
// the severity, and words of its message.
type handshakeCase struct {
	name     string
	tls      classify.TLS
	packets  []datum
	verdict  Verdict
	severity Severity
	says     string
}

func testHandshakes(t *testing.T, policy, rule string, cases []handshakeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := judge(parse(t, policy), (&wire{}).hello(c.tls, c.packets...))
			if q := requirement(t, r, rule); q.Verdict != c.verdict {
				t.Errorf("verdict %s (%s); %s is wanted", q.Verdict, q.Reason, c.verdict)
			}
			f := findings(r, rule)
			if (len(f) == 1) != (c.verdict == Fail) {
				t.Fatalf("findings %+v", f)
			}
			if len(f) == 1 && (f[0].Severity != c.severity || !strings.Contains(f[0].Message, c.says) || len(f[0].Evidence) == 0) {
				t.Errorf("%s: %s, evidence %v; %s and %q are wanted", f[0].Severity, f[0].Message, f[0].Evidence, c.severity, c.says)
			}
		})
	}
}

// today is the handshake of a client and a server of today, in TLS 1.2 and with
// a certificate.
func today(change func(t *classify.TLS)) classify.TLS {
	t := classify.TLS{
		ClientHello: true, ServerHello: true, SupportedVersions: true, ServerName: "logs.us-east-1.amazonaws.com",
		OfferedVersions: []classify.TLSVersion{classify.TLS13, classify.TLS12}, OfferedSuites: []classify.CipherSuite{0x1301, 0xC02F, 0x00FF},
		OfferedGroups: []classify.Group{29, 23}, OfferedSignatures: []classify.SignatureScheme{0x0403, 0x0804},
		Version: classify.TLS12, CipherSuite: 0xC02F, Group: 23, ForwardSecrecy: classify.Yes, Resumed: classify.No,
		ServerKeyExchange: true, SignatureScheme: 0x0804, Established: true,
		Certificate: &classify.Certificate{
			Subject: "CN=logs", Issuer: "CN=ca", DNSNames: []string{"*.us-east-1.amazonaws.com"}, NotBefore: 0, NotAfter: flow.Time(1) << 62,
			PublicKeyAlgorithm: "RSA", PublicKeyBits: 2048, SignatureAlgorithm: "SHA256-RSA",
		},
	}
	if change != nil {
		change(&t)
	}
	return t
}

// tls13 makes a handshake of TLS 1.3 of it.
func tls13(change func(t *classify.TLS)) classify.TLS {
	return today(func(t *classify.TLS) {
		t.Version, t.CipherSuite, t.KeyShare, t.Group = classify.TLS13, 0x1301, true, 29
		t.ServerKeyExchange, t.SignatureScheme, t.Certificate = false, 0, nil
		if change != nil {
			change(t)
		}
	})
}

// offered is a ClientHello that its server refused.
func offered(change func(t *classify.TLS)) classify.TLS {
	return today(func(t *classify.TLS) {
		*t = classify.TLS{ClientHello: true, SupportedVersions: true, OfferedVersions: t.OfferedVersions, OfferedSuites: t.OfferedSuites,
			OfferedGroups: t.OfferedGroups, OfferedSignatures: t.OfferedSignatures, Alert: "handshake_failure", AlertByServer: true}
		if change != nil {
			change(t)
		}
	})
}

// unseen is a flow of TLS of which neither hello was seen.
var unseen = classify.TLS{}

func TestDeprecatedVersionsOffered(t *testing.T) {
	testHandshakes(t, site, "tls-deprecated-offered", []handshakeCase{
		{"nothing old", offered(nil), exchange, Pass, 0, ""},
		{"1.1 beside newer ones", offered(func(t *classify.TLS) {
			t.OfferedVersions = []classify.TLSVersion{classify.TLS13, classify.TLS12, classify.TLS11}
		}), exchange, Fail, Low, "TLS 1.1; nothing below TLS 1.2 is wanted"},
		{"1.0 alone, without the extension", offered(func(t *classify.TLS) {
			t.OfferedVersions, t.SupportedVersions = []classify.TLSVersion{classify.TLS10}, false
		}), exchange, Fail, Low, "TLS 1.0"},
		{"1.2 without the extension", offered(func(t *classify.TLS) {
			t.OfferedVersions, t.SupportedVersions = []classify.TLSVersion{classify.TLS12}, false
		}), exchange, Indeterminate, 0, ""},
		{"SSL 2.0 framing", offered(func(t *classify.TLS) {
			t.OfferedVersions, t.SupportedVersions, t.SSLv2Framed = []classify.TLSVersion{classify.TLS12}, false, true
		}), exchange, Fail, Low, "SSL 2.0"},
		{"DTLS 1.0", offered(func(t *classify.TLS) {
			t.OfferedVersions = []classify.TLSVersion{classify.DTLS12, classify.DTLS10}
		}), exchange, Fail, Low, "DTLS 1.0; nothing below DTLS 1.2"},
		{"hello unseen", unseen, []datum{ask, answer}, Indeterminate, 0, ""},
	})
	testHandshakes(t, site+"tls: { min_version: \"1.3\" }\n", "tls-deprecated-offered", []handshakeCase{
		{"1.2 where 1.3 is the least", offered(nil), exchange, Fail, Low, "TLS 1.2; nothing below TLS 1.3 is wanted"},
	})
}

func TestWeakSuitesOffered(t *testing.T) {
	offers := func(suites ...classify.CipherSuite) classify.TLS {
		return offered(func(t *classify.TLS) { t.OfferedSuites = suites })
	}
	many := slices.Repeat([]classify.CipherSuite{0x009C}, 9)
	testHandshakes(t, site, "tls-weak-offered", []handshakeCase{
		{"good and signalling", offers(0x1301, 0xC02F, 0x00FF, 0x5600), exchange, Pass, 0, ""},
		{"legacy", offers(0xC013, 0x009E), exchange, Pass, 0, ""},
		{"static RSA", offers(0xC02F, 0x009C), exchange, Fail, Low, "TLS_RSA_WITH_AES_128_GCM_SHA256 (no forward secrecy)"},
		{"RC4 beside static RSA", offers(0x009C, 0x0005), exchange, Fail, Medium, "broken cipher suites: TLS_RSA_WITH_RC4_128_SHA (RC4"},
		{"export", offers(0x0003), exchange, Fail, Medium, "export grade"},
		{"not registered", offers(0xEEEE, 0xC02F), exchange, Pass, 0, ""},
		{"none", offers(), exchange, Pass, 0, ""},
		{"more than a sentence holds", offers(many...), exchange, Fail, Low, "and 6 more"},
		{"hello unseen", unseen, []datum{ask, answer}, Indeterminate, 0, ""},
	})
}

func TestSuitesThatNobodyKnowsAreNamed(t *testing.T) {
	hello := offered(func(t *classify.TLS) { t.OfferedSuites = []classify.CipherSuite{0x1301, 0xEEEE} })
	w := &wire{}
	q := requirement(t, judge(parse(t, site), w.hello(hello), w.hello(hello)), "tls-weak-offered")
	if q.Verdict != Pass || q.Reason != "not judged, because it is not registered with IANA: 0xEEEE" {
		t.Errorf("%s: %s", q.Verdict, q.Reason)
	}
}

// What a list was judged to be holds for that list alone.
func TestListsOfSuitesAreNotMistakenForOneAnother(t *testing.T) {
	r := &tlsWeakOffered{}
	for range 3 {
		for suite := range classify.CipherSuite(20) {
			want := max(suite.Class(), classify.ClassGood)
			if got, _ := r.list([]classify.CipherSuite{0x1301, suite}); got.worst != want {
				t.Errorf("%s: %s; %s is wanted", suite, got.worst, want)
			}
		}
	}
}

func TestCurrentPractice(t *testing.T) {
	suite := func(s classify.CipherSuite, etm bool) classify.TLS {
		return today(func(t *classify.TLS) { t.CipherSuite, t.EncryptThenMAC = s, etm })
	}
	const rule = "tls-current-practice"
	const gcm, ecdheCBC, ecdheCBC256, dhe, chacha, camellia, rsa, ccm8 = 0xC02F, 0xC013, 0xC027, 0x009E, 0xCCA8, 0xC08A, 0x009C, 0xC0AE
	testHandshakes(t, site, rule, []handshakeCase{
		{"ECDHE with GCM", suite(gcm, false), exchange, Pass, 0, ""},
		{"TLS 1.3", tls13(nil), exchange, Pass, 0, ""},
		{"ChaCha20", suite(chacha, false), exchange, Pass, 0, ""},
		{"DHE", suite(dhe, false), exchange, Fail, Medium, "(DHE); a suite of RFC 9325"},
		{"CBC", suite(ecdheCBC, false), exchange, Fail, Medium, "CBC"},
		{"CBC with encrypt_then_mac", suite(ecdheCBC, true), exchange, Fail, Low, "CBC"},
		{"static RSA", suite(rsa, false), exchange, Fail, Medium, "no forward secrecy"},
		{"CCM_8", suite(ccm8, false), exchange, Fail, Medium, "a short tag"},
		{"unregistered", suite(0xEEEE, false), exchange, Indeterminate, 0, ""},
		{"SSL 2.0", today(func(t *classify.TLS) { t.Version, t.CipherSuite = classify.SSL2, 0 }), exchange, Fail, Medium, "SSL 2.0"},
		{"refused", offered(nil), exchange, NotObserved, 0, ""},
		{"hello unseen", unseen, []datum{ask, answer}, Indeterminate, 0, ""},
	})
	testHandshakes(t, site+"tls: { profile: fips }\n", rule, []handshakeCase{
		{"ECDHE with GCM", suite(gcm, false), exchange, Pass, 0, ""},
		{"DHE", suite(dhe, false), exchange, Pass, 0, ""},
		{"CBC", suite(ecdheCBC, false), exchange, Pass, 0, ""},
		{"ChaCha20", suite(chacha, false), exchange, Fail, Medium, "cipher not AES"},
		{"Camellia", suite(camellia, false), exchange, Fail, Medium, "not recommended by the IETF"},
		{"static RSA", suite(rsa, false), exchange, Fail, Medium, "NIST SP 800-52r2"},
		{"CCM_8", suite(ccm8, false), exchange, Fail, Medium, "a short tag"},
	})
	testHandshakes(t, site+"tls: { profile: bsi }\n", rule, []handshakeCase{
		{"DHE before 2030", suite(dhe, false), exchange, Pass, 0, ""},
		{"CBC with SHA-256", suite(ecdheCBC256, false), exchange, Fail, Medium, "BSI TR-02102-2"},
		{"CBC with SHA-256 and encrypt_then_mac", suite(ecdheCBC256, true), exchange, Pass, 0, ""},
		{"CBC with SHA-1 and encrypt_then_mac", suite(ecdheCBC, true), exchange, Fail, Medium, "HMAC-SHA-1"},
		{"ChaCha20", suite(chacha, false), exchange, Fail, Medium, "cipher not AES"},
	})
	bsi := profileOf(parse(t, site+"tls: { profile: bsi }\n"))
	handshake := suite(dhe, false)
	if got := bsi.objections(&handshake, flow.Time(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())); len(got) != 1 {
		t.Errorf("DHE in 2030: objections %q", got)
	}
}

// No suite of TLS 1.2 without forward secrecy is anybody's current practice.
func TestNoProfileForgivesWeakness(t *testing.T) {
	for _, name := range []string{"bcp195", "fips", "bsi", "custom"} {
		p := profileOf(parse(t, site+"tls: { profile: "+name+" }\n"))
		for code := range 1 << 16 {
			s := classify.CipherSuite(code)
			if s.Class() < classify.ClassWeak {
				continue
			}
			if len(p.objections(&classify.TLS{CipherSuite: s, EncryptThenMAC: true}, 1)) == 0 {
				t.Errorf("%s accepts %s, which is %s", name, s, s.Class())
			}
		}
	}
}

func TestGroups(t *testing.T) {
	group := func(g classify.Group) classify.TLS { return today(func(t *classify.TLS) { t.Group = g }) }
	prime := func(bits int) classify.TLS {
		return today(func(t *classify.TLS) { t.CipherSuite, t.Group, t.DHBits = 0x009E, 0, bits })
	}
	const rule = "tls-group"
	testHandshakes(t, site, rule, []handshakeCase{
		{"secp256r1", group(23), exchange, Pass, 0, ""},
		{"x25519", group(29), exchange, Pass, 0, ""},
		{"secp224r1", group(21), exchange, Pass, 0, ""},
		{"secp192r1", group(19), exchange, Fail, High, "secp192r1, of 96 bits of security; a curve of at least 224 bits"},
		{"explicit", group(0xFF01), exchange, Fail, High, "explicit parameters"},
		{"prime of 1024 bits", prime(1024), exchange, Fail, High, "a prime of 1024 bits"},
		{"prime of 2047 bits", prime(2047), exchange, Fail, High, "at least 2048 bits"},
		{"prime of 2048 bits", prime(2048), exchange, Pass, 0, ""},
		{"brainpool", group(26), exchange, Pass, 0, ""},
		{"not registered", group(0xEEEE), exchange, Indeterminate, 0, ""},
		{"TLS 1.3", tls13(nil), exchange, Pass, 0, ""},
		{"TLS 1.3 with ffdhe2048", tls13(func(t *classify.TLS) { t.Group = 0x0100 }), exchange, Pass, 0, ""},
		{"psk_ke", tls13(func(t *classify.TLS) { t.Group, t.KeyShare, t.PSK, t.ForwardSecrecy = 0, false, true, classify.No }), exchange, Indeterminate, 0, ""},
		{"static RSA", today(func(t *classify.TLS) { t.Group, t.CipherSuite, t.ForwardSecrecy = 0, 0x009C, classify.No }), exchange, Indeterminate, 0, ""},
		{"key exchange cut off", group(0), exchange, Indeterminate, 0, ""},
		{"resumed", today(func(t *classify.TLS) { t.Group, t.Resumed = 0, classify.Yes }), exchange, Indeterminate, 0, ""},
		{"refused", offered(nil), exchange, NotObserved, 0, ""},
	})
	testHandshakes(t, site+"tls: { min_ec_bits: 521, min_dh_bits: 3072 }\n", rule, []handshakeCase{
		{"secp521r1", group(25), exchange, Pass, 0, ""},
		{"secp384r1", group(24), exchange, Fail, High, "secp384r1"},
		{"TLS 1.3 with ffdhe2048", tls13(func(t *classify.TLS) { t.Group = 0x0100 }), exchange, Fail, High, "a prime of 2048 bits"},
	})
	testHandshakes(t, site+"tls: { profile: fips }\n", rule, []handshakeCase{
		{"x25519", group(29), exchange, Fail, Medium, "a group of NIST SP 800-52r2 is wanted"},
		{"secp256r1", group(23), exchange, Pass, 0, ""},
		{"brainpool", group(26), exchange, Fail, Medium, "NIST"},
		{"hybrid", tls13(func(t *classify.TLS) { t.Group = 0x11EC }), exchange, Pass, 0, ""},
		{"prime", prime(2048), exchange, Pass, 0, ""},
	})
	testHandshakes(t, site+"tls: { profile: bsi }\n", rule, []handshakeCase{
		{"brainpool", group(26), exchange, Pass, 0, ""},
		{"ffdhe2048", tls13(func(t *classify.TLS) { t.Group = 0x0100 }), exchange, Fail, Medium, "BSI"},
	})
}

func TestHybridsAreCounted(t *testing.T) {
	hybrid := tls13(func(t *classify.TLS) { t.Group = 0x11EC })
	w := &wire{}
	q := requirement(t, judge(parse(t, site), w.hello(hybrid), w.hello(tls13(nil)), w.hello(hybrid)), "tls-group")
	if q.Verdict != Pass || q.Reason != "2 of 3 key exchanges were hybrids with a post-quantum KEM" {
		t.Errorf("%s: %s", q.Verdict, q.Reason)
	}
}

func TestSignatures(t *testing.T) {
	const rule = "tls-signature"
	testHandshakes(t, site, rule, []handshakeCase{
		{"PSS", today(nil), exchange, Pass, 0, ""},
		{"SHA-1", today(func(t *classify.TLS) { t.SignatureScheme = 0x0201 }), exchange, Fail, Medium, "rsa_pkcs1_sha1 in the ServerKeyExchange"},
		{"MD5", today(func(t *classify.TLS) { t.SignatureScheme = 0x0101 }), exchange, Fail, Medium, "rsa_pkcs1_md5"},
		{"the client's with SHA-1", today(func(t *classify.TLS) { t.ClientSignature = 0x0203 }), exchange, Fail, Medium, "ecdsa_sha1 in the client's CertificateVerify"},
		{"offered", today(func(t *classify.TLS) { t.OfferedSignatures = []classify.SignatureScheme{0x0804, 0x0201} }), exchange, Fail, Low, "to take signatures by rsa_pkcs1_sha1"},
		{"offered by the server", today(func(t *classify.TLS) { t.WantedSignatures = []classify.SignatureScheme{0x0804, 0x0201} }), exchange, Fail, Low, "CertificateRequest"},
		{"the default of TLS 1.2", today(func(t *classify.TLS) { t.OfferedSignatures = nil }), exchange, Fail, Low, "no signature_algorithms"},
		{"TLS 1.3", tls13(nil), exchange, Indeterminate, 0, ""},
		{"TLS 1.3, offered", tls13(func(t *classify.TLS) { t.OfferedSignatures = []classify.SignatureScheme{0x0201} }), exchange, Fail, Low, "rsa_pkcs1_sha1"},
		{"TLS 1.3, resumed", tls13(func(t *classify.TLS) { t.PSK, t.Resumed = true, classify.Yes }), exchange, Pass, 0, ""},
		{"static RSA", today(func(t *classify.TLS) { t.CipherSuite, t.SignatureScheme = 0x009C, 0 }), exchange, Pass, 0, ""},
		{"key exchange cut off", today(func(t *classify.TLS) { t.SignatureScheme = 0 }), exchange, Indeterminate, 0, ""},
		{"TLS 1.1", today(func(t *classify.TLS) { t.Version, t.SignatureScheme = classify.TLS11, 0 }), exchange, NotObserved, 0, ""},
		{"hello unseen", unseen, []datum{ask, answer}, Indeterminate, 0, ""},
	})
}

// What a client of the internet offers is its own matter.
func TestSignaturesOfferedByForeignClientsAreNotJudged(t *testing.T) {
	record := (&wire{}).tls("203.0.113.1:40000", "10.20.0.10:443", today(func(t *classify.TLS) { t.OfferedSignatures = []classify.SignatureScheme{0x0201} }))
	if q := requirement(t, judge(parse(t, site), record), "tls-signature"); q.Verdict != Pass {
		t.Errorf("%s (%s)", q.Verdict, q.Reason)
	}
}

func TestResumption(t *testing.T) {
	const rule = "tls-resumption"
	psk := func(change func(t *classify.TLS)) classify.TLS {
		return tls13(func(t *classify.TLS) {
			t.PSK, t.OfferedPSK, t.Resumed = true, true, classify.Yes
			if change != nil {
				change(t)
			}
		})
	}
	early := func(t *classify.TLS) { t.EarlyData, t.EarlyDataSent = true, true }
	cases := []handshakeCase{
		{"not resumed", tls13(nil), exchange, NotObserved, 0, ""},
		{"psk_dhe_ke", psk(nil), exchange, Pass, 0, ""},
		{"psk_ke", psk(func(t *classify.TLS) { t.KeyShare, t.ForwardSecrecy = false, classify.No }), exchange, Fail, Medium, "psk_ke"},
		{"early data", psk(early), exchange, Fail, Medium, "0-RTT"},
		{"early data offered, none sent", psk(func(t *classify.TLS) { t.EarlyData = true }), exchange, Pass, 0, ""},
		{"early data offered, then bytes lost", psk(func(t *classify.TLS) { t.EarlyData, t.Established = true, false }), exchange, Indeterminate, 0, ""},
		{"early data after which the server asked for another hello", psk(func(t *classify.TLS) { early(t); t.HelloRetry = true }), exchange, Pass, 0, ""},
		{"early data to a server that took no key", tls13(early), exchange, NotObserved, 0, ""},
		{"TLS 1.2, first handshake unseen", today(func(t *classify.TLS) { t.Resumed, t.ResumedKeys = classify.Yes, [][32]byte{{1}} }), exchange, Indeterminate, 0, ""},
		{"static RSA", today(func(t *classify.TLS) {
			t.Resumed, t.CipherSuite, t.ForwardSecrecy = classify.Yes, 0x009C, classify.No
		}), exchange, Fail, Medium, "no forward secrecy"},
		{"hello unseen", unseen, []datum{ask, answer}, Indeterminate, 0, ""},
		{"refused", offered(nil), exchange, NotObserved, 0, ""},
	}
	testHandshakes(t, site, rule, cases)
	testHandshakes(t, site+"tls: { allow_early_data: true }\n", rule, []handshakeCase{{"early data where it is allowed", psk(early), exchange, Pass, 0, ""}})
}

func TestAgeOfAResumedSession(t *testing.T) {
	for age, want := range map[time.Duration]Verdict{time.Hour: Pass, 23 * time.Hour: Pass, 25 * time.Hour: Fail} {
		w := &wire{}
		first := w.hello(today(func(t *classify.TLS) { t.SessionKeys = [][32]byte{{7}} }))
		renewed := w.hello(today(func(t *classify.TLS) {
			t.Resumed, t.ResumedKeys, t.SessionKeys = classify.Yes, [][32]byte{{7}}, [][32]byte{{8}}
		}))
		last := w.hello(today(func(t *classify.TLS) { t.Resumed, t.ResumedKeys = classify.Yes, [][32]byte{{8}} }))
		renewed.Start, last.Start = first.Start.Add(age/2), first.Start.Add(age)
		r := judge(parse(t, site), first, renewed, last)
		if q := requirement(t, r, "tls-resumption"); q.Verdict != want || q.Examined != 2 {
			t.Errorf("%s: %s of %d (%s); %s of 2 is wanted", age, q.Verdict, q.Examined, q.Reason, want)
		}
		for _, f := range findings(r, "tls-resumption") {
			if !strings.Contains(f.Message, "resumed a session 25h0m0s old; one of no more than 24h is wanted") {
				t.Errorf("%q", f.Message)
			}
		}
	}
}

func TestCertificates(t *testing.T) {
	begin := flow.Time(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixNano())
	with := func(change func(c *classify.Certificate)) classify.TLS {
		return today(func(t *classify.TLS) {
			t.Certificate.NotBefore, t.Certificate.NotAfter = begin, begin.Add(30*24*time.Hour)
			change(t.Certificate)
		})
	}
	shift := func(d time.Duration) flow.Time { return begin.Add(d) }
	for _, c := range []struct {
		name    string
		tls     classify.TLS
		at      flow.Time
		verdict Verdict
		says    string
	}{
		{"sound", with(func(*classify.Certificate) {}), shift(time.Hour), Pass, ""},
		{"expired", with(func(*classify.Certificate) {}), shift(31 * 24 * time.Hour), Fail, "it expired on 2026-12-20 00:00:00 UTC"},
		{"not yet valid", with(func(*classify.Certificate) {}), shift(-time.Hour), Fail, "not valid before 2026-11-20"},
		{"within the clock's error", with(func(*classify.Certificate) {}), shift(-time.Millisecond), Indeterminate, ""},
		{"clock not set", with(func(*classify.Certificate) {}), 1000, Indeterminate, ""},
		{"other name", with(func(c *classify.Certificate) { c.DNSNames = []string{"example.com"} }), shift(1), Fail, `names "example.com", not the "logs.us-east-1.amazonaws.com"`},
		{"other names, more than are read", with(func(c *classify.Certificate) { c.DNSNames, c.MoreNames = []string{"example.com"}, true }), shift(1), Indeterminate, ""},
		{"no name", with(func(c *classify.Certificate) { c.DNSNames = nil }), shift(1), Fail, "names no server"},
		{"'*' does not stand for two labels", with(func(c *classify.Certificate) { c.DNSNames = []string{"*.amazonaws.com"} }), shift(1), Fail, "not the"},
		{"short RSA key", with(func(c *classify.Certificate) { c.PublicKeyBits = 1024 }), shift(1), Fail, "RSA key has 1024 bits; at least 2048"},
		{"short EC key", with(func(c *classify.Certificate) { c.PublicKeyAlgorithm, c.PublicKeyBits = "ECDSA", 224 }), shift(1), Fail, "EC key has 224 bits"},
		{"SHA-1", with(func(c *classify.Certificate) { c.SignatureAlgorithm = "SHA1-RSA" }), shift(1), Fail, "signed with SHA1-RSA"},
		{"not readable", with(func(c *classify.Certificate) { *c = classify.Certificate{} }), shift(1), Indeterminate, ""},
		{"hello unseen, and so the name", today(func(t *classify.TLS) { t.ClientHello, t.ServerName = false, "" }), begin, Indeterminate, ""},
		{"cut off", today(func(t *classify.TLS) { t.Certificate = nil }), shift(1), Indeterminate, ""},
		{"anonymous", today(func(t *classify.TLS) { t.Certificate, t.CipherSuite = nil, 0x006C }), shift(1), NotObserved, ""},
		{"resumed", today(func(t *classify.TLS) { t.Certificate, t.Resumed = nil, classify.Yes }), shift(1), NotObserved, ""},
		{"TLS 1.3", tls13(nil), shift(1), NotObserved, ""},
		{"hello unseen", unseen, shift(1), Indeterminate, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := (&wire{}).hello(c.tls)
			record.Start = c.at
			r := judge(parse(t, site+"capture: { clock: { max_error: 250ms } }\n"), record)
			f := findings(r, "tls-certificate")
			if q := requirement(t, r, "tls-certificate"); q.Verdict != c.verdict || len(f) == 1 != (c.verdict == Fail) {
				t.Errorf("%s (%s), %+v; %s is wanted", q.Verdict, q.Reason, f, c.verdict)
			}
			if len(f) == 1 && !strings.Contains(f[0].Message, c.says) {
				t.Errorf("%q; %q is wanted", f[0].Message, c.says)
			}
		})
	}
	bsi := judge(parse(t, site+"tls: { profile: bsi }\n"), (&wire{}).hello(today(nil)))
	if f := findings(bsi, "tls-certificate"); len(f) != 1 || !strings.Contains(f[0].Message, "at least 3000") {
		t.Errorf("RSA with 2048 bits by bsi: %+v", f)
	}
}

func TestNamesThatACertificateCovers(t *testing.T) {
	c := &classify.Certificate{DNSNames: []string{"a.example.com", "*.b.example.com", "*", "*.", "f*.c.example.com"}}
	for name, want := range map[string]bool{
		"a.example.com": true, "A.EXAMPLE.com.": true, "x.a.example.com": false,
		"x.b.example.com": true, "b.example.com": false, "x.y.b.example.com": false, ".b.example.com": false,
		"foo.c.example.com": false, "com": false, "example.com": false, "": false, "192.0.2.1": false,
	} {
		if covers(c, name) != want {
			t.Errorf("%q: covered %v; %v is wanted", name, !want, want)
		}
	}
	c.IPAddresses = append(c.IPAddresses, addr("192.0.2.1"))
	if !covers(c, "192.0.2.1") || covers(c, "192.0.2.2") {
		t.Error("addresses are compared wrongly")
	}
}

// A violation that is found again and again is one finding, whose sentence is
// that of the earliest flow, in whatever order the flows end.
func TestRepeatedViolationsAreOneFinding(t *testing.T) {
	p := parse(t, site)
	records := func() (list []*classify.Record) {
		w := &wire{}
		for i := range 12 {
			tls := offered(func(t *classify.TLS) {
				t.OfferedSuites = []classify.CipherSuite{0x1301, 0x009C}
				if i%3 == 0 {
					t.OfferedSuites = append(t.OfferedSuites, 0x0035)
				}
				t.OfferedVersions = append(t.OfferedVersions, classify.TLS11)
				t.OfferedSignatures = append(t.OfferedSignatures, 0x0201)
			})
			list = append(list, w.hello(tls))
		}
		return list
	}
	ordered := func(seed uint64) []Finding {
		list := records()
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r := sortedFlows(judge(p, list...))
		for i := range r.Findings {
			slices.SortFunc(r.Findings[i].Evidence, byFrame)
		}
		return slices.DeleteFunc(r.Findings, func(f Finding) bool { return !strings.HasPrefix(f.Rule, "tls-") })
	}
	want := ordered(0)
	if len(want) != 3 {
		t.Fatalf("%d findings; 3 are wanted: %+v", len(want), want)
	}
	for _, f := range want {
		if f.Count != 12 || len(f.Flows) != 1 || len(f.Evidence) != 12 || f.First != records()[0].Start {
			t.Errorf("%s: %d times, first %d, flows %v, evidence %v", f.Rule, f.Count, f.First, f.Flows, f.Evidence)
		}
		if f.Rule == "tls-weak-offered" && !strings.Contains(f.Message, "TLS_RSA_WITH_AES_256_CBC_SHA ") {
			t.Errorf("%q is not the earliest flow's", f.Message)
		}
	}
	if q := requirement(t, judge(p, records()...), "tls-weak-offered"); q.Examined != 12 || q.Failed != 12 {
		t.Errorf("%d of %d failed; 12 of 12 are wanted", q.Failed, q.Examined)
	}
	for seed := range uint64(30) {
		got := ordered(seed)
		for i := range want {
			got[i].names, want[i].names = nil, nil
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("seed %d:\n%+v\nwant\n%+v", seed, got[i], want[i])
			}
		}
	}
}
