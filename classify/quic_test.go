package classify

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
)

func quicSeen(list []segment) string {
	f, a := converse(quicDatagram, list)
	return tlsSeen(f, a)
}

// The names are those of the conversations, made with quic-go, and the number
// in each; rfc9001 and rfc9369 are the packets in appendix A of those, of which
// the server's answers the client's.
func TestCapturedQUIC(t *testing.T) {
	const plain = "matched tls 1.3 TLS_AES_128_GCM_SHA256 "
	for name, want := range map[string]struct {
		seen, serverName, ja4 string
		version               uint32
		retry                 bool
	}{
		"quic/classic.0": {plain + "x25519 key_share http by alpn_offered resumed=no secret=yes established", "camera.example", "q13d0315h3_55b375c5d22e_", quicV1, false},
		"quic/pq.0":      {plain + "X25519MLKEM768 key_share http by alpn_offered resumed=no secret=yes established", "camera.example", "q13d0315h3_55b375c5d22e_", quicV1, false},
		"quic/v2.0":      {plain + "X25519MLKEM768 key_share http by alpn_offered resumed=no secret=yes established", "camera.example", "q13d0315h3_55b375c5d22e_", quicV2, false},
		"quic/retry.0":   {plain + "X25519MLKEM768 key_share http by alpn_offered resumed=no secret=yes established", "camera.example", "q13d0315h3_55b375c5d22e_", quicV1, true},
		"quic/hrr.0":     {plain + "secp384r1 key_share retry http by alpn_offered resumed=no secret=yes established", "camera.example", "q13d0315h3_55b375c5d22e_", quicV1, false},
		"quic/resume.0":  {plain + "X25519MLKEM768 key_share http by alpn_offered resumed=no secret=yes established", "camera.example", "q13d0315h3_55b375c5d22e_", quicV1, false},
		"quic/resume.1":  {plain + "X25519MLKEM768 key_share psk early sent http by alpn_offered resumed=yes secret=yes established", "camera.example", "q13d0317h3_55b375c5d22e_", quicV1, false},
		"quic/alert.0":   {"matched resumed=unknown secret=unknown alert=no_application_protocol server=true", "camera.example", "q13d0315or_55b375c5d22e_", quicV1, false},
		"quic/rfc9001":   {plain + "x25519 key_share resumed=no secret=yes", "example.com", "q13d0211an_62ed6f6ca7ad_", quicV1, false},
		"quic/rfc9369":   {plain + "x25519 key_share resumed=no secret=yes", "example.com", "q13d0211an_62ed6f6ca7ad_", quicV2, false},
	} {
		f, a := converse(quicDatagram, segments(t, name))
		if got := tlsSeen(f, a); got != want.seen {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want.seen)
			continue
		}
		if f.Protocol != ProtoQUIC || f.TLS.ServerName != want.serverName || !strings.HasPrefix(f.TLS.JA4, want.ja4) {
			t.Errorf("%s: %s, server name %q, JA4 %s", name, f.Protocol, f.TLS.ServerName, f.TLS.JA4)
		}
		if !reflect.DeepEqual(*f.QUIC, QUIC{Version: want.version, Versions: []uint32{want.version}, Retry: want.retry}) {
			t.Errorf("%s: %+v", name, *f.QUIC)
		}
	}
}

func TestEveryPrefixOfQUICOnlyAdds(t *testing.T) {
	for _, name := range folderNames(t, "quic") {
		list := segments(t, name)
		whole, _ := converse(quicDatagram, list)
		for n := 1; n < len(list); n++ {
			f, a := converse(quicDatagram, list[:n])
			if a != Matched || f.Protocol != ProtoQUIC || f.TLS != nil && !agreeTLS(f.TLS, whole.TLS) {
				t.Errorf("%s: %d datagrams: %s", name, n, tlsSeen(f, a))
			}
		}
	}
}

// The Initial packets of a handshake say the same in each order.
func TestQUICInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"quic/classic.0", "quic/pq.0", "quic/v2.0", "quic/resume.1", "quic/rfc9001", "quic/rfc9369"} {
		list := segments(t, name)
		whole, _ := converse(quicDatagram, list)
		for range 50 {
			mixed := slices.Clone(list)
			if len(mixed) > 4 {
				mixed = mixed[:4]
			}
			random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			f, a := converse(quicDatagram, append(mixed, list[min(4, len(list)):]...))
			if got, want := tlsSeen(f, a), tlsSeen(whole, Matched); got != want {
				t.Fatalf("%s:\n got %s\nwant %s", name, got, want)
			}
		}
	}
}

func TestServersQUICTellsRoles(t *testing.T) {
	list := segments(t, "quic/rfc9001")
	list[0].server, list[1].server = true, false // the other way round than taken
	f := Facts{Protocol: Unknown}
	client := segment{false, segments(t, "quic/rfc9001")[0].bytes}.datagram(true)
	if _, swap := quicDatagram(client, &f, nil); !swap || !f.TLS.ClientHello {
		t.Errorf("a client's Initial from the flow's server: swap %t", swap)
	}
	retry := concat([]byte{0xF0, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4}, make([]byte, 30))
	f = Facts{Protocol: Unknown}
	if _, swap := quicDatagram(segment{true, retry}.datagram(true), &f, nil); !swap || !f.QUIC.Retry {
		t.Errorf("a Retry from the flow's client: swap %t", swap)
	}
}

func TestQUICRecord(t *testing.T) {
	l, a := analyze(t, packetsOf(segments(t, "quic/pq.0")))
	r := l.ended[0]
	if r.Facts.Protocol != ProtoQUIC || !r.TLS.Established || r.QUIC.Version != quicV1 || r.Facts.quic != nil || a.Panics() > 0 {
		t.Errorf("%s %s", r.Facts.Protocol, tlsSeen(r.Facts, Matched))
	}
	if len(r.Evidence) != 2 || r.Evidence[0].What != "ClientHello" || r.Evidence[1].What != "ServerHello" || r.Evidence[0].Frame.Number != 2 {
		t.Errorf("evidence %v", r.Evidence)
	}
}

// What follows builds QUIC as the wire has it.

func varint(v int) []byte { return binary.BigEndian.AppendUint32(nil, 0x80000000|uint32(v)) }

func quicLong(first byte, version uint32, destination, source []byte, rest ...[]byte) []byte {
	return concat([]byte{first}, binary.BigEndian.AppendUint32(nil, version), vector8(destination), vector8(source), concat(rest...))
}

// sealed is an Initial packet of version 1 with frames, from the client of the
// connection of id unless server.
func sealed(id []byte, server bool, number byte, frames []byte) []byte {
	return sealedIn(quicV1, 0xC0, id, server, number, frames)
}

func sealedIn(version uint32, first byte, id []byte, server bool, number byte, frames []byte) []byte {
	keys, serverKeys := newQUICKeys(version, id)
	destination := id
	if server {
		keys, destination = serverKeys, nil
	}
	frames = append(frames, make([]byte, 40)...)
	header := quicLong(first, version, destination, []byte{5}, []byte{0}, varint(1+len(frames)+16), []byte{number})
	nonce := keys.iv
	nonce[11] ^= number
	body := keys.aead.Seal(nil, nonce[:], frames, header)
	var mask [aes.BlockSize]byte
	keys.header.Encrypt(mask[:], body[3:])
	header[0] ^= mask[0] & 0x0F
	header[len(header)-1] ^= mask[1]
	return append(header, body...)
}

func cryptoFrame(offset int, data []byte) []byte {
	return concat([]byte{frameCrypto}, varint(offset), varint(len(data)), data)
}

// A hello in many CRYPTO frames is read alike in each order of them, in one
// packet or each in its own.
func TestCryptoFramesInEveryOrder(t *testing.T) {
	id := []byte("identity")
	hello := tlsMessage(clientHelloType, chromeHello())
	cuts := [][2]int{{0, 3}, {3, 60}, {40, 100}, {100, len(hello)}, {90, 120}}
	permute(cuts, func(cuts [][2]int) {
		var list []segment
		var frames []byte
		for i, c := range cuts {
			frame := cryptoFrame(c[0], hello[c[0]:c[1]])
			frames = append(append(frames, frame...), framePing, framePadding)
			list = append(list, segment{false, sealed(id, false, byte(i), frame)})
		}
		for _, list := range [][]segment{list, {{false, sealed(id, false, 0, frames)}}} {
			if f, _ := converse(quicDatagram, list); f.TLS == nil || f.TLS.ServerName != "example.com" || f.Malformed {
				t.Fatalf("%v: %+v", cuts, f.TLS)
			}
		}
	})
}

func TestQUICAcknowledgementsAndAlerts(t *testing.T) {
	id := []byte("identity")
	hello := segment{false, sealed(id, false, 0, cryptoFrame(0, tlsMessage(clientHelloType, chromeHello())))}
	ack := []byte{frameACKWithECN, 0, 0, 1, 0, 0, 0, 1, 2, 3}
	for name, c := range map[string]struct {
		frames []byte
		want   string
	}{
		"alert":           {concat(ack, []byte{frameConnectionClose, 0x41, 40, 6, 0}), "matched http by alpn_offered resumed=unknown secret=unknown alert=handshake_failure server=true"},
		"other error":     {concat(ack, []byte{frameConnectionClose, 2, 6, 0}), "matched http by alpn_offered resumed=unknown secret=unknown"},
		"unknown frame":   {concat(ack, []byte{0x3F}), "matched http by alpn_offered resumed=unknown secret=unknown malformed"},
		"length too long": {[]byte{frameCrypto, 0, 0x7F, 0xFF}, "matched http by alpn_offered resumed=unknown secret=unknown malformed"},
		"resumption without key exchange": {cryptoFrame(0, tlsMessage(serverHelloType, serverHelloBody(0x0303, 0x1301, "",
			tlsExtension(extSupportedVersions, u16s(0x0304)), tlsExtension(extPreSharedKey, u16s(0))))), "matched tls 1.3 TLS_AES_128_GCM_SHA256 psk http by alpn_offered resumed=yes secret=no"},
	} {
		if got := quicSeen([]segment{hello, {true, sealed(id, true, 0, c.frames)}}); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Peers may go on in another version under the client's first identifier (RFC
// 9368), and Google's versions have a frame type of their own.
func TestQUICVersions(t *testing.T) {
	id := []byte("identity")
	hello := cryptoFrame(0, tlsMessage(clientHelloType, chromeHello()))
	for version := uint32(quicDraft22); version <= quicDraft34; version++ {
		if f, _ := converse(quicDatagram, []segment{{false, sealedIn(version, 0xC0, id, false, 0, hello)}}); f.TLS == nil || f.QUIC.Version != version {
			t.Errorf("%#x: %s", version, show(f))
		}
	}
	google := append([]byte{8}, hello[1:]...)
	for _, version := range []uint32{quicGoogleT + 0x3530, quicGoogleT + 0x3531} {
		if f, _ := converse(quicDatagram, []segment{{false, sealedIn(version, 0xC0, id, false, 0, google)}}); f.TLS == nil || f.TLS.ServerName != "example.com" {
			t.Errorf("%#x: %s", version, show(f))
		}
	}
	server := cryptoFrame(0, tlsMessage(serverHelloType, serverHelloBody(0x0303, 0x1301, "", tlsExtension(extSupportedVersions, u16s(0x0304)))))
	f, _ := converse(quicDatagram, []segment{{false, sealed(id, false, 0, hello)}, {true, sealedIn(quicV2, 0xD0, id, true, 0, server)}})
	if f.QUIC.Version != quicV2 || f.TLS.Version != TLS13 {
		t.Errorf("version 2 that answers version 1: %s", show(f))
	}
	private := concat(quicLong(0xC0, 0xABCD0001, id, []byte{5}, []byte{0}, varint(1190)), make([]byte, 1190))
	if f, _ = converse(quicDatagram, []segment{{false, private}, {true, []byte{0x43}}}); f.Protocol != ProtoQUIC || f.QUIC.Version != 0xABCD0001 || f.TLS != nil {
		t.Errorf("a version of somebody's own: %s", show(f))
	}
}

// A client that begins anew after version negotiation sends another hello.
func TestQUICBeginsAnew(t *testing.T) {
	first := cryptoFrame(0, tlsMessage(clientHelloType, helloBody(0x0303, []uint16{0x1301}, tlsExtension(extServerName, serverName("a.example"))))[:50])
	second := cryptoFrame(0, tlsMessage(clientHelloType, chromeHello()))
	f, _ := converse(quicDatagram, []segment{
		{false, sealedIn(quicDraft34, 0xC0, []byte("identity"), false, 0, first)}, {false, sealed([]byte("another.."), false, 0, second)}})
	if f.TLS == nil || f.TLS.ServerName != "example.com" || f.Malformed {
		t.Errorf("%s", show(f))
	}
}

// The version is the one in which the server answered; what a client only
// tried is not.
func TestQUICVersionNegotiation(t *testing.T) {
	tried := concat(quicLong(0xC0, 0xBABABABA, []byte("identity"), []byte{5}, []byte{0}, varint(1190)), make([]byte, 1190))
	answer := concat(quicLong(0x8A, 0, []byte{5}, []byte("identity")), binary.BigEndian.AppendUint32(nil, quicV1), binary.BigEndian.AppendUint32(nil, 0x1A2A3A4A))
	again := sealed([]byte("identity"), false, 1, cryptoFrame(0, tlsMessage(clientHelloType, chromeHello())))
	f, _ := converse(quicDatagram, []segment{{false, tried}, {true, answer}, {false, again}})
	if f.QUIC.Version != quicV1 || !reflect.DeepEqual(f.QUIC.Versions, []uint32{0xBABABABA, quicV1}) || f.TLS.ServerName != "example.com" {
		t.Errorf("%+v %+v", f.QUIC, f.TLS)
	}
	if f, _ = converse(quicDatagram, []segment{{true, answer}}); f.Protocol != ProtoQUIC || f.QUIC.Version != 0 {
		t.Errorf("the answer alone: %s %+v", f.Protocol, f.QUIC)
	}
}

func TestGoogleQUIC(t *testing.T) {
	chlo := concat([]byte("CHLO"), []byte{2, 0, 0, 0}, []byte("PAD\x00"), []byte{3, 0, 0, 0}, []byte("SNI\x00"), []byte{14, 0, 0, 0}, []byte("---www.example"))
	for name, c := range map[string]struct {
		packet  []byte
		version uint32
		name    string
	}{
		"Q039":          {concat([]byte{0x09}, []byte("identityQ039\x01"), make([]byte, 16), chlo), 0x51303339, "www.example"},
		"Q046":          {concat([]byte{0xC3}, []byte("Q046\x50identity"), make([]byte, 16), chlo), 0x51303436, "www.example"},
		"cut":           {concat([]byte{0x09}, []byte("identityQ039\x01"), make([]byte, 16), chlo[:len(chlo)-1]), 0x51303339, ""},
		"tags too many": {concat([]byte{0x09}, []byte("identityQ039\x01"), []byte("CHLO\xFF\xFF\x00\x00")), 0x51303339, ""},
	} {
		f, a := converse(quicDatagram, []segment{{false, c.packet}, {true, make([]byte, 30)}})
		serverName := ""
		if f.TLS != nil {
			serverName = f.TLS.ServerName
		}
		if a != Matched || f.QUIC.Version != c.version || serverName != c.name || f.Malformed {
			t.Errorf("%s: %s %q", name, show(f), serverName)
		}
	}
}

func TestDatagramsThatAreNoQUIC(t *testing.T) {
	packet := segments(t, "quic/rfc9001")[0].bytes
	change := func(at int, v byte) []byte {
		b := bytes.Clone(packet)
		b[at] = v
		return b
	}
	for name, b := range map[string][]byte{
		"empty": {}, "one byte": packet[:1], "cut": packet[:1199], "short header": change(0, 0x43), "fixed bit": change(0, 0x80),
		"unknown version, length": concat(change(4, 7), []byte{0}), "long identifier": change(5, 21), "token length": change(15, 0x80), "length": change(17, 0xFF),
		"unknown version, short": quicLong(0xC0, 0x1A1A1A1A, []byte("identity"), nil, []byte{0}, varint(20), make([]byte, 20)),
		"no known version":       concat(quicLong(0x80, 0, nil, nil), []byte{9, 9, 9, 9}),
		"NTP":                    append([]byte{0xE3, 0, 3, 0xFA, 0, 1, 0, 0}, make([]byte, 40)...),
		"STUN":                   append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...),
		"RTP":                    rtpPacket(0, 0, 0, 200), "DTLS": dtlsRecordOf(clientHelloType, 0, 0, dtlsHello()),
		"Google's in no version": append([]byte{0x09}, "identityX039\x01"...),
	} {
		f := Facts{Protocol: Unknown}
		if a, _ := quicDatagram(Datagram{Payload: b}, &f, nil); a != NoMatch || f.QUIC != nil || f.TLS != nil {
			t.Errorf("%s: %v %s", name, a, show(f))
		}
	}
	f := Facts{Protocol: Unknown}
	if a, _ := quicDatagram(Datagram{Payload: packet[:200], Missing: 1000}, &f, nil); a != Matched || f.TLS != nil {
		t.Errorf("a kept beginning: %v %s", a, show(f))
	}
}

// The packet numbers that follow a gap are those of RFC 9000, appendix A.3.
func TestQUICPacketNumbers(t *testing.T) {
	for _, c := range []struct {
		truncated, expected uint64
		size                int
		want                uint64
	}{{0x9B32, 0xA82F30EB, 2, 0xA82F9B32}, {0xFF, 0x100, 1, 0xFF}, {0, 0xFF, 1, 0x100}, {5, 0, 4, 5}} {
		if got := quicNumber(c.truncated, c.expected, c.size); got != c.want {
			t.Errorf("%#x after %#x: %#x", c.truncated, c.expected, got)
		}
	}
}

func TestVarints(t *testing.T) { // RFC 9000, appendix A.1
	for text, want := range map[string]uint64{"c2197c5eff14e88c": 151288809941952652, "9d7f3e7d": 494878333, "7bbd": 15293, "25": 37, "4025": 37} {
		b, _ := hex.DecodeString(text)
		var got uint64
		s := cryptobyte.String(b)
		if !readVarint(&s, &got) || got != want || !s.Empty() {
			t.Errorf("%s: %d", text, got)
		}
		s = cryptobyte.String(b[:len(b)-1])
		if readVarint(&s, &got) {
			t.Errorf("%s: read from a part of it", text)
		}
	}
}

// A peer that sends what no keys open, or pieces without end, makes neither
// memory nor work grow without end.
func TestHostileQUIC(t *testing.T) {
	f := Facts{Protocol: Unknown}
	packet := bytes.Clone(segments(t, "quic/rfc9001")[0].bytes)
	for i := range 200 {
		packet[6], packet[len(packet)-1] = byte(i), byte(i)
		quicDatagram(segment{false, packet}.datagram(false), &f, nil)
	}
	if f.quic.tries > maxQUICTries+1 || len(f.quic.waiting) > maxQUICWaiting {
		t.Errorf("%d tries, %d packets kept", f.quic.tries, len(f.quic.waiting))
	}
	if n := testing.AllocsPerRun(100, func() { quicDatagram(segment{false, packet}.datagram(false), &f, nil) }); n > 4 {
		t.Errorf("%v allocations a datagram that is not read", n)
	}
	f = Facts{Protocol: Unknown}
	for i := range 200 {
		quicDatagram(segment{false, sealed([]byte("identity"), false, byte(i), cryptoFrame(1+1001*i, make([]byte, 1000)))}.datagram(false), &f, nil)
	}
	if size := f.quic.fromClient.crypto.size; size > maxPieceBytes {
		t.Errorf("%d bytes are kept", size)
	}
}

func TestDatagramsAfterQUICHandshakeCostNothing(t *testing.T) {
	f, _ := converse(quicDatagram, segments(t, "quic/classic.0"))
	data := segment{true, append([]byte{0x43}, make([]byte, 1000)...)}.datagram(false)
	if n := testing.AllocsPerRun(100, func() { quicDatagram(data, &f, nil) }); n != 0 || f.quic != nil {
		t.Errorf("%v allocations a datagram", n)
	}
}

func FuzzQUIC(f *testing.F) {
	for _, name := range folderNames(f, "quic") {
		list := segments(f, name)
		for i := 0; i+1 < min(len(list), 6); i++ {
			f.Add(list[i].bytes, list[i+1].bytes, []byte{}, byte(i))
		}
	}
	f.Add([]byte{0xC3, 'Q', '0', '4', '6', 0x50}, []byte("\x09identityQ039\x01CHLO\x01\x00\x00\x00SNI\x00\x01\x00\x00\x00a"), []byte{frameACK, 1, 2, 3}, byte(0))
	f.Fuzz(func(t *testing.T, a, b, frames []byte, flags byte) {
		list := []segment{{flags&1 != 0, a}, {flags&2 != 0, b}, {false, sealed([]byte("identity"), false, 0, frames)}, {flags&4 != 0, sealed([]byte("identity"), true, 0, frames)}}
		facts, _ := converse(quicDatagram, list)
		if (facts.Protocol == ProtoQUIC) != (facts.QUIC != nil) || len(facts.Marks) > maxMarks {
			t.Fatalf("%s with %+v", facts.Protocol, facts.QUIC)
		}
		again, _ := converse(quicDatagram, list)
		if !reflect.DeepEqual(facts.TLS, again.TLS) {
			t.Fatal("the same datagrams gave other facts")
		}
	})
}

func BenchmarkQUIC(b *testing.B) {
	for _, name := range []string{"quic/classic.0", "quic/pq.0"} {
		list := segments(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				converse(quicDatagram, list)
			}
		})
	}
}
