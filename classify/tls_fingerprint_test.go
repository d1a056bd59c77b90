package classify

import "testing"

// The ClientHello of a Chrome browser that the JA4 specification gives as its
// example, in an order of extensions of its own.
func chromeHello() []byte {
	return helloBody(0x0303,
		[]uint16{0x2A2A, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035},
		tlsExtension(0x3A3A, nil), tlsExtension(0x001B, nil), tlsExtension(extServerName, serverName("example.com")), tlsExtension(0x0033, nil),
		tlsExtension(extALPN, vector16(vector8([]byte("h2")), vector8([]byte("http/1.1")))), tlsExtension(0x4469, nil), tlsExtension(0x0017, nil),
		tlsExtension(0x002D, vector8([]byte{1})), tlsExtension(extSignatureAlgorithms, vector16(u16s(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))),
		tlsExtension(0x0005, nil), tlsExtension(0x0023, nil), tlsExtension(0x0012, nil),
		tlsExtension(extSupportedVersions, vector8(u16s(0x8A8A, 0x0304, 0x0303))), tlsExtension(0xFF01, nil),
		tlsExtension(extPointFormats, vector8([]byte{0})), tlsExtension(extSupportedGroups, vector16(u16s(0x4A4A, 0x001D, 0x0017, 0x0018))),
		tlsExtension(0x0015, nil), tlsExtension(0x1A1A, nil))
}

func TestJA4OfTheSpecificationsExample(t *testing.T) {
	hello, ok := parseClientHello(chromeHello())
	if !ok {
		t.Fatal("the hello does not parse")
	}
	if got, want := hello.ja4('t'), "t13d1516h2_8daaf6152771_e5627efa2ab1"; got != want {
		t.Errorf("JA4 is %s, want %s", got, want)
	}
	if got, want := hello.ja4('q')[:10], "q13d1516h2"; got != want {
		t.Errorf("over QUIC JA4 begins with %s, want %s", got, want)
	}
}

func TestJA4OfBareHellos(t *testing.T) {
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"no extensions":           {helloBody(0x0301, []uint16{0x002F}), "t10i010000_ba72b8082249_000000000000"},
		"SSL 3.0":                 {helloBody(0x0300, []uint16{0x002F}), "ts3i010000_ba72b8082249_000000000000"},
		"no suites":               {helloBody(0x0303, nil), "t12i000000_000000000000_000000000000"},
		"binary ALPN":             {helloBody(0x0303, nil, tlsExtension(extALPN, vector16(vector8([]byte{0x30, 0xAB})))), "t12i00013b_000000000000_000000000000"},
		"binary ALPN of one byte": {helloBody(0x0303, nil, tlsExtension(extALPN, vector16(vector8([]byte{0xAB})))), "t12i0001ab_000000000000_000000000000"},
		"unknown version":         {helloBody(0x0399, nil), "t00i000000_000000000000_000000000000"},
	} {
		hello, _ := parseClientHello(c.body)
		if got := hello.ja4('t'); got != c.want {
			t.Errorf("%s: JA4 is %s, want %s", name, got, c.want)
		}
	}
}
