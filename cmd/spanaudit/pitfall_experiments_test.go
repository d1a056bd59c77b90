package main

import (
	"bytes"
	"compress/gzip"
	"net/netip"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// The experiments that were made with Suricata 7.0.10, ndpiReader 4.2 and
// tshark 4.0, each with what is right.

// Suricata calls RTSP HTTP.
func TestE1RTSPIsNotHTTP(t *testing.T) {
	_, _, records := auditFlows(t, corpusCapture(t, "ndpi__rtsp.pcap"))
	sessions := 0
	for _, r := range records {
		if r.text("network.protocol") == "rtsp" {
			sessions++
		}
		if r.at("http") != nil || r.at("network.protocol") == "http" {
			t.Errorf("HTTP: %v", r)
		}
	}
	if sessions != 7 {
		t.Errorf("%d RTSP sessions on port 8554, want 7", sessions)
	}
	r := onlyFlow(t, "../../fixtures/clean/rtsp-tcp-local.pcapng", "tcp")
	wantRecord(t, r, map[string]string{"network.protocol": "rtsp", "network.wrapped": "rtp", "rtsp.version": "1.0", "rtsp.transport": "tcp"})
}

// Suricata calls NTP to port 80 QUIC.
func TestE2NTPToPort80IsNotQUIC(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"ndpi__NTPv2.pcap": {"network.protocol": "ntp", "ntp.versions": "[2]", "ntp.modes": "[7]", "quic": ""},
		"ndpi__NTPv3.pcap": {"network.protocol": "ntp", "ntp.versions": "[3]", "ntp.modes": "[4]", "source.port": "80", "destination.port": "123", "quic": ""},
	} {
		wantRecord(t, onlyFlow(t, corpusCapture(t, name), "udp"), want)
	}
	c := &connection{client: camera, server: cloud}
	c.client, c.server = netip.AddrPortFrom(camera.Addr(), 80), netip.AddrPortFrom(cloud.Addr(), 123)
	c.datagram(false, ntp(0xe3, 0, ""))
	c.datagram(true, ntp(0xe4, 2, "\xc0\x00\x02\x01"))
	wantRecord(t, onlyFlow(t, writeFrames(t, c.frames), "udp"), map[string]string{
		"network.protocol": "ntp", "ntp.versions": "[4]", "ntp.modes": "[3 4]", "ntp.stratum": "[2]", "destination.port": "123", "quic": "",
	})
}

// ntp is a message of 48 bytes whose first byte is leap, version and mode.
func ntp(first, stratum byte, reference string) []byte {
	b := make([]byte, 48)
	b[0], b[1], b[2], b[3] = first, stratum, 6, 0xec
	copy(b[12:], reference)
	for i := 40; i < 48; i++ {
		b[i] = 0xe9
	}
	return b
}

// nDPI prints TLSv1.2 of the client's half of TLS 1.3, a version that nobody
// negotiated.
func TestE3ClientHalfOfTLS13(t *testing.T) {
	half := oneSide(replayed(t, "tls13.0", 1400).frames, false)
	status, document, records := auditFlows(t, writeFrames(t, half))
	if len(records) != 1 || status != statusDone {
		t.Fatalf("status %d, %d flows", status, len(records))
	}
	wantRecord(t, records[0], map[string]string{
		"network.protocol": "tls", "tls.version": "", "tls.cipher": "", "tls.forward_secrecy": "", "tls.client.offered_versions": "[1.3]",
	})
	wantVerdicts(t, document, "indeterminate", "tls-version", "tls-forward-secrecy", "tls-broken-cipher")

	path := "../../fixtures/odd/tls-one-sided-client.pcapng"
	wantRecord(t, onlyFlow(t, path, "tcp"), map[string]string{"tls.version": "", "tls.client.offered_versions": "[1.3 1.2 1.1 1.0]"})

	hello := offering12And13(t)
	wantRecord(t, onlyFlow(t, writeFrames(t, hello), "tcp"), map[string]string{"tls.version": "", "tls.client.offered_versions": "[1.3 1.2]"})
}

// offering12And13 is the client's half of the MQTT fixture.
func offering12And13(t *testing.T) []frame {
	frames := readFrames(t, "../../fixtures/clean/mqtt-tls.pcapng")
	return slices.DeleteFunc(frames, func(f frame) bool { return !bytes.Equal(f.data[26:30], []byte{10, 20, 0, 10}) })
}

// Suricata fails on the server's half.
func TestE4ServerHalf(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"tls13.0":       {"tls.version": "1.3", "tls.cipher": "TLS_AES_256_GCM_SHA384", "tls.curve": "x25519", "tls.client": "", "tls.forward_secrecy": "yes"},
		"tls12-ecdhe.0": {"tls.version": "1.2", "tls.cipher": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "tls.curve": "x25519", "tls.client": "", "tls.forward_secrecy": "yes"},
	} {
		want["network.protocol"], want["destination.port"] = "tls", "443"
		wantRecord(t, onlyFlow(t, writeFrames(t, oneSide(replayed(t, name, 1400).frames, true)), "tcp"), want)
	}
}

// tshark writes TLSv1 beside the ClientHello of TLS 1.3, and TLSv1.2 beside
// the rest.
func TestE5RecordVersionIsNotTheVersion(t *testing.T) {
	wantRecord(t, onlyFlow(t, corpusCapture(t, "zeek__tls13_psk_succesfull.pcap"), "tcp"), map[string]string{"tls.version": "1.3", "tls.version_protocol": "tls"})
	wantRecord(t, onlyFlow(t, corpusCapture(t, "ndpi__tls_ech.pcapng"), "tcp"), map[string]string{"tls.version": "1.3"})
}

// nDPI raises two risks of MQTT in TLS: not HTTPS, and not on a standard port.
func TestE6MQTTInTLSIsNoRisk(t *testing.T) {
	for _, port := range []uint16{8883, 8081} {
		c := opened(camera, netip.AddrPortFrom(cloud.Addr(), port))
		for _, turn := range handshakeTurns(t, "alpn-mqtt.0") {
			c.say(turn.server, turn.bytes, 1400)
		}
		status, document, records := auditFlows(t, writeFrames(t, c.frames))
		wantRecord(t, records[0], map[string]string{"network.protocol": "tls", "network.wrapped": "mqtt", "network.wrapped_by": "alpn"})
		// The client does offer static RSA, and the replay is older than the certificate.
		if findings := document.findings("tls-weak-offered", "tls-certificate"); status != statusDone || len(findings) > 0 {
			t.Errorf("port %d: status %d, %v", port, status, findings)
		}
	}
}

// tshark decodes no MQTT whose first byte has a WebSocket frame to itself.
func TestE7MQTTInWebSocketWithItsHeaderApart(t *testing.T) {
	connect := []byte("\x10\x14\x00\x04MQTT\x04\x82\x00\x3c\x00\x03cam\x00\x03bob")
	c := opened(camera, netip.AddrPortFrom(cloud.Addr(), 8080))
	c.say(false, []byte("GET /mqtt HTTP/1.1\r\nHost: broker.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"), 1400)
	c.say(true, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"), 1400)
	c.say(false, masked(connect[:1]), 1400)
	c.say(false, masked(connect[1:]), 1400)
	c.say(true, []byte("\x82\x04\x20\x02\x00\x00"), 1400)
	status, document, records := auditFlows(t, writeFrames(t, c.frames))
	wantRecord(t, records[0], map[string]string{
		"network.protocol": "mqtt", "mqtt.version": "3.1.1", "mqtt.client_id": "cam", "mqtt.username_present": "true",
		"mqtt.password_present": "false", "mqtt.return_code": "0",
	})
	if status != statusViolations {
		t.Errorf("status %d: %v", status, document.list("findings"))
	}
	wantVerdicts(t, document, "fail", "mqtt-cleartext")
}

// masked is a binary message in one WebSocket frame of a client (RFC 6455,
// section 5.2).
func masked(payload []byte) []byte {
	key := []byte{0x37, 0xfa, 0x21, 0x3d}
	b := append([]byte{0x82, 0x80 | byte(len(payload))}, key...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}

// nDPI raises no risk of RC4 in TLS 1.2.
func TestE8RC4IsBroken(t *testing.T) {
	c := opened(camera, cloud)
	for _, turn := range handshakeTurns(t, "tls12-rsa.0") {
		rc4 := turn.bytes
		if turn.server { // TLS_RSA_WITH_AES_128_GCM_SHA256 becomes TLS_RSA_WITH_RC4_128_MD5
			rc4 = bytes.Replace(rc4, []byte("\x00\x9c\x00\x00"), []byte("\x00\x04\x00\x00"), 1)
		}
		c.say(turn.server, rc4, 1400)
	}
	status, document, records := auditFlows(t, writeFrames(t, c.frames))
	wantRecord(t, records[0], map[string]string{"tls.version": "1.2", "tls.cipher": "TLS_RSA_WITH_RC4_128_MD5", "tls.forward_secrecy": "no"})
	if status != statusViolations || !slices.Contains(findingsOf(document, "tls-broken-cipher"), "critical") {
		t.Errorf("status %d: %v", status, document.list("findings"))
	}
	for _, name := range []string{"ndpi__pop3_stls.pcap", "ndpi__smtp-starttls.pcap"} {
		_, document, _ := auditFlows(t, corpusCapture(t, name))
		if got := findingsOf(document, "tls-broken-cipher"); !slices.Equal(got, []string{"critical"}) {
			t.Errorf("%s: findings of severity %v, want one that is critical", name, got)
		}
	}
}

// Of a session whose halves stand one after the other in the file, Suricata
// makes two flows or none, and tshark loses the ServerHello.
func TestE9HalvesInEitherOrder(t *testing.T) {
	for _, name := range []string{"tls13.0", "tls12-ecdhe.0", "tls12-ticket.1", "tls13-hrr.0"} {
		frames := replayed(t, name, 500).frames
		want := onlyFlow(t, writeFrames(t, frames), "tcp")
		if want.at("tls.version") == nil {
			t.Fatalf("%s: %v", name, want)
		}
		client, server := oneSide(frames, false), oneSide(frames, true)
		for order, joined := range map[string][]frame{"client": slices.Concat(client, server), "server": slices.Concat(server, client)} {
			if got := onlyFlow(t, writeFrames(t, joined), "tcp"); canonicalJSON(got) != canonicalJSON(want) {
				t.Errorf("%s, the %s first:\n%s\nwant\n%s", name, order, canonicalJSON(got), canonicalJSON(want))
			}
		}
	}
}

// A whole file turned back to front gives the same records, where the times say
// in which order the packets were.
func TestE9CapturesBackToFront(t *testing.T) {
	turned := 0
	for _, path := range corpusFiles(t, "captures") {
		header, packets, distinct := readPcap(t, path)
		if !distinct {
			continue
		}
		turned++
		_, _, want := auditFlows(t, path)
		slices.Reverse(packets)
		_, _, got := auditFlows(t, put(t, "turned.pcap", slices.Concat(header, slices.Concat(packets...))))
		if canonicalJSON(got) != canonicalJSON(want) {
			t.Errorf("%s: %d records, want %d\n%.2000s\nwant\n%.2000s", path, len(got), len(want), canonicalJSON(got), canonicalJSON(want))
		}
	}
	if turned < 40 {
		t.Errorf("%d captures with distinct times", turned)
	}
}

// nDPI calls the extensions of a hybrid key exchange suspicious.
func TestE10HybridKeyExchangeIsNoFinding(t *testing.T) {
	for name, group := range map[string]string{"zeek__chrome-1250-tls-x25519-kyber.pcap": "X25519Kyber768Draft00", "ndpi__tls_ech.pcapng": "x25519"} {
		status, document, records := auditFlows(t, corpusCapture(t, name))
		wantRecord(t, records[0], map[string]string{"tls.curve": group, "tls.client.ech": "true", "tls.forward_secrecy": "yes"})
		if findings := document.findings("tls-weak-offered"); status != statusDone || len(findings) > 0 { // it does offer static RSA
			t.Errorf("%s: status %d, %v", name, status, findings)
		}
	}
}

// Suricata sees TLS only behind SMTP's STARTTLS, nDPI not behind XMPP's.
func TestE11STARTTLS(t *testing.T) {
	for name, want := range map[string][3]string{
		"ndpi__smtp-starttls.pcap":       {"smtp", "1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		"zeek__imap-starttls.pcap":       {"imap", "1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
		"ndpi__pop3_stls.pcap":           {"pop3", "1.0", "TLS_RSA_WITH_RC4_128_SHA"},
		"zeek__xmpp-starttls.pcap":       {"xmpp", "1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
		"zeek__irc-starttls.pcap":        {"irc", "1.2", "TLS_RSA_WITH_AES_256_GCM_SHA384"},
		"zeek__connect-with-header.pcap": {"http", "1.2", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
	} {
		_, _, records := auditFlows(t, corpusCapture(t, name))
		found := slices.ContainsFunc(records, func(r object) bool {
			return slices.Contains(r.words("network.protocol"), "tls") && r.text("network.wrapped") == want[0] && r.text("tls.version") == want[1] && r.text("tls.cipher") == want[2]
		})
		if !found {
			t.Errorf("%s: no TLS %s behind %s: %v", name, want[1], want[0], records)
		}
	}
}

// Suricata and nDPI exit with 0 when a capture is cut short, nDPI even when
// there is none.
func TestE12ExitStatus(t *testing.T) {
	whole := read(t, writeFrames(t, replayed(t, "tls12-rsa.0", 1400).frames))
	for _, cut := range []int{len(whole) - 1, len(whole) - 20, 30, 23, 3} {
		status, document, _ := auditFlows(t, put(t, "cut.pcap", whole[:cut]))
		if status != statusUnread || document.list("inputs")[0].(map[string]any)["error"] == nil {
			t.Errorf("the first %d of %d bytes: status %d", cut, len(whole), status)
		}
	}
	if status, _, _ := spanaudit("audit", "nosuch.pcap"); status != statusUsage {
		t.Errorf("a file that does not exist: status %d", status)
	}
	if status, _, _ := auditFlows(t, put(t, "whole.pcap", whole)); status != statusViolations {
		t.Errorf("the whole: status %d", status)
	}
}

// nDPI, Suricata and tcpdump refuse .pcap.gz.
func TestE13CompressedAndPcapng(t *testing.T) {
	frames := readFrames(t, clean)
	pcap := read(t, writeFrames(t, frames))
	want, _ := reports(t, "edge-camera", clean)
	var zipped, packed bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(pcap)
	_ = z.Close()
	e, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = e.Write(pcap)
	_ = e.Close()
	for name, content := range map[string][]byte{"a.pcap": pcap, "a.pcap.gz": zipped.Bytes(), "a.pcap.zst": packed.Bytes()} {
		if got, _ := reports(t, "edge-camera", put(t, name, content)); got != want {
			t.Errorf("%s: %s", name, firstDifference(want, got))
		}
	}
}

// Suricata has no flow inside ERSPAN III and fails on NTP's modes 6 and 7 and
// on DTLS; nDPI reports ERSPAN as GRE.
func TestE14Tunnels(t *testing.T) {
	frames := replayed(t, "tls13.0", 1400).frames
	want := onlyFlow(t, writeFrames(t, frames), "tcp")
	erspan2 := "\x10\x00\x88\xbe\x00\x00\x00\x01" + "\x10\x05\x00\x01\x00\x00\x00\x02"
	erspan3 := "\x10\x00\x22\xeb\x00\x00\x00\x01" + "\x20\x05\x00\x01\x01\x02\x03\x04\x00\x00\x00\x00"
	for tunnel, c := range map[string]struct {
		wrap         func(frame) []byte
		tunnel, vlan string
	}{
		"ERSPAN II":   {func(f frame) []byte { return tunnelled(protoGRE, erspan2, f.data) }, "erspan", "5"},
		"ERSPAN III":  {func(f frame) []byte { return tunnelled(protoGRE, erspan3, f.data) }, "erspan", "5"},
		"ERSPAN I":    {func(f frame) []byte { return tunnelled(protoGRE, "\x00\x00\x88\xbe", f.data) }, "erspan", ""},
		"VXLAN":       {func(f frame) []byte { return overVXLAN(f.data) }, "vxlan", ""},
		"triple VLAN": {func(f frame) []byte { return tagged(f.data, 100, 200, 300) }, "", "100"},
	} {
		got := onlyFlow(t, writeFrames(t, rewritten(frames, c.wrap)), "tcp")
		wantRecord(t, got, map[string]string{"network.tunnel": c.tunnel, "network.vlan.id": c.vlan})
		for _, part := range []string{"tls", "source", "destination", "network.community_id", "network.protocol"} {
			if canonicalJSON(got.at(part)) != canonicalJSON(want.at(part)) {
				t.Errorf("%s: %s is %v, want %v", tunnel, part, got.at(part), want.at(part))
			}
		}
	}
}

func TestE14NTPControlAndDTLS(t *testing.T) {
	_, _, records := auditFlows(t, corpusCapture(t, "zeek__ntpmode67.pcap"))
	modes := map[string]int{}
	for _, r := range records {
		if r.text("network.protocol") != "ntp" {
			t.Errorf("%v", r)
		}
		modes[text(r.at("ntp.modes"))]++
	}
	if modes["[6]"] != 2 || modes["[7]"] != 3 || len(modes) != 2 {
		t.Errorf("modes %v", modes)
	}
	wantRecord(t, onlyFlow(t, corpusCapture(t, "zeek__dtls1_2.pcap"), "udp"), map[string]string{
		"network.protocol": "dtls", "tls.version": "1.2", "tls.version_protocol": "dtls", "tls.established": "true",
	})
}

// Suricata's records of TLS 1.3 have neither suite nor group.
func TestE15SuiteAndGroupOfTLS13(t *testing.T) {
	for name, want := range map[string][2]string{
		"zeek__hrr.pcap":                          {"TLS_AES_256_GCM_SHA384", "secp256r1"},
		"zeek__tls13_psk_succesfull.pcap":         {"TLS_CHACHA20_POLY1305_SHA256", "x25519"},
		"zeek__chrome-1250-tls-x25519-kyber.pcap": {"TLS_AES_128_GCM_SHA256", "X25519Kyber768Draft00"},
	} {
		wantRecord(t, onlyFlow(t, corpusCapture(t, name), "tcp"), map[string]string{"tls.version": "1.3", "tls.cipher": want[0], "tls.curve": want[1]})
	}
}
