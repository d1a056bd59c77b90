package classify

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/flow"
)

func folderNames(t testing.TB, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", folder))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, folder+"/"+e.Name())
	}
	return names
}

// datagram returns what the analyzer makes of g, which the client sent from its
// own address and the server from its own, whoever is taken for which.
func (g segment) datagram(swapped bool) Datagram {
	client, server := netip.MustParseAddrPort("192.0.2.1:50000"), netip.MustParseAddrPort("192.0.2.2:4433")
	d := Datagram{Src: client, Dst: server, FromServer: g.server != swapped, Payload: g.bytes}
	if g.server {
		d.Src, d.Dst = server, client
	}
	return d
}

// converse reads datagrams as the analyzer does. The first sender is taken for
// the client until a message tells.
func converse(read datagramClassifier, list []segment) (f Facts, last Answer) {
	f.Protocol = Unknown
	swapped := len(list) > 0 && list[0].server
	for _, g := range list {
		answer, swap := read(g.datagram(swapped), &f, nil)
		swapped, last = swapped != swap, answer
	}
	return f, last
}

func dtlsSeen(list []segment) string {
	f, a := converse(dtlsDatagram, list)
	return tlsSeen(f, a)
}

const dtlsCertified = "rsa_pss_rsae_sha256 ske cert resumed=no secret=yes established"

// The names are those of the conversations, made with OpenSSL's s_client and
// s_server, and the number in each.
func TestCapturedDTLS(t *testing.T) {
	want := map[string]string{
		"dtls/dtls10.0":        "matched dtls 1.0 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA x25519 ske cert etm resumed=no secret=yes established",
		"dtls/dtls12.0":        "matched dtls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 " + dtlsCertified,
		"dtls/dtls12-cookie.0": "matched dtls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 " + dtlsCertified,
		"dtls/dtls12-mtu.0":    "matched dtls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 " + dtlsCertified,
		"dtls/dtls12-dhe.0":    "matched dtls 1.2 TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 dh2048 " + dtlsCertified,
		"dtls/dtls12-rsa.0":    "matched dtls 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 cert resumed=no secret=no established",
		"dtls/dtls12-psk.0":    "matched dtls 1.2 TLS_PSK_WITH_AES_128_GCM_SHA256 resumed=no secret=no established",
		"dtls/dtls12-ticket.0": "matched dtls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 " + dtlsCertified,
		"dtls/dtls12-ticket.1": "matched dtls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 resumed=yes secret=yes established",
		"dtls/dtls12-fail.0":   "matched resumed=unknown secret=unknown alert=handshake_failure server=true",
	}
	for _, name := range folderNames(t, "dtls") {
		f, a := converse(dtlsDatagram, segments(t, name))
		if got := tlsSeen(f, a); got != want[name] {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want[name])
		}
		if f.Protocol != ProtoDTLS || f.TLS.ServerName != "logs.us-east-1.amazonaws.com" || !strings.HasPrefix(f.TLS.JA4, "dd") {
			t.Errorf("%s: %s, server name %q, JA4 %s", name, f.Protocol, f.TLS.ServerName, f.TLS.JA4)
		}
	}
}

func TestFactsOfOneDTLSHandshakeInFull(t *testing.T) {
	f, _ := converse(dtlsDatagram, segments(t, "dtls/dtls12.0"))
	x := f.TLS
	if !reflect.DeepEqual(x.OfferedVersions, []TLSVersion{DTLS12}) || x.Version != DTLS12 || len(x.OfferedSuites) == 0 ||
		!reflect.DeepEqual(x.OfferedGroups, []Group{29, 23, 30, 25, 24}) || x.Certificate.Subject != "CN=test" || x.JA3 == "" || x.JA3S == "" {
		t.Errorf("%+v", x)
	}
	want := []Mark{{"ClientHello", false, 0}, {"ClientHello", false, 0}, {"ServerHello", true, 0}, {"Certificate", true, 0}, {"ServerKeyExchange", true, 0}}
	if !reflect.DeepEqual(f.Marks, want) {
		t.Errorf("marks %v", f.Marks)
	}
}

func TestDTLSResumptionNamesTheHandshakeThatItResumes(t *testing.T) {
	first, _ := converse(dtlsDatagram, segments(t, "dtls/dtls12-ticket.0"))
	second, _ := converse(dtlsDatagram, segments(t, "dtls/dtls12-ticket.1"))
	if !slices.ContainsFunc(second.TLS.ResumedKeys, func(k [32]byte) bool { return slices.Contains(first.TLS.SessionKeys, k) }) {
		t.Error("the second handshake does not ask for the first's ticket")
	}
}

func TestEveryPrefixOfDTLSOnlyAdds(t *testing.T) {
	for _, name := range folderNames(t, "dtls") {
		list := segments(t, name)
		whole, _ := converse(dtlsDatagram, list)
		for n := range list {
			f, a := converse(dtlsDatagram, list[:n])
			if n > 0 && (a != Matched || f.Protocol != ProtoDTLS || !agreeTLS(f.TLS, whole.TLS)) {
				t.Errorf("%s: %d datagrams: %s", name, n, tlsSeen(f, a))
			}
		}
	}
}

// The order in which datagrams arrive, and that some arrive twice, changes
// nothing of a full handshake; of an abbreviated one it may leave open whether
// a message is missing.
func TestDTLSInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range folderNames(t, "dtls") {
		list := segments(t, name)
		list = list[:len(list)-2] // what closes it, encrypted
		whole, _ := converse(dtlsDatagram, list)
		for range 100 {
			mixed := append(slices.Clone(list), list[random.IntN(len(list))])
			random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			f, a := converse(dtlsDatagram, mixed)
			if whole.TLS.Resumed == Yes && f.TLS.Resumed == UnknownTrit && agreeTLS(f.TLS, whole.TLS) {
				continue
			}
			if got, want := tlsSeen(f, a), tlsSeen(whole, Matched); got != want {
				t.Fatalf("%s:\n got %s\nwant %s", name, got, want)
			}
		}
	}
}

// Losing datagrams never turns a full handshake into a resumption.
func TestLostDTLSDatagramsNeverContradict(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, name := range folderNames(t, "dtls") {
		list := segments(t, name)
		whole, _ := converse(dtlsDatagram, list)
		for range 200 {
			var left []segment
			for _, g := range list {
				if random.IntN(3) > 0 {
					left = append(left, g)
				}
			}
			if f, a := converse(dtlsDatagram, left); f.TLS != nil && !agreeTLS(f.TLS, whole.TLS) {
				t.Fatalf("%s: %s", name, tlsSeen(f, a))
			}
		}
	}
}

func TestOneSideOfDTLS(t *testing.T) {
	for name, want := range map[string]struct{ client, server string }{
		"dtls/dtls12.0": {"matched resumed=unknown secret=unknown",
			"matched dtls 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 rsa_pss_rsae_sha256 ske cert resumed=no secret=yes"},
		"dtls/dtls12-rsa.0": {"matched resumed=unknown secret=unknown", "matched dtls 1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 cert resumed=no secret=no"},
	} {
		list := segments(t, name)
		client := slices.DeleteFunc(slices.Clone(list), func(g segment) bool { return g.server })
		server := slices.DeleteFunc(slices.Clone(list), func(g segment) bool { return !g.server })
		if got := dtlsSeen(client); got != want.client {
			t.Errorf("%s, client: %s", name, got)
		}
		if got := dtlsSeen(server); got != want.server {
			t.Errorf("%s, server: %s", name, got)
		}
	}
}

// What follows builds DTLS as the wire has it.

func dtlsPlain(contentType byte, version, epoch uint16, number uint32, body []byte) []byte {
	return concat([]byte{contentType}, u16s(version, epoch, 0), binary.BigEndian.AppendUint32(nil, number), vector16(body))
}

func dtlsPart(messageType byte, sequence uint16, message []byte, from, to int) []byte {
	u24 := func(n int) []byte { return []byte{byte(n >> 16), byte(n >> 8), byte(n)} }
	return concat([]byte{messageType}, u24(len(message)), u16s(sequence), u24(from), u24(to-from), message[from:to])
}

func dtlsRecordOf(messageType byte, sequence uint16, number uint32, message []byte) []byte {
	return dtlsPlain(recordHandshake, uint16(DTLS12), 0, number, dtlsPart(messageType, sequence, message, 0, len(message)))
}

// unified is a record of DTLS 1.3 with a length.
func unified(epoch byte, connectionID []byte, size int) []byte {
	first := 0x2C | epoch
	if connectionID != nil {
		first |= 0x10
	}
	return concat([]byte{first}, connectionID, u16s(7), vector16(make([]byte, size)))
}

func dtlsHello(extensions ...[]byte) []byte {
	return concat(u16s(uint16(DTLS12)), make([]byte, 32), vector8(nil), vector8([]byte("cookie")), vector16(u16s(0x1301, 0xC02B)), vector8([]byte{0}), vector16(extensions...))
}

func dtls13Exchange(clientID, serverID []byte) []segment {
	hello := dtlsHello(tlsExtension(extSupportedVersions, vector8(u16s(uint16(DTLS13), uint16(DTLS12)))), tlsExtension(extServerName, serverName("a.example")),
		tlsExtension(extConnectionID, vector8(clientID)))
	retry := serverHelloBody(uint16(DTLS12), 0x1301, retryRandom, tlsExtension(extSupportedVersions, u16s(uint16(DTLS13))))
	server := serverHelloBody(uint16(DTLS12), 0x1301, "", tlsExtension(extSupportedVersions, u16s(uint16(DTLS13))),
		tlsExtension(extKeyShare, u16s(23, 0)), tlsExtension(extConnectionID, vector8(serverID)))
	return []segment{
		{false, dtlsRecordOf(clientHelloType, 0, 0, hello)},
		{true, dtlsRecordOf(serverHelloType, 0, 0, retry)},
		{false, dtlsRecordOf(clientHelloType, 1, 1, hello)},
		{true, concat(dtlsRecordOf(serverHelloType, 1, 1, server), unified(2, clientID, 40), unified(2, clientID, 800))},
		{false, unified(2, serverID, 19)},
		{false, unified(2, serverID, 35)},
		{false, concat(unified(2, serverID, 61), unified(2, serverID, 35))},
	}
}

func TestDTLS13(t *testing.T) {
	want := "matched dtls 1.3 TLS_AES_128_GCM_SHA256 secp256r1 key_share retry resumed=no secret=yes"
	for name, id := range map[string][]byte{"plain": nil, "connection identifiers": {9, 9, 9, 9, 9, 9, 9, 9}} {
		list := dtls13Exchange([]byte{1, 2, 3}, id)
		f, a := converse(dtlsDatagram, list)
		if got := tlsSeen(f, a); got != want+" established" || f.TLS.JA4[:4] != "dd3d" {
			t.Errorf("%s: %s %s", name, got, f.TLS.JA4)
		}
		if got := dtlsSeen(list[:len(list)-1]); got != want {
			t.Errorf("%s, an alert and an ACK: %s", name, got)
		}
		list[len(list)-1].bytes = unified(3, id, 20)
		if got := dtlsSeen(list); got != want+" established" {
			t.Errorf("%s, application data: %s", name, got)
		}
	}
}

func TestDTLSConnectionIDOf12(t *testing.T) {
	record := concat([]byte{recordConnectionID}, u16s(uint16(DTLS12), 1, 0, 0, 1), []byte("identity"), vector16(make([]byte, 30)))
	if got := dtlsSeen([]segment{{false, record}}); got != "matched resumed=unknown secret=unknown" {
		t.Error(got)
	}
	if got := dtlsSeen([]segment{{false, record[:12]}}); got != "0 no TLS" {
		t.Error(got)
	}
}

// A message in fragments is read alike in each order, with overlaps and with
// fragments that come again.
func TestDTLSFragmentsInEveryOrder(t *testing.T) {
	hello := dtlsHello(tlsExtension(extServerName, serverName("camera.example")))
	cuts := [][2]int{{0, 30}, {20, 50}, {50, 51}, {51, len(hello)}, {10, 60}}
	permute(cuts, func(cuts [][2]int) {
		var list []segment
		for i, c := range cuts {
			part := dtlsPart(clientHelloType, 0, hello, c[0], c[1])
			list = append(list, segment{false, dtlsPlain(recordHandshake, uint16(DTLS10), 0, uint32(i), part)})
		}
		f, a := converse(dtlsDatagram, list)
		if a != Matched || f.TLS.ServerName != "camera.example" || f.Malformed {
			t.Errorf("%v: %s %q", cuts, tlsSeen(f, a), f.TLS.ServerName)
		}
		f, _ = converse(dtlsDatagram, list[:1])
		if f.TLS.ClientHello {
			t.Errorf("%v: one fragment is no hello", cuts[0])
		}
	})
}

func permute[T any](list []T, visit func([]T)) {
	var step func(n int)
	step = func(n int) {
		if n == len(list) {
			visit(list)
			return
		}
		for i := n; i < len(list); i++ {
			list[n], list[i] = list[i], list[n]
			step(n + 1)
			list[n], list[i] = list[i], list[n]
		}
	}
	step(0)
}

// WebRTC runs STUN, DTLS and SRTP over one pair of ports (RFC 7983).
func TestStrangersOnThePortOfDTLS(t *testing.T) {
	list := segments(t, "dtls/dtls12.0")
	want := dtlsSeen(list)
	var mixed []segment
	for _, g := range list {
		mixed = append(mixed, g, segment{true, append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...)}, segment{false, rtpPacket(1, 96, 7, 100)})
	}
	f, _ := converse(dtlsDatagram, mixed)
	if got := tlsSeen(f, Matched); got != want || f.Malformed {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// relays are the ways in which TURN carries a datagram.
var relays = map[string]func(b []byte, i int) []byte{
	"channel":         func(b []byte, i int) []byte { return concat(u16s(0x4001), vector16(b), make([]byte, i%4)) },
	"Send indication": func(b []byte, _ int) []byte { return indication(stunSendIndication, b) },
	"Data indication": func(b []byte, _ int) []byte { return indication(stunDataIndication, b) },
}

// indication writes a TURN indication with XOR-PEER-ADDRESS and DATA.
func indication(kind uint16, b []byte) []byte {
	attributes := concat(u16s(0x0012), vector16([]byte{0, 1, 0x21, 0x12, 0x5e, 0x12, 0xa4, 0x43}), u16s(stunData), vector16(b), make([]byte, -len(b)&3))
	return concat(u16s(kind, uint16(len(attributes))), []byte{0x21, 0x12, 0xa4, 0x42}, make([]byte, 12), attributes)
}

func TestDTLSThatTURNRelays(t *testing.T) {
	for name, relay := range relays {
		list := segments(t, "dtls/dtls12.0")
		want := dtlsSeen(list)
		allocation := []segment{{false, []byte(unhex(stunRequestBytes))}, {true, []byte(unhex(stunRequestBytes))}}
		for i, g := range list {
			list[i].bytes = relay(g.bytes, i)
		}
		if got := dtlsSeen(list); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
		l, _ := analyze(t, packetsOf(append(allocation, list...)))
		r := l.ended[0]
		if got := tlsSeen(r.Facts, Matched); got != want || r.Malformed || !r.STUN {
			t.Errorf("%s behind an allocation: malformed %v, STUN %v\ngot  %s\nwant %s", name, r.Malformed, r.STUN, got, want)
		}
		if r.Client.Addr.Port() != 50000 || r.Ground != flow.FirstPacket {
			t.Errorf("%s: the client is %s, told by the %s", name, r.Client.Addr, r.Ground)
		}
		var turned []segment // the other end begins the handshake
		for _, g := range list {
			turned = append(turned, segment{!g.server, g.bytes})
		}
		l, _ = analyze(t, packetsOf(append(allocation, turned...)))
		if r := l.ended[0]; tlsSeen(r.Facts, Matched) != want || r.Client.Addr.Port() != 50000 {
			t.Errorf("%s, begun by the other end: the client is %s, %s", name, r.Client.Addr, tlsSeen(r.Facts, Matched))
		}
		var payloads []Datagram
		for _, g := range append(allocation, list...) {
			d := g.datagram(false)
			d.Payload = slices.Clone(d.Payload)
			payloads = append(payloads, d)
		}
		if p := RedactDatagrams(payloads); p != ProtoDTLS {
			t.Errorf("%s, redacted: %s", name, p)
		}
		var redacted []segment
		for _, d := range payloads {
			redacted = append(redacted, segment{d.FromServer, d.Payload})
		}
		l, _ = analyze(t, packetsOf(redacted))
		if got := tlsSeen(l.ended[0].Facts, Matched); got != want {
			t.Errorf("%s, redacted:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func TestMediaThatTURNRelays(t *testing.T) {
	for name, relay := range relays {
		messages := []string{unhex(stunRequestBytes), unhex(stunRequestBytes)}
		for i := range 2 * rtpRunLength {
			messages = append(messages, string(relay(rtpPacket(uint16(i), 96, 7, 100), i)))
		}
		if f, _, _ := (exchange{50000, 3478, messages}).play(); f.Protocol != ProtoRTP || f.RTP.SSRC != 7 || !f.STUN {
			t.Errorf("%s: %s", name, show(f))
		}
		if f, _, _ := (exchange{50000, 3478, messages[2:]}).play(); f.Protocol != ProtoRTP || !f.STUN {
			t.Errorf("%s joined late: %s", name, show(f))
		}
	}
}

// An indication counts by its first DATA, as for who takes it, and nothing else
// carries any.
func TestDTLSBesideADecoy(t *testing.T) {
	hello := segments(t, "dtls/dtls12.0")[0].bytes
	decoy := indication(stunSendIndication, []byte("decoy"))[stunHeader:]
	message := indication(stunSendIndication, hello)
	message = append(message, decoy...)
	binary.BigEndian.PutUint16(message[2:], uint16(len(message)-stunHeader))
	if f, _, _ := (exchange{50000, 3478, []string{string(message)}}).play(); f.Protocol != ProtoDTLS || !f.STUN {
		t.Errorf("first of two: %s", show(f))
	}
	if f, _, _ := (exchange{50000, 3478, []string{string(indication(1, hello))}}).play(); f.Protocol != ProtoSTUN {
		t.Errorf("in a binding request: %s", show(f))
	}
}

// Media under way does not hide the handshake that follows on its port.
func TestDTLSBehindMedia(t *testing.T) {
	var list []segment
	for i := range 2 * rtpRunLength {
		list = append(list, segment{i%2 == 1, rtpPacket(uint16(i), 96, 7, 100)})
	}
	handshake := segments(t, "dtls/dtls12.0")
	want := dtlsSeen(handshake)
	for _, g := range handshake {
		list = append(list, g, segment{false, rtpPacket(50, 96, 7, 100)})
	}
	l, _ := analyze(t, packetsOf(list))
	if r := l.ended[0]; r.Facts.Protocol != ProtoRTP || r.Malformed || tlsSeen(r.Facts, Matched) != want || r.Evidence[0].What != "ClientHello" {
		t.Errorf("%s, malformed %v, %v\ngot  %s\nwant %s", r.Facts.Protocol, r.Malformed, r.Evidence, tlsSeen(r.Facts, Matched), want)
	}
}

// packetsOf writes the packets of one UDP flow.
func packetsOf(list []segment) (packets []flow.Packet) {
	for i, g := range list {
		d := g.datagram(false)
		packets = append(packets, flow.Packet{
			Frame:    flow.Frame{Number: uint64(i + 1), Time: flow.Time(time.Hour).Add(time.Duration(i) * time.Millisecond)},
			Protocol: flow.UDP, Src: d.Src, Dst: d.Dst, IPID: uint16(i + 1), Length: 28 + len(g.bytes), Payload: g.bytes,
		})
	}
	return packets
}

// A flow that begins with STUN is what STUN opened the way for, with the roles
// of that.
func TestDTLSBehindSTUN(t *testing.T) {
	stun := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...)
	list := []segment{{true, stun}, {false, stun}, {true, stun}}
	for _, g := range segments(t, "dtls/dtls12.0") {
		list = append(list, g, segment{true, stun}, segment{false, rtpPacket(1, 96, 7, 100)})
	}
	l, a := analyze(t, packetsOf(list))
	r := l.ended[0]
	if r.Facts.Protocol != ProtoDTLS || !r.TLS.Established || r.Malformed || r.Client.Addr.Port() != 50000 || a.Panics() > 0 {
		t.Errorf("%s from %s: %s", r.Facts.Protocol, r.Client.Addr, tlsSeen(r.Facts, Matched))
	}
	if len(r.Evidence) != 5 || r.Evidence[0] != (Evidence{"ClientHello", flow.Frame{Number: 4, Time: r.Evidence[0].Frame.Time}}) {
		t.Errorf("evidence %v", r.Evidence)
	}
}

func TestServersDTLSHelloTellsRoles(t *testing.T) {
	list := segments(t, "dtls/dtls12.0")
	f := Facts{Protocol: Unknown}
	g := list[3]
	if !g.server {
		t.Fatal("datagram 4 is the server's")
	}
	_, swap := dtlsDatagram(g.datagram(true), &f, nil)
	_, again := dtlsDatagram(g.datagram(true), &f, nil)
	if !swap || again || !f.TLS.ServerHello {
		t.Errorf("swap %t, then %t: %s", swap, again, tlsSeen(f, Matched))
	}
}

func TestDatagramsThatAreNoDTLS(t *testing.T) {
	hello := dtlsRecordOf(clientHelloType, 0, 0, dtlsHello())
	record := func(contentType byte, epoch uint16, body []byte) []byte {
		return dtlsPlain(contentType, uint16(DTLS12), epoch, 0, body)
	}
	for name, b := range map[string][]byte{
		"empty": {}, "one byte": {22}, "cut": hello[:len(hello)-1], "trailing byte": append(slices.Clone(hello), 0),
		"TLS": tlsRecords(recordHandshake, 100, tlsMessage(clientHelloType, chromeHello())), "unified header": unified(2, nil, 60),
		"data in clear": record(recordApplicationData, 0, make([]byte, 20)), "alert of level 9": record(recordAlert, 0, []byte{9, 0}),
		"message of type 99": record(recordHandshake, 0, dtlsPart(99, 0, make([]byte, 9), 0, 9)),
		"fragment too long":  record(recordHandshake, 0, append(dtlsPart(1, 0, make([]byte, 9), 0, 9)[:11], 200)),
		"NTP":                append([]byte{0x23}, make([]byte, 47)...),
	} {
		if got := dtlsSeen([]segment{{false, b}}); got != "0 no TLS" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, d := range map[string]Datagram{
		"a kept beginning":  {Payload: hello[:40], Missing: len(hello) - 40},
		"data, encrypted":   {Payload: record(recordApplicationData, 1, make([]byte, 20))},
		"joined in the end": {Payload: concat(record(recordHandshake, 1, make([]byte, 40)), record(recordApplicationData, 1, make([]byte, 20)))},
	} {
		f := Facts{Protocol: Unknown}
		if a, _ := dtlsDatagram(d, &f, nil); a != Matched || f.Malformed && d.Missing == 0 {
			t.Errorf("%s: %v %s", name, a, tlsSeen(f, a))
		}
	}
}

// A peer that sends fragments without end makes nothing grow without end.
func TestHostileDTLS(t *testing.T) {
	f := Facts{Protocol: Unknown}
	message := make([]byte, maxHello)
	for sequence := range uint16(100) {
		for from := 1; from+1000 < len(message); from += 1001 {
			part := dtlsPart(certificateType, sequence, message, from, from+1000)
			dtlsDatagram(segment{true, dtlsPlain(recordHandshake, uint16(DTLS12), 0, 0, part)}.datagram(false), &f, nil)
		}
	}
	side := &f.dtls.fromServer
	if side.held() > maxDTLSHeld || len(side.messages) > maxDTLSMessages {
		t.Errorf("%d bytes of %d messages are kept", side.held(), len(side.messages))
	}
}

func TestDatagramsAfterDTLSHandshakeCostNothing(t *testing.T) {
	f, _ := converse(dtlsDatagram, segments(t, "dtls/dtls12.0"))
	data := segment{true, dtlsPlain(recordApplicationData, uint16(DTLS12), 1, 9, make([]byte, 1000))}.datagram(false)
	for range maxDTLSAfter {
		dtlsDatagram(data, &f, nil)
	}
	if n := testing.AllocsPerRun(100, func() { dtlsDatagram(data, &f, nil) }); n != 0 || f.dtls != nil {
		t.Errorf("%v allocations a datagram", n)
	}
}

func BenchmarkDTLS(b *testing.B) {
	list := segments(b, "dtls/dtls12.0")
	b.ReportAllocs()
	for b.Loop() {
		converse(dtlsDatagram, list)
	}
}

func FuzzDTLS(f *testing.F) {
	for _, name := range folderNames(f, "dtls") {
		list := segments(f, name)
		for i := 0; i+2 < len(list); i++ {
			f.Add(list[i].bytes, list[i+1].bytes, list[i+2].bytes, byte(i))
		}
	}
	for i, list := 0, dtls13Exchange([]byte{1}, []byte{2, 3}); i+2 < len(list); i++ {
		f.Add(list[i].bytes, list[i+1].bytes, list[i+2].bytes, byte(2))
	}
	f.Fuzz(func(t *testing.T, a, b, c []byte, flags byte) {
		list := []segment{{flags&1 != 0, a}, {flags&2 != 0, b}, {flags&4 != 0, c}}
		facts, _ := converse(dtlsDatagram, list)
		if (facts.Protocol == ProtoDTLS) != (facts.TLS != nil) || len(facts.Marks) > maxMarks {
			t.Fatalf("%s with %+v", facts.Protocol, facts.TLS)
		}
		again, _ := converse(dtlsDatagram, list)
		if !reflect.DeepEqual(facts.TLS, again.TLS) {
			t.Fatal("the same datagrams gave other facts")
		}
	})
}
