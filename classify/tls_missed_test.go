package classify

import (
	"slices"
	"strings"
	"testing"
)

// However a handshake is cut up and whatever stands between its messages, what
// decides about forward secrecy is read.
func TestForwardSecrecyIsNotMissed(t *testing.T) {
	const rsa, ecdhe, tls13Suite = 0x002f, 0xc02f, 0x1301
	versions := tlsExtension(extSupportedVersions, u16s(0x0304))
	offer := concat([]byte{4}, u16s(0x0304, 0x0303))
	client := tlsMessage(clientHelloType, helloBody(0x0303, []uint16{tls13Suite, ecdhe, rsa}, tlsExtension(extSupportedVersions, offer)))
	ticket := tlsMessage(clientHelloType, concat(u16s(0x0303), make([]byte, 32), vector8(nil), vector16(u16s(rsa)), vector8([]byte{0}),
		vector16(tlsExtension(extSessionTicket, []byte("ticket")))))
	server12 := tlsMessage(serverHelloType, serverHelloBody(0x0303, rsa, ""))
	serverPSK := tlsMessage(serverHelloType, serverHelloBody(0x0303, tls13Suite, "", versions, tlsExtension(extPreSharedKey, u16s(0))))
	retry := tlsMessage(serverHelloType, serverHelloBody(0x0303, tls13Suite, retryRandom, versions, tlsExtension(extKeyShare, u16s(29))))
	done := tlsMessage(serverHelloDoneType, nil)
	hello := func(b []byte) []byte { return tlsRecords(recordHandshake, 1<<14, b) }
	ccs := []byte{recordChangeCipherSpec, 3, 3, 0, 1, 1}
	warning := []byte{recordAlert, 3, 3, 0, 2, alertWarning, 112}
	empty := []byte{recordHandshake, 3, 3, 0, 0}
	finished := encryptedRecord(53)
	odd := slices.Clone(hello(client))
	odd[2] = 0x63
	sslv2 := concat([]byte{0x80, 9 + 3 + 16, 1, 3, 3}, u16s(3, 0, 16), []byte{0, 0, rsa}, make([]byte, 16))

	for name, c := range map[string]struct {
		client, server []byte
		resumed        Trit
	}{
		"plainly":                            {hello(client), hello(concat(server12, done)), No},
		"in records of a byte":               {tlsRecords(recordHandshake, 1, client), tlsRecords(recordHandshake, 1, concat(server12, done)), No},
		"empty records":                      {concat(empty, hello(client)), concat(empty, empty, hello(concat(server12, done))), No},
		"record version of no RFC":           {odd, hello(concat(server12, done)), No},
		"warning before ServerHello":         {hello(client), concat(warning, warning, hello(concat(server12, done))), No},
		"warning before ClientHello":         {concat(warning, hello(client)), hello(concat(server12, done)), No},
		"HelloRequest before ServerHello":    {hello(client), hello(concat(tlsMessage(helloRequestType, nil), server12, done)), No},
		"SSLv2 framing, then TLS":            {sslv2, hello(concat(server12, done)), No},
		"server alone":                       {nil, hello(concat(server12, done)), No},
		"ticket, no session identifier":      {concat(hello(ticket), ccs, finished), concat(hello(server12), ccs, finished), Yes},
		"ticket renewed":                     {concat(hello(ticket), ccs, finished), concat(hello(concat(server12, tlsMessage(newSessionTicketType, append(make([]byte, 4), vector16([]byte("new"))...)))), ccs, finished), Yes},
		"psk_ke":                             {hello(client), concat(hello(serverPSK), ccs, finished), Yes},
		"psk_ke after a HelloRetryRequest":   {concat(hello(client), ccs, hello(client)), concat(hello(retry), ccs, hello(serverPSK), finished), Yes},
		"psk_ke after a ChangeCipherSpec":    {hello(client), concat(ccs, hello(serverPSK), finished), Yes},
		"psk_ke, retry and hello in records": {hello(client), concat(tlsRecords(recordHandshake, 3, retry), ccs, warning, tlsRecords(recordHandshake, 5, serverPSK)), Yes},
	} {
		t.Run(name, func(t *testing.T) {
			list := []segment{{false, c.client}, {true, c.server}}
			for _, size := range []int{1400, 1} {
				r := spoken(t, list, size)
				if r.TLS == nil || r.TLS.ForwardSecrecy != No || r.TLS.Resumed != c.resumed || r.TLS.ClientHello != (c.client != nil) {
					t.Errorf("%d bytes at once: %s", size, show(r.Facts))
				}
			}
		})
	}

	t.Run("behind HTTP", func(t *testing.T) {
		for name, open := range map[string][]segment{
			"CONNECT":        lines("CONNECT a:443 HTTP/1.1\n\n", "HTTP/1.1 200 OK\n\n"),
			"second CONNECT": lines("CONNECT a:443 HTTP/1.1\n\n", "HTTP/1.1 407 no\nContent-Length: 2\n\nno", "CONNECT a:443 HTTP/1.1\n\n", "HTTP/1.1 200 OK\n\n"),
			"Upgrade":        lines("OPTIONS * HTTP/1.1\nUpgrade: TLS/1.0\nConnection: Upgrade\n\n", "HTTP/1.1 101 Switching Protocols\nUpgrade: TLS/1.0, HTTP/1.1\n\n"),
			"answer alone":   lines("", "HTTP/1.1 200 Connection established\n\n"),
		} {
			list := append(open, segment{true, hello(concat(server12, done))})
			if !strings.Contains(name, "alone") {
				list = slices.Insert(list, len(list)-1, segment{false, hello(client)})
			}
			for _, size := range []int{1400, 1} {
				if r := spoken(t, list, size); r.TLS == nil || r.TLS.ForwardSecrecy != No || r.TLS.UpgradedFrom != ProtoHTTP {
					t.Errorf("%s, %d bytes at once: %s", name, size, show(r.Facts))
				}
			}
		}
	})
}
