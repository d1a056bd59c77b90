package main

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// The version of TLS 1.3 stands in an extension of the ServerHello, and a
// HelloRetryRequest, which looks like one, chooses nothing.
func TestPitfall1HelloRetryRequestIsNoServerHello(t *testing.T) {
	wantRecord(t, onlyFlow(t, corpusCapture(t, "zeek__hrr.pcap"), "tcp"), map[string]string{
		"tls.version": "1.3", "tls.cipher": "TLS_AES_256_GCM_SHA384", "tls.curve": "secp256r1", "tls.hello_retry": "true", "tls.resumed": "false",
	})
	_, document, _ := auditFlows(t, corpusCapture(t, "zeek__hrr.pcap"))
	if n := verdictOf(document, "tls-version").number("examined"); n != 1 {
		t.Errorf("%v handshakes examined, want 1", n)
	}

	c := opened(camera, cloud) // ends after the HelloRetryRequest
	for _, turn := range handshakeTurns(t, "tls13-hrr.0")[:2] {
		c.say(turn.server, turn.bytes, 1400)
	}
	_, document, records := auditFlows(t, writeFrames(t, c.frames))
	wantRecord(t, records[0], map[string]string{"tls.hello_retry": "true", "tls.version": "", "tls.cipher": "", "tls.forward_secrecy": ""})
	wantVerdicts(t, document, "indeterminate", "tls-version", "tls-forward-secrecy", "tls-broken-cipher")
}

func TestPitfall1DraftsOfTLS13(t *testing.T) {
	_, _, records := auditFlows(t, corpusCapture(t, "zeek__tls-13draft19-early-data.pcap"))
	for _, r := range records {
		wantRecord(t, r, map[string]string{"tls.version": "1.3", "tls.forward_secrecy": "yes"})
	}
}

// What was negotiated is judged; that the client offers older versions too is
// no violation.
func TestPitfall3OldVersionsOffered(t *testing.T) {
	status, document, records := auditFlows(t, corpusCapture(t, "zeek__tls13_psk_succesfull.pcap"))
	wantRecord(t, records[0], map[string]string{"tls.version": "1.3", "tls.client.offered_versions": "[1.3 1.2 1.1 1.0]"})
	wantVerdicts(t, document, "pass", "tls-version", "tls-version-offered")
	if status != statusDone {
		t.Errorf("status %d: %v", status, document.list("findings"))
	}
}

// A session id that the server of TLS 1.3 echoes, and a ticket that the client
// of TLS 1.2 asks for, resume nothing.
func TestPitfall4And5Resumption(t *testing.T) {
	for name, resumed := range map[string]string{
		"tls13.0": "false", "tls13-resume.0": "false", "tls13-resume.1": "true", "tls13-psk_ke.1": "true", "tls13-hrr.0": "false",
		"tls12-ticket.0": "false", "tls12-ticket.1": "true", "tls12-sessid.0": "false", "tls12-sessid.1": "true",
	} {
		r := onlyFlow(t, writeFrames(t, replayed(t, name, 1400).frames), "tcp")
		if got := text(r.at("tls.resumed")); got != resumed {
			t.Errorf("%s: resumed is %q, want %s", name, got, resumed)
		}
	}
	wantRecord(t, onlyFlow(t, corpusCapture(t, "zeek__tls13_psk_succesfull.pcap"), "tcp"), map[string]string{"tls.resumed": "true"})
}

// The suite of TLS 1.3 names no key exchange: a key share is forward secret,
// a pre-shared key alone is not.
func TestPitfall6ForwardSecrecyOfTLS13(t *testing.T) {
	for name, want := range map[string][2]string{
		"tls13.0": {"yes", "pass"}, "tls13-resume.1": {"yes", "pass"}, "tls13-psk_ke.0": {"yes", "pass"}, "tls13-psk_ke.1": {"no", "fail"},
	} {
		_, document, records := auditFlows(t, writeFrames(t, replayed(t, name, 1400).frames))
		wantRecord(t, records[0], map[string]string{"tls.forward_secrecy": want[0]})
		wantVerdicts(t, document, want[1], "tls-forward-secrecy")
	}
}

// The client offers RC4, MD5 and RSA key exchange; the server chooses better.
func TestPitfall8OfferedSuitesAreNotNegotiated(t *testing.T) {
	_, document, records := auditFlows(t, corpusCapture(t, "zeek__tls-fragmented-handshake.pcap"))
	if !slices.Contains(records[0].words("tls.client.supported_ciphers"), "TLS_RSA_WITH_RC4_128_MD5") {
		t.Fatal("the capture does not show it")
	}
	wantVerdicts(t, document, "pass", "tls-broken-cipher", "tls-forward-secrecy", "tls-forward-secrecy-offered")
}

// Before TLS 1.3 the group stands in the ServerKeyExchange: a server never
// sends supported_groups.
func TestPitfall9GroupOfTLS12(t *testing.T) {
	_, document, records := auditFlows(t, corpusCapture(t, "zeek__ecdhe.pcap"))
	wantRecord(t, records[0], map[string]string{"tls.version": "1.2", "tls.curve": "secp256r1", "tls.forward_secrecy": "yes"})
	wantVerdicts(t, document, "pass", "tls-forward-secrecy", "tls-broken-cipher")
}

// A hello has as many segments and records as it likes.
func TestPitfall12HelloInPieces(t *testing.T) {
	want := onlyFlow(t, writeFrames(t, replayed(t, "tls12-ecdhe.0", 1400).frames), "tcp").at("tls")
	for _, size := range []int{1, 7, 100, 536} {
		if got := onlyFlow(t, writeFrames(t, replayed(t, "tls12-ecdhe.0", size).frames), "tcp").at("tls"); canonicalJSON(got) != canonicalJSON(want) {
			t.Errorf("segments of %d bytes: %v, want %v", size, got, want)
		}
	}
	wantRecord(t, onlyFlow(t, corpusCapture(t, "zeek__chrome-1250-tls-x25519-kyber.pcap"), "tcp"), map[string]string{"tls.client.server_name": "lh3.google.com"})
	_, _, records := auditFlows(t, corpusCapture(t, "ndpi__tls_with_huge_ch.pcapng"))
	if !slices.ContainsFunc(records, func(r object) bool {
		return r.text("tls.version") == "1.3" && r.text("tls.cipher") != "" && len(r.words("tls.client.supported_ciphers")) > 0
	}) {
		t.Errorf("a ClientHello of many segments: %v", records)
	}
}

// A hello larger than what is kept leaves open what it offers; the server's
// stands for itself.
func TestPitfall12HelloBeyondTheBound(t *testing.T) {
	c := opened(camera, cloud)
	for i, turn := range handshakeTurns(t, "tls12-ecdhe.0") {
		if i == 0 {
			c.say(false, hugeHello(), 1400)
			continue
		}
		c.say(turn.server, turn.bytes, 1400)
	}
	_, document, records := auditFlows(t, writeFrames(t, c.frames))
	wantRecord(t, records[0], map[string]string{
		"network.protocol": "tls", "tls.version": "1.2", "tls.curve": "x25519", "tls.client": "",
	})
	wantVerdicts(t, document, "pass", "tls-version", "tls-forward-secrecy")
	wantVerdicts(t, document, "indeterminate", "tls-version-offered", "tls-forward-secrecy-offered")
}

// hugeHello is a ClientHello with 30,000 suites and an extension that pads it
// (RFC 7685) to more than 120 kB, in records.
func hugeHello() (records []byte) {
	be := binary.BigEndian
	body := append([]byte{3, 3}, make([]byte, 33)...)
	body = be.AppendUint16(body, 60_000)
	for i := range 30_000 {
		body = be.AppendUint16(body, uint16(0x1000+i))
	}
	body = append(body, 1, 0)
	body = be.AppendUint16(body, 65_004)
	body = be.AppendUint16(be.AppendUint16(body, 21), 65_000)
	body = append(body, make([]byte, 65_000)...)
	message := append([]byte{1, 0, 0, 0}, body...)
	be.PutUint32(message, 1<<24|uint32(len(body)))
	for chunk := range slices.Chunk(message, 16_000) {
		records = append(be.AppendUint16(append(records, 22, 3, 1), uint16(len(chunk))), chunk...)
	}
	return records
}

// The certificate of TLS 1.3 is encrypted: nothing is said of it.
func TestPitfall14CertificateOfTLS13(t *testing.T) {
	for name, shown := range map[string]bool{"tls13.0": false, "mtls.0": true, "tls12-ecdhe.0": true} {
		status, document, records := auditFlows(t, writeFrames(t, replayed(t, name, 1400).frames))
		if got := records[0].at("tls.server.x509") != nil; got != shown {
			t.Errorf("%s: a certificate is shown: %v, want %v", name, got, shown)
		}
		// The clients of TLS 1.2 do offer static RSA, and the replay is older than the certificate.
		wantVerdicts(t, document, map[bool]string{false: "not_observed", true: "fail"}[shown], "tls-certificate")
		if findings := document.findings("tls-weak-offered", "tls-certificate"); status != statusDone || len(findings) > 0 {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

// What one side lost does not keep the other from being read, and what stands
// before a hole is kept.
func TestPitfall30And31LostSegments(t *testing.T) {
	frames := replayed(t, "tls12-ecdhe.0", 1400).frames
	lost := slices.Delete(slices.Clone(frames), 3, 4) // the ClientHello
	wantRecord(t, onlyFlow(t, writeFrames(t, lost), "tcp"), map[string]string{
		"network.protocol": "tls", "tls.version": "1.2", "tls.cipher": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "tls.curve": "x25519", "tls.client": "",
		"source.ip": "192.168.7.20",
	})

	small := replayed(t, "tls12-ecdhe.0", 300).frames
	hole := slices.IndexFunc(small, func(f frame) bool { return fromServer(f) && len(f.data) == 14+20+20+300 }) + 1
	lost = slices.Delete(slices.Clone(small), hole, hole+1) // in the Certificate
	r := onlyFlow(t, writeFrames(t, lost), "tcp")
	wantRecord(t, r, map[string]string{"tls.version": "1.2", "tls.cipher": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "tls.curve": "", "tls.client.offered_versions": "[1.2]"})
}

// A handshake that failed has its alert, and chose nothing that could be
// judged.
func TestPitfall34FailedHandshakes(t *testing.T) {
	for path, alert := range map[string]string{
		writeFrames(t, replayed(t, "tls12-fail.0", 1400).frames): "protocol_version",
		corpusCapture(t, "zeek__tls-1.2-handshake-failure.pcap"): "handshake_failure",
	} {
		_, document, records := auditFlows(t, path)
		wantRecord(t, records[0], map[string]string{"tls.alert": alert, "tls.established": "false", "tls.version": "", "tls.cipher": "", "tls.forward_secrecy": ""})
		for _, rule := range []string{"tls-version", "tls-forward-secrecy", "tls-broken-cipher"} {
			if n := verdictOf(document, rule).number("failed"); n != 0 {
				t.Errorf("%s: %s fails %v times", alert, rule, n)
			}
		}
	}
}

// JA4S and the rest of JA4+ are not free to use.
func TestPitfall41NoJA4S(t *testing.T) {
	r := onlyFlow(t, writeFrames(t, replayed(t, "tls13.0", 1400).frames), "tcp")
	written := canonicalJSON(r)
	for _, name := range []string{"ja4s", "ja4h", "ja4x", "ja4t", "ja4l", "ja4ssh"} {
		if strings.Contains(strings.ToLower(written), `"`+name) {
			t.Errorf("%s in %s", name, written)
		}
	}
	if r.text("tls.client.ja4") == "" || r.text("tls.client.ja3") == "" || r.text("tls.server.ja3s") == "" {
		t.Errorf("no fingerprints in %s", written)
	}
}
