package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

const appliance, awsPort = "10.20.0.10:40000", "198.51.100.11:443"

// hello returns a flow of these packets that holds what t says of a handshake.
func (w *wire) hello(t classify.TLS, packets ...datum) *classify.Record {
	return spoken(w.tcp(appliance, awsPort, packets...), classify.Facts{Protocol: classify.ProtoTLS, TLS: &t}, "ClientHello")
}

// What one handshake yields by the rules on what was negotiated and offered.
func TestHandshakes(t *testing.T) {
	const version, secrecy, broken = "tls-version", "tls-forward-secrecy", "tls-broken-cipher"
	client := classify.TLS{
		ClientHello: true, OfferedVersions: []classify.TLSVersion{classify.TLS12}, OfferedSuites: []classify.CipherSuite{0xC02F}, OfferedGroups: []classify.Group{29},
	}
	with := func(change func(t *classify.TLS)) classify.TLS { c := client; change(&c); return c }
	tls12 := func(suite classify.CipherSuite, secret, resumed classify.Trit) func(t *classify.TLS) {
		return func(t *classify.TLS) {
			t.ServerHello, t.Version, t.CipherSuite, t.ForwardSecrecy, t.Resumed = true, classify.TLS12, suite, secret, resumed
		}
	}
	lost := append(opened[:3:3], ask, gapped)
	for _, c := range []struct {
		name                     string
		tls                      classify.TLS
		packets                  []datum
		version, secrecy, broken Verdict
	}{
		{"ECDHE", with(tls12(0xC02F, classify.Yes, classify.No)), exchange, Pass, Pass, Pass},
		{"static RSA", with(tls12(0x009C, classify.No, classify.No)), exchange, Pass, Fail, Pass},
		{"static RSA without its ClientHello", classify.TLS{ServerHello: true, Version: classify.TLS12, CipherSuite: 0x009C, ForwardSecrecy: classify.No}, []datum{synAck, answer}, Pass, Fail, Pass},
		{"static RSA, then an alert", with(func(t *classify.TLS) { tls12(0x009C, classify.No, classify.No)(t); t.Alert = "unknown_ca" }), exchange, Pass, Fail, Pass},
		{"anonymous", with(tls12(0x006C, classify.Yes, classify.No)), exchange, Pass, Pass, Fail},
		{"no encryption", with(tls12(0x003B, classify.No, classify.No)), exchange, Pass, Fail, Fail},
		{"unregistered suite", with(tls12(0xEEEE, classify.UnknownTrit, classify.No)), exchange, Pass, Indeterminate, Indeterminate},
		{"resumed, first handshake unseen", with(tls12(0xC02F, classify.UnknownTrit, classify.Yes)), exchange, Pass, Indeterminate, Pass},
		{"psk_ke", with(func(t *classify.TLS) {
			t.ServerHello, t.Version, t.CipherSuite, t.PSK, t.ForwardSecrecy = true, classify.TLS13, 0x1301, true, classify.No
		}), exchange, Pass, Fail, Pass},
		{"TLS 1.0", with(func(t *classify.TLS) { tls12(0xC013, classify.Yes, classify.No)(t); t.Version = classify.TLS10 }), exchange, Fail, Pass, Pass},
		{"SSL 2.0", with(func(t *classify.TLS) {
			t.ServerHello, t.Version, t.ForwardSecrecy = true, classify.SSL2, classify.No
		}), exchange, Fail, Fail, Fail},
		{"DTLS 1.2", with(func(t *classify.TLS) { tls12(0xC02F, classify.Yes, classify.No)(t); t.Version = classify.DTLS12 }), exchange, Pass, Pass, Pass},

		{"ServerHello lost", client, lost, Indeterminate, Indeterminate, Indeterminate},
		{"ServerHello lost, then the server's alert", with(func(t *classify.TLS) { t.Alert, t.AlertByServer = "handshake_failure", true }), lost, Indeterminate, Indeterminate, Indeterminate},
		{"ServerHello unseen, then the client's alert", with(func(t *classify.TLS) { t.Alert = "unknown_ca" }), exchange, Indeterminate, Indeterminate, Indeterminate},
		{"server side not captured", client, []datum{syn, ack, ask}, Indeterminate, Indeterminate, Indeterminate},
		{"in the middle", classify.TLS{}, []datum{ask, answer}, Indeterminate, Indeterminate, Indeterminate},
		{"hello retry, and no more", with(func(t *classify.TLS) { t.HelloRetry = true }), exchange, Indeterminate, Indeterminate, Indeterminate},
		{"refused by an alert", with(func(t *classify.TLS) { t.Alert, t.AlertByServer = "protocol_version", true }), exchange, NotObserved, NotObserved, NotObserved},
		{"never answered", client, append(opened[:3:3], ask, rst), NotObserved, NotObserved, NotObserved},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judge(parse(t, site), (&wire{}).hello(c.tls, c.packets...))
			for rule, want := range map[string]Verdict{version: c.version, secrecy: c.secrecy, broken: c.broken} {
				q := requirement(t, r, rule)
				if q.Verdict != want {
					t.Errorf("%s: %s (%s); %s is wanted", rule, q.Verdict, q.Reason, want)
				}
				f := findings(r, rule)
				if (len(f) == 1) != (want == Fail) {
					t.Errorf("%s: findings %+v", rule, f)
				}
				for _, f := range f {
					if !strings.Contains(f.Message, "is wanted") || strings.Contains(f.Message, "0x0000") || strings.Contains(f.Message, "NULL_WITH_NULL") {
						t.Errorf("%s: %q", rule, f.Message)
					}
				}
			}
		})
	}
}

func TestHandshakesAreJudgedInBothDirections(t *testing.T) {
	rsa := classify.TLS{Version: classify.TLS12, CipherSuite: 0x009C, ForwardSecrecy: classify.No}
	w := &wire{}
	for _, c := range []struct{ client, server, want string }{
		{"10.20.0.10:40000", "198.51.100.11:443", "10.20.0.10 198.51.100.11"},
		{"198.51.100.11:40000", "10.20.0.10:443", "10.20.0.10 198.51.100.11"},
		{"10.20.0.10:40000", "10.20.0.21:443", "10.20.0.10 10.20.0.21"},
		{"[2001:db8::1]:40000", "[fd00:20::21]:443", "fd00:20::21 2001:db8::1"},
		{"203.0.113.1:40000", "203.0.113.2:443", "203.0.113.1 203.0.113.2"},
	} {
		f := findings(judge(parse(t, site), w.tls(c.client, c.server, rsa)), "tls-forward-secrecy")
		if len(f) != 1 || f[0].Device.IP.String()+" "+f[0].Peer.IP.String() != c.want {
			t.Errorf("%s to %s: %+v", c.client, c.server, f)
		}
	}
}

func TestHandshakesBehindAProxyAreKeptApart(t *testing.T) {
	w := &wire{}
	var records []*classify.Record
	for _, name := range []string{"a.example", "b.example", "a.example"} {
		r := w.http("10.20.0.10:40000", "10.20.0.99:3128", classify.HTTP{Methods: []string{"CONNECT"}, Host: name})
		r.TLS = &classify.TLS{ClientHello: true, ServerHello: true, ServerName: name, Version: classify.TLS12, CipherSuite: 0x009C, ForwardSecrecy: classify.No}
		records = append(records, r)
	}
	if f := findings(judge(parse(t, site), records...), "tls-forward-secrecy"); len(f) != 2 {
		t.Errorf("%d findings; 2 are wanted", len(f))
	}
}

// A session resumed up to TLS 1.2 is judged by the handshake that it resumes:
// without that in the capture nothing is known of how its keys were kept.
func TestResumedSessionNeedsItsFirstHandshake(t *testing.T) {
	resumed := func(suite classify.CipherSuite, secret classify.Trit) classify.TLS {
		return classify.TLS{ClientHello: true, ServerHello: true, Version: classify.TLS12, CipherSuite: suite,
			ForwardSecrecy: secret, Resumed: classify.Yes, ResumedKeys: [][32]byte{{1}}}
	}
	for _, c := range []struct {
		name      string
		firstSeen bool
		resumed   classify.TLS
		want      Verdict
	}{
		{"ephemeral, first handshake seen", true, resumed(0xC02F, classify.Yes), Pass},
		{"ephemeral, first handshake unseen", false, resumed(0xC02F, classify.Yes), Indeterminate},
		{"static RSA, first handshake seen", true, resumed(0x009C, classify.No), Fail},
		{"static RSA, first handshake unseen", false, resumed(0x009C, classify.No), Fail},
	} {
		w := &wire{}
		a := NewAudit(parse(t, site))
		if c.firstSeen {
			first := c.resumed
			first.Resumed, first.ResumedKeys, first.SessionKeys = classify.No, nil, c.resumed.ResumedKeys
			a.Session(w.hello(first).TLS, 0, flow.Frame{})
		}
		a.Ended(w.hello(c.resumed))
		if q := requirement(t, a.Finish(Loss{}), "tls-forward-secrecy"); q.Verdict != c.want {
			t.Errorf("%s: %s (%s); %s is wanted", c.name, q.Verdict, q.Reason, c.want)
		}
	}
}

func TestOffers(t *testing.T) {
	const version, secrecy = "tls-version-offered", "tls-forward-secrecy-offered"
	type offer struct {
		versions []classify.TLSVersion
		suites   []classify.CipherSuite
		groups   []classify.Group
		modes    []uint8
	}
	x25519 := []classify.Group{29}
	for _, c := range []struct {
		name             string
		offer            offer
		version, secrecy Verdict
	}{
		{"today's", offer{[]classify.TLSVersion{classify.TLS13, classify.TLS12}, []classify.CipherSuite{0x1301, 0xC02F}, x25519, []uint8{1}}, Pass, Pass},
		{"TLS 1.2 with ECDHE", offer{[]classify.TLSVersion{classify.TLS12}, []classify.CipherSuite{0xC02F}, x25519, nil}, Pass, Pass},
		{"ECDHE without supported_groups", offer{[]classify.TLSVersion{classify.TLS12}, []classify.CipherSuite{0xC02F}, nil, nil}, Pass, Pass},
		{"DHE", offer{[]classify.TLSVersion{classify.TLS12}, []classify.CipherSuite{0x009E}, []classify.Group{0xEEEE}, nil}, Pass, Pass},
		{"RSA only", offer{[]classify.TLSVersion{classify.TLS12}, []classify.CipherSuite{0x009C, 0x003C}, nil, nil}, Pass, Fail},
		{"static ECDH", offer{[]classify.TLSVersion{classify.TLS12}, []classify.CipherSuite{0xC02D}, x25519, nil}, Pass, Fail},
		{"ECDHE with no group that exists", offer{[]classify.TLSVersion{classify.TLS12}, []classify.CipherSuite{0xC02F}, []classify.Group{0xEEEE}, nil}, Pass, Fail},
		{"TLS 1.1", offer{[]classify.TLSVersion{classify.TLS11}, []classify.CipherSuite{0xC013}, x25519, nil}, Fail, Pass},
		{"SSL 2.0 framing, TLS 1.0", offer{[]classify.TLSVersion{classify.TLS10}, []classify.CipherSuite{0x0004}, nil, nil}, Fail, Fail},
		{"TLS 1.3 by key alone", offer{[]classify.TLSVersion{classify.TLS13}, []classify.CipherSuite{0x1301}, nil, []uint8{0}}, Pass, Fail},
		{"no version that exists", offer{nil, []classify.CipherSuite{0xC02F}, x25519, nil}, Fail, Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judge(parse(t, site), (&wire{}).hello(classify.TLS{
				ClientHello: true, OfferedVersions: c.offer.versions, OfferedSuites: c.offer.suites, OfferedGroups: c.offer.groups, PSKModes: c.offer.modes,
			}))
			for rule, want := range map[string]Verdict{version: c.version, secrecy: c.secrecy} {
				if q := requirement(t, r, rule); q.Verdict != want {
					t.Errorf("%s: %s (%s); %s is wanted", rule, q.Verdict, q.Reason, want)
				}
			}
		})
	}
}

func TestOffersOfForeignClientsAreNotJudged(t *testing.T) {
	old := classify.TLS{Version: classify.TLS10, CipherSuite: 0x002F, OfferedVersions: []classify.TLSVersion{classify.TLS10}, OfferedSuites: []classify.CipherSuite{0x002F}}
	r := judge(parse(t, site), (&wire{}).tls("203.0.113.1:40000", "10.20.0.10:443", old))
	for _, rule := range []string{"tls-version-offered", "tls-forward-secrecy-offered"} {
		if q := requirement(t, r, rule); q.Verdict != NotObserved {
			t.Errorf("%s: %s", rule, q.Verdict)
		}
	}
	r = judge(parse(t, site), (&wire{}).hello(classify.TLS{ServerHello: true, Version: classify.TLS12, CipherSuite: 0xC02F}, synAck, answer))
	for _, rule := range []string{"tls-version-offered", "tls-forward-secrecy-offered"} {
		if q := requirement(t, r, rule); q.Verdict != Indeterminate {
			t.Errorf("%s without ClientHello: %s", rule, q.Verdict)
		}
	}
}

// A suite is called broken for what breaks it, and for nothing else.
func TestBrokenSuitesSayWhatBreaksThem(t *testing.T) {
	for suite, want := range map[classify.CipherSuite]string{
		0x0003: "export grade, RC4, MD5",
		0x0005: "RC4",
		0x0009: "a key of less than 112 bits",
		0x003B: "no encryption",
		0x006C: "no authentication",
	} {
		if got := brokenWords(suite); got != want {
			t.Errorf("%s: %q; %q is wanted", suite, got, want)
		}
	}
	for code := range 1 << 16 {
		if s := classify.CipherSuite(code); s.Class() == classify.ClassBroken && brokenWords(s) == "" {
			t.Errorf("%s is broken, and no reason is given", s)
		}
	}
}

// A version is wanted of the protocol that was spoken.
func TestWantedVersion(t *testing.T) {
	for seen, want := range map[classify.TLSVersion]string{
		classify.DTLS10: "DTLS 1.2", classify.TLS10: "TLS 1.2", classify.SSL2: "TLS 1.2",
	} {
		if got := wantedVersion(classify.TLS12, seen); got != want {
			t.Errorf("%s: %s; %s is wanted", seen, got, want)
		}
	}
	if got := wantedVersion(classify.TLS13); got != "TLS 1.3" {
		t.Errorf("nothing offered: %s", got)
	}
}
