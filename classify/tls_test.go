package classify

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// A hello that spans segments and records is read as one that does not.
func TestHandshakeInSmallRecords(t *testing.T) {
	body := helloBody(0x0303, []uint16{0x1301}, tlsExtension(extServerName, serverName("a.example")),
		tlsExtension(extSupportedVersions, vector8(u16s(0x0304))), tlsExtension(extKeyShare, vector16(u16s(0x11EC), vector16(make([]byte, 1216)))))
	server := tlsMessage(serverHelloType, serverHelloBody(0x0303, 0x1301, "", tlsExtension(extSupportedVersions, u16s(0x0304)), tlsExtension(extKeyShare, concat(u16s(0x11EC), vector16(make([]byte, 1120))))))
	for _, size := range []int{1, 2, 3, 4, 5, 100, 1 << 14} {
		s := Stream{
			Client: concat(tlsRecords(recordHandshake, size, tlsMessage(clientHelloType, body)), encryptedRecord(53)),
			Server: concat(tlsRecords(recordHandshake, size, server), encryptedRecord(800)),
		}
		f, a := tlsStream(s, nil)
		want := "matched tls 1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768 key_share resumed=no secret=yes established"
		if got := tlsSeen(f, a); got != want || f.TLS.ServerName != "a.example" {
			t.Errorf("records of %d: %s", size, got)
		}
	}
}

func TestMessagesThatShareRecords(t *testing.T) {
	hello := tlsMessage(serverHelloType, serverHelloBody(0x0303, 0xC02F, ""))
	exchange := tlsMessage(serverKeyExchangeType, concat([]byte{3}, u16s(0x0017), vector8(make([]byte, 65)), u16s(0x0403), vector16(make([]byte, 70))))
	flight := concat(hello, exchange, tlsMessage(serverHelloDoneType, nil))
	for size := 1; size < len(flight); size++ {
		server := tlsRecords(recordHandshake, size, flight)
		f, a := tlsStream(Stream{Server: server}, nil)
		want := "need more tls 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 secp256r1 ecdsa_secp256r1_sha256 ske resumed=no secret=yes"
		if got := tlsSeen(f, a); got != want {
			t.Fatalf("records of %d: %s", size, got)
		}
		record := len(hello) / size * (size + 5) // the one in which the second message begins
		if wantMarks := []Mark{{"ServerHello", true, 0}, {"ServerKeyExchange", true, record}}; !reflect.DeepEqual(f.Marks, wantMarks) {
			t.Fatalf("records of %d: marks %v, want %v", size, f.Marks, wantMarks)
		}
	}
}

func TestGREASEIsLeftOutOfTheOffer(t *testing.T) {
	f, _ := tlsStream(Stream{Client: tlsRecords(recordHandshake, 1<<14, tlsMessage(clientHelloType, chromeHello())), Final: true}, nil)
	x := f.TLS
	if !reflect.DeepEqual(x.OfferedVersions, []TLSVersion{TLS13, TLS12}) || x.OfferedSuites[0] != 0x1301 || len(x.OfferedSuites) != 15 ||
		!reflect.DeepEqual(x.OfferedGroups, []Group{29, 23, 24}) || !reflect.DeepEqual(x.OfferedALPN, []string{"h2", "http/1.1"}) ||
		!reflect.DeepEqual(x.PSKModes, []uint8{1}) {
		t.Errorf("the offer is %v %v %v %q %v", x.OfferedVersions, x.OfferedSuites, x.OfferedGroups, x.OfferedALPN, x.PSKModes)
	}
	if f.Wrapped != ProtoHTTP || f.WrappedBy != "alpn_offered" || f.Malformed {
		t.Errorf("wrapped %s by %s, malformed %t", f.Wrapped, f.WrappedBy, f.Malformed)
	}
}

func TestHelloRetryRequestChoosesNothing(t *testing.T) {
	retry := tlsMessage(serverHelloType, serverHelloBody(0x0303, 0x1301, retryRandom, tlsExtension(extSupportedVersions, u16s(0x0304)), tlsExtension(extKeyShare, u16s(24))))
	f, a := tlsStream(Stream{Server: concat(tlsRecords(recordHandshake, 1<<14, retry), tlsRecords(recordChangeCipherSpec, 1, []byte{1}))}, nil)
	if got := tlsSeen(f, a); got != "need more retry resumed=unknown secret=unknown" || f.TLS.ServerHello || f.Marks[0].What != "HelloRetryRequest" {
		t.Errorf("%s %v", got, f.Marks)
	}
}

func TestServerHelloVariants(t *testing.T) {
	draft19 := concat(u16s(0x7F13), make([]byte, 32), u16s(0x1301), vector16(tlsExtension(extDraftKeyShare, concat(u16s(29), vector16(make([]byte, 32))))))
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"draft 19":                          {draft19, "need more tls 1.3 TLS_AES_128_GCM_SHA256 x25519 key_share resumed=no secret=yes"},
		"draft 28":                          {serverHelloBody(0x0303, 0x1301, "", tlsExtension(extSupportedVersions, u16s(0x7F1C)), tlsExtension(extPreSharedKey, u16s(0))), "need more tls 1.3 TLS_AES_128_GCM_SHA256 psk resumed=yes secret=no"},
		"unknown suite":                     {serverHelloBody(0x0303, 0xABCD, ""), "need more tls 1.2 0xABCD resumed=unknown secret=unknown"},
		"static ECDH":                       {serverHelloBody(0x0303, 0xC031, ""), "need more tls 1.2 TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=no"},
		"ephemeral, whether resumed or not": {serverHelloBody(0x0303, 0xC02F, ""), "need more tls 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=yes"},
		"1.2 with a key_share":              {serverHelloBody(0x0303, 0x009C, "", tlsExtension(extKeyShare, u16s(29))), "need more tls 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=no"},
		"SSL 3.0":                           {serverHelloBody(0x0300, 0x0004, ""), "need more ssl 3.0 TLS_RSA_WITH_RC4_128_MD5 resumed=unknown secret=no"},
		"unknown extension":                 {serverHelloBody(0x0303, 0x009C, "", tlsExtension(0xEEEE, []byte("?"))), "need more tls 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=no"},
		"extension cut":                     {serverHelloBody(0x0303, 0x009C, "", u16s(16, 99)), "need more tls 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=no malformed"},
	} {
		f, a := tlsStream(Stream{Server: tlsRecords(recordHandshake, 1<<14, tlsMessage(serverHelloType, c.body)), Final: true}, nil)
		if got := tlsSeen(f, a); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestServerKeyExchangeParameters(t *testing.T) {
	prime := append([]byte{0, 0x7F}, make([]byte, 127)...) // 1023 bits and a leading zero
	for name, c := range map[string]struct {
		suite uint16
		body  []byte
		want  string
	}{
		"psk hint":       {0xC035, concat(vector16([]byte("hint")), []byte{3}, u16s(23), vector8(make([]byte, 65))), "secp256r1 ske resumed=no secret=yes"},
		"dhe":            {0x0033, concat(vector16(prime), vector16([]byte{2}), vector16(make([]byte, 128)), u16s(0x0401), vector16(make([]byte, 256))), "dh1023 rsa_pkcs1_sha256 ske resumed=no secret=yes"},
		"explicit curve": {0xC013, concat([]byte{1}, make([]byte, 90)), "arbitrary_explicit_prime_curves ske resumed=no secret=yes"},
		"prime cut":      {0x0033, u16s(128, 1), "ske resumed=no secret=yes malformed"},
		"curve type 9":   {0xC013, []byte{9, 9}, "ske resumed=no secret=yes malformed"},
		"srp":            {0xC01D, []byte("not read"), "ske resumed=no secret=yes"},
	} {
		flight := concat(tlsMessage(serverHelloType, serverHelloBody(0x0303, c.suite, "")), tlsMessage(serverKeyExchangeType, c.body))
		f, a := tlsStream(Stream{Server: tlsRecords(recordHandshake, 1<<14, flight)}, nil)
		want := "need more tls 1.2 " + CipherSuite(c.suite).String() + " " + c.want
		if got := tlsSeen(f, a); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// A client that refuses a TLS 1.3 handshake sends an encrypted alert, and what
// it sent as early data says nothing of what it thinks of the answer.
func TestEstablishedNeedsMoreThanAnAlert(t *testing.T) {
	versions := tlsExtension(extSupportedVersions, vector8(u16s(0x0304)))
	hello := func(extensions ...[]byte) []byte {
		return tlsRecords(recordHandshake, 1<<14, tlsMessage(clientHelloType, helloBody(0x0303, []uint16{0x1301}, append(extensions, versions)...)))
	}
	server := concat(tlsRecords(recordHandshake, 1<<14, tlsMessage(serverHelloType, serverHelloBody(0x0303, 0x1301, "", tlsExtension(extSupportedVersions, u16s(0x0304)), tlsExtension(extKeyShare, u16s(29, 0))))), encryptedRecord(800))
	early := hello(tlsExtension(extEarlyData, nil))
	for name, c := range map[string]struct {
		client []byte
		want   bool
	}{
		"nothing":                  {hello(), false},
		"alert":                    {concat(hello(), encryptedRecord(19)), false},
		"alert, padded":            {concat(hello(), encryptedRecord(24)), false},
		"finished":                 {concat(hello(), encryptedRecord(53)), true},
		"finished after CCS":       {concat(hello(), tlsRecords(recordChangeCipherSpec, 1, []byte{1}), encryptedRecord(53)), true},
		"certificate":              {concat(hello(), encryptedRecord(1200)), true},
		"early data":               {concat(early, encryptedRecord(300)), false},
		"early data and its end":   {concat(early, encryptedRecord(300), encryptedRecord(21)), false},
		"early data, then the end": {concat(early, encryptedRecord(300), encryptedRecord(21), encryptedRecord(53)), true},
		"plain alert":              {concat(hello(), tlsRecords(recordAlert, 2, []byte{2, 47})), false},
	} {
		f, _ := tlsStream(Stream{Client: c.client, Server: server, Final: true}, nil)
		if f.TLS.Established != c.want {
			t.Errorf("%s: established is %t", name, f.TLS.Established)
		}
		if f.TLS.ForwardSecrecy != Yes {
			t.Errorf("%s: forward secrecy is %s", name, f.TLS.ForwardSecrecy)
		}
	}
}

func TestAlerts(t *testing.T) {
	hello := tlsRecords(recordHandshake, 1<<14, tlsMessage(clientHelloType, helloBody(0x0303, []uint16{0xC02F})))
	serverHello := tlsRecords(recordHandshake, 1<<14, tlsMessage(serverHelloType, serverHelloBody(0x0303, 0xC02F, "")))
	alert := func(level, description byte) []byte { return tlsRecords(recordAlert, 2, []byte{level, description}) }
	ccs := tlsRecords(recordChangeCipherSpec, 1, []byte{1})
	for name, c := range map[string]struct {
		s    Stream
		want string
	}{
		"warning, then the hello": {Stream{Client: hello, Server: concat(alert(1, 112), serverHello)}, "need more tls 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=yes"},
		"refused by the client":   {Stream{Client: concat(hello, alert(2, 48)), Server: serverHello}, "matched tls 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=yes alert=unknown_ca server=false"},
		"encrypted":               {Stream{Client: concat(hello, ccs, tlsRecords(recordAlert, 40, make([]byte, 40))), Server: serverHello}, "need more tls 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=yes"},
		"after the cipher change": {Stream{Client: concat(hello, ccs, alert(2, 20)), Server: serverHello}, "need more tls 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 resumed=unknown secret=yes"},
		"unknown description":     {Stream{Client: hello, Server: alert(2, 250)}, "matched resumed=unknown secret=unknown alert=alert_250 server=true"},
	} {
		if got := tlsSeen(tlsStream(c.s, nil)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestConnectionsJoinedInTheMiddle(t *testing.T) {
	data := concat(encryptedRecord(100), encryptedRecord(200))
	for name, c := range map[string]struct {
		s    Stream
		want string
	}{
		"both halves":                         {Stream{Client: data, Server: data, ClientJoined: true, ServerJoined: true}, "matched resumed=unknown secret=unknown"},
		"one half":                            {Stream{Client: data, ClientJoined: true, ServerJoined: true}, "need more resumed=unknown secret=unknown"},
		"one whole record":                    {Stream{Client: encryptedRecord(26), ClientJoined: true, ServerJoined: true}, "need more resumed=unknown secret=unknown"},
		"half a record":                       {Stream{Client: encryptedRecord(26)[:20], ClientJoined: true}, "1 no TLS"},
		"one within":                          {Stream{Client: data[30:], Server: data, ClientJoined: true, ServerJoined: true}, "need more resumed=unknown secret=unknown"},
		"within, no other":                    {Stream{Client: data[30:], ClientJoined: true, ServerJoined: true}, "1 no TLS"},
		"within, at the end":                  {Stream{Client: data[30:], ClientJoined: true, ServerJoined: true, Final: true}, "0 no TLS"},
		"not joined":                          {Stream{Client: data}, "0 no TLS"},
		"no second record":                    {Stream{Client: concat(encryptedRecord(26), []byte("GET / HTTP/1.1")), ClientJoined: true, ServerJoined: true, Final: true}, "0 no TLS"},
		"the server's hello, from the client": {Stream{Client: tlsHalves(tlsTurns(t, "tls12-rsa.0")).Server, ClientJoined: true, ServerJoined: true}, "1 no TLS"},
		"a hello":                             {Stream{Server: tlsHalves(tlsTurns(t, "tls12-rsa.0")).Server, ClientJoined: true, ServerJoined: true, Final: true}, "need more tls 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 cert resumed=no secret=no"},
	} {
		if got := tlsSeen(tlsStream(c.s, nil)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestBytesThatAreNoTLS(t *testing.T) {
	hello := tlsRecords(recordHandshake, 1<<14, tlsMessage(clientHelloType, helloBody(0x0303, []uint16{0xC02F})))
	for name, s := range map[string]Stream{
		"HTTP":                    {Client: []byte("G")},
		"SSH":                     {Server: []byte("SSH-2.0-")},
		"MQTT":                    {Client: []byte{0x10, 0x1A, 0, 4, 'M', 'Q', 'T', 'T'}},
		"record version 9":        {Client: []byte{22, 9}},
		"alert, minor version 9":  {Client: []byte{21, 3, 9}},
		"record too long":         {Client: []byte{22, 3, 1, 0xFF, 0xFF}},
		"empty alert":             {Client: []byte{21, 3, 1, 0, 0}},
		"a ServerHello first":     {Client: []byte{22, 3, 1, 0, 90, 2}},
		"a hello of 16 MB":        {Client: []byte{22, 3, 1, 0, 90, 1, 0xFF, 0xFF, 0xFF}},
		"half a hello, then HTTP": {Client: hello[:20], Server: []byte("HTTP/1.1 400")},
		"nothing like SSLv2":      {Client: []byte{0x80, 0xFF, 7}},
	} {
		if f, a := tlsStream(s, nil); a != NoMatch || f.Protocol != "" {
			t.Errorf("%s: answer %d, protocol %q", name, a, f.Protocol)
		}
	}
	if got := tlsSeen(tlsStream(Stream{Client: hello, Server: []byte("HTTP/1.1 400 Bad Request")}, nil)); got != "need more resumed=unknown secret=unknown malformed" {
		t.Errorf("a hello that a plain server answers: %s", got)
	}
}

func TestSSLv2(t *testing.T) {
	hello := func(version uint16) []byte {
		body := concat([]byte{1}, u16s(version, 9, 0, 16), []byte{0, 0, 0x2F, 1, 0, 0x80, 0, 0, 0xFF}, make([]byte, 16))
		return append(u16s(0x8000|uint16(len(body))), body...)
	}
	serverHello := concat([]byte{4, 0, 1}, u16s(2, 4, 3, 16), []byte("cert"), []byte{1, 0, 0x80}, make([]byte, 16))
	server := append(u16s(0x8000|uint16(len(serverHello))), serverHello...)
	masterKey := concat(u16s(0x8004), []byte{2, 1, 0, 0x80})

	f, a := tlsStream(Stream{Client: hello(0x0301), Server: tlsRecords(recordHandshake, 1<<14, tlsMessage(serverHelloType, serverHelloBody(0x0301, 0x002F, "")))}, nil)
	if got := tlsSeen(f, a); got != "need more tls 1.0 TLS_RSA_WITH_AES_128_CBC_SHA resumed=unknown secret=no" || !f.TLS.SSLv2Framed ||
		!reflect.DeepEqual(f.TLS.OfferedVersions, []TLSVersion{TLS10}) || !reflect.DeepEqual(f.TLS.OfferedSuites, []CipherSuite{0x002F, 0x00FF}) {
		t.Errorf("a TLS 1.0 hello in SSLv2 framing: %s %+v", got, f.TLS)
	}
	s := Stream{Client: hello(2), Server: server}
	f, a = tlsStream(s, nil)
	if a != NeedMore || f.TLS.Version != SSL2 || f.TLS.ForwardSecrecy != No || f.TLS.Established {
		t.Errorf("SSL 2.0: %d %+v", a, f.TLS)
	}
	s.Client = concat(s.Client, masterKey, make([]byte, 20))
	s.Server = concat(s.Server, make([]byte, 20))
	f, a = tlsStream(s, nil)
	if a != Matched || !f.TLS.Established || f.TLS.Certificate == nil {
		t.Errorf("SSL 2.0, established: %d %+v", a, f.TLS)
	}
	for i := range hello(2) {
		if f, a := tlsStream(Stream{Client: hello(2)[:i]}, nil); a != NeedMore || f.TLS != nil && f.TLS.ClientHello {
			t.Errorf("%d bytes of an SSLv2 hello: answer %d", i, a)
		}
	}
}

func TestHostileHellos(t *testing.T) {
	long := strings.Repeat("a", 4000)
	suites := make([]uint16, 20000)
	for i := range suites {
		suites[i] = 0xC02F
	}
	f, _ := tlsStream(Stream{Client: tlsRecords(recordHandshake, 1<<14, tlsMessage(clientHelloType, helloBody(0x0303, suites,
		tlsExtension(extServerName, serverName(long)), tlsExtension(extALPN, vector16([]byte(strings.Repeat("\x01x", 2000))))))), Final: true}, nil)
	if x := f.TLS; !x.ClientHello || len(x.OfferedSuites) != maxOffered || len(x.ServerName) != maxServerName || len(x.OfferedALPN) != maxALPN {
		t.Errorf("kept %d suites, %d bytes of name, %d protocols", len(x.OfferedSuites), len(x.ServerName), len(x.OfferedALPN))
	}
	// Each byte of a hello set to 0xFF, in turn: lengths that lie about all else.
	body := tlsMessage(clientHelloType, chromeHello())
	for i := range body {
		changed := bytes.Clone(body)
		changed[i] = 0xFF
		tlsStream(Stream{Client: tlsRecords(recordHandshake, 1<<14, changed), Final: true}, nil)
	}
}

func FuzzTLS(f *testing.F) {
	for _, name := range tlsNames(f) {
		s := tlsHalves(tlsTurns(f, name))
		f.Add(s.Client, s.Server, byte(0))
		f.Add(s.Client, s.Server[min(80, len(s.Server)):], byte(3))
	}
	f.Add([]byte{0x80, 0x2B, 1, 0, 2, 0, 18, 0, 0, 0, 16}, []byte{0x80, 0x30, 4, 0, 1, 0, 2, 0, 4}, byte(4))
	f.Fuzz(func(t *testing.T, client, server []byte, flags byte) {
		s := Stream{Client: client, Server: server, ClientJoined: flags&1 != 0, ServerJoined: flags&2 != 0, Final: flags&4 != 0}
		facts, a := tlsStream(s, nil)
		if a == NoMatch && facts.TLS != nil || len(facts.Marks) > 32 {
			t.Fatalf("answer %d with %+v", a, facts)
		}
		for _, m := range facts.Marks {
			if half := map[bool][]byte{false: client, true: server}[m.Server]; m.Offset < 0 || m.Offset >= len(half) {
				t.Fatalf("mark %v is outside of its half", m)
			}
		}
		if again, b := tlsStream(s, nil); b != a || !reflect.DeepEqual(facts, again) {
			t.Fatal("the same bytes gave other facts")
		}
	})
}

// BenchmarkTLS reads a connection as the analyzer does: again after every turn.
func BenchmarkTLS(b *testing.B) {
	for _, name := range []string{"tls12-ecdhe.0", "tls13.0"} {
		turns := tlsTurns(b, name)
		var parts []Stream
		for i := range turns {
			parts = append(parts, tlsHalves(turns[:i+1]))
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range parts {
					if _, a := tlsStream(s, nil); a == Matched {
						break
					}
				}
			}
		})
	}
}

// Early data is what a client sends before its Finished; the EndOfEarlyData of
// a client that had none to send is not.
func TestEarlyDataIsToldFromItsEnd(t *testing.T) {
	hello := helloBody(0x0303, []uint16{0x1301}, tlsExtension(extSupportedVersions, vector8(u16s(0x0304))), tlsExtension(extEarlyData, nil), tlsExtension(extPreSharedKey, make([]byte, 40)))
	server := concat(tlsRecords(recordHandshake, 1<<14, tlsMessage(serverHelloType, serverHelloBody(0x0303, 0x1301, "",
		tlsExtension(extSupportedVersions, u16s(0x0304)), tlsExtension(extPreSharedKey, u16s(0)), tlsExtension(extKeyShare, concat(u16s(29), vector16(make([]byte, 32))))))), encryptedRecord(800))
	const finished, end = 53, 21
	for _, c := range []struct {
		records []int
		sent    bool
	}{
		{[]int{finished}, false},
		{[]int{end, finished}, false},
		{[]int{100, end, finished}, true},
		{[]int{end, end, finished}, true},
		{[]int{100, finished}, true},
		{[]int{100}, true},
		{nil, false},
	} {
		client := tlsRecords(recordHandshake, 1<<14, tlsMessage(clientHelloType, hello))
		for _, size := range c.records {
			client = append(client, encryptedRecord(size)...)
		}
		if f, _ := tlsStream(Stream{Client: client, Server: server}, nil); f.TLS.EarlyDataSent != c.sent || !f.TLS.EarlyData {
			t.Errorf("records of %v: sent %t; %t is wanted", c.records, f.TLS.EarlyDataSent, c.sent)
		}
	}
}

func TestOffersTellWhereTheirVersionsStand(t *testing.T) {
	for name, extensions := range map[string][][]byte{
		"with":    {tlsExtension(extSupportedVersions, vector8(u16s(0x0303, 0x0302))), tlsExtension(extSignatureAlgorithms, vector16(u16s(0x0804, 0x0A0A, 0x0201)))},
		"without": nil,
	} {
		f, _ := tlsStream(Stream{Client: tlsRecords(recordHandshake, 1<<14, tlsMessage(clientHelloType, helloBody(0x0303, []uint16{0xC02F}, extensions...))), Final: true}, nil)
		has := name == "with"
		if f.TLS.SupportedVersions != has || (len(f.TLS.OfferedVersions) == 2) != has || (len(f.TLS.OfferedSignatures) == 2) != has {
			t.Errorf("%s: %v, from the extension %t, signatures %v", name, f.TLS.OfferedVersions, f.TLS.SupportedVersions, f.TLS.OfferedSignatures)
		}
	}
}
