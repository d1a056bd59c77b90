package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// AWS's device SDK speaks MQTT 5, whose CONNECT has properties before the
// ClientIdentifier.
func TestPitfall17MQTT5(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"suricata-verify__mqtt5-pub-userpass-input.pcap":                 {"mqtt.version": "5.0", "mqtt.username_present": "true", "mqtt.password_present": "true", "mqtt.return_code": "0"},
		"suricata-verify__mqtt311-sub-userpass-input.pcap":               {"mqtt.version": "3.1.1", "mqtt.client_id": "myvoiceismypassport", "mqtt.username_present": "true"},
		"suricata-verify__mqtt31-unsub-userpass-input.pcap":              {"mqtt.version": "3.1", "mqtt.username_present": "true", "mqtt.password_present": "true"},
		"suricata-verify__mqtt311-pub-userpass-auto-clientid-input.pcap": {"mqtt.version": "3.1.1", "mqtt.client_id": "mosq-aGMiV6nelbCb00tvAY"},
	} {
		want["network.protocol"] = "mqtt"
		wantRecord(t, onlyFlow(t, corpusCapture(t, name), "tcp"), want)
	}
}

// The video of a camera is RTP because RTSP set it up, or because a run of
// packets is like nothing else; never QUIC, and a few packets are nothing.
func TestPitfall20RTP(t *testing.T) {
	_, _, records := auditFlows(t, corpusCapture(t, "wireshark__1920x1080_H.265.pcapng"))
	session := records[slices.IndexFunc(records, func(r object) bool { return r.text("network.protocol") == "rtsp" })]
	for _, r := range records {
		if r.text("network.transport") == "udp" {
			wantRecord(t, r, map[string]string{"rtp.setup_by": session.text("network.community_id"), "quic": ""})
		}
	}
	for packets, protocol := range map[int]string{3: "unknown", 30: "rtp"} {
		c := &connection{client: camera, server: netip.AddrPortFrom(cloud.Addr(), 5004)}
		for i := range packets {
			c.datagram(false, append([]byte{0x80, 96, 0, byte(i), 0, 0, byte(i), 0, 1, 2, 3, 4}, make([]byte, 200)...))
		}
		wantRecord(t, onlyFlow(t, writeFrames(t, c.frames), "udp"), map[string]string{"network.protocol": protocol, "rtp.setup_by": ""})
	}
}

// Both versions of a client that changed between them are recorded; that no
// request was seen is neither good nor bad.
func TestPitfall23NTPVersionsAndSilence(t *testing.T) {
	c := &connection{client: camera, server: netip.AddrPortFrom(cloud.Addr(), 123)}
	c.datagram(false, ntp(0x1b, 0, ""))
	c.datagram(false, ntp(0x23, 0, ""))
	_, document, records := auditFlows(t, writeFrames(t, c.frames))
	wantRecord(t, records[0], map[string]string{"ntp.versions": "[3 4]", "ntp.modes": "[3]", "ntp.stratum": ""})
	if v := verdictOf(document, "ntp-source").text("verdict"); v == "not_observed" {
		t.Errorf("ntp-source is %s although there were requests", v)
	}
	_, document, _ = auditFlows(t, writeFrames(t, replayed(t, "tls13.0", 1400).frames))
	wantVerdicts(t, document, "not_observed", "ntp-source", "rtsp-boundary", "mqtt-cleartext")
}

// Who is client is said by the handshake of TCP, or by the messages; not by
// who was seen first, or by ports.
func TestPitfall24ClientAndServer(t *testing.T) {
	client, server := netip.AddrPortFrom(camera.Addr(), 443), netip.AddrPortFrom(cloud.Addr(), 50443)
	c := opened(client, server)
	c.segment(true, ack, nil)
	for _, turn := range handshakeTurns(t, "tls13.0") {
		c.say(turn.server, turn.bytes, 1400)
	}
	for name, frames := range map[string][]frame{"with its SYN": c.frames, "without": c.frames[3:], "SYN-ACK alone": c.frames[1:]} {
		r := onlyFlow(t, writeFrames(t, frames), "tcp")
		if r.text("source.ip") != "192.168.7.20" || r.number("source.port") != 443 || r.text("tls.version") != "1.3" {
			t.Errorf("%s: %v", name, r)
		}
	}
}

// A mirror may tag the directions differently, or deliver one of them.
func TestPitfall25DirectionsOfAMirror(t *testing.T) {
	frames := replayed(t, "tls13.0", 1400).frames
	want := onlyFlow(t, writeFrames(t, frames), "tcp").at("tls")
	asymmetric := rewritten(frames, func(f frame) []byte {
		if fromServer(f) {
			return tagged(f.data, 20)
		}
		return tagged(f.data, 10)
	})
	got := onlyFlow(t, writeFrames(t, asymmetric), "tcp")
	if canonicalJSON(got.at("tls")) != canonicalJSON(want) || text(got.at("network.vlan.id")) != "10" {
		t.Errorf("got %v, want %v", got, want)
	}
	_, document, _ := auditFlows(t, writeFrames(t, oneSide(frames, true)))
	wantVerdicts(t, document, "fail", "capture-visibility")
	if document.number("coverage.one_sided") != 1 {
		t.Errorf("coverage: %v", document.at("coverage"))
	}
}

// Offload leaves checksums to be filled in, and IP lengths of 0, in what a host
// captures of itself.
func TestPitfall28Offload(t *testing.T) {
	frames := replayed(t, "tls13.0", 1400).frames
	want := onlyFlow(t, writeFrames(t, frames), "tcp").at("tls")
	bad := rewritten(frames, func(f frame) []byte {
		data := slices.Clone(f.data)
		data[14+20+16] ^= 0x55
		return data
	})
	_, document, records := auditFlows(t, writeFrames(t, bad))
	if canonicalJSON(records[0].at("tls")) != canonicalJSON(want) {
		t.Errorf("with bad checksums: %v, want %v", records[0], want)
	}
	if n := document.number("coverage.bad_checksums"); n != float64(len(bad)) {
		t.Errorf("%v bad checksums are counted, want %d", n, len(bad))
	}
	coalesced := rewritten(frames, func(f frame) []byte {
		data := slices.Clone(f.data)
		data[16], data[17] = 0, 0
		return data
	})
	if got := onlyFlow(t, writeFrames(t, coalesced), "tcp").at("tls"); canonicalJSON(got) != canonicalJSON(want) {
		t.Errorf("with IP lengths of 0: %v, want %v", got, want)
	}
}

// No output holds a secret that the capture shows; that there was one, it says.
func TestPitfall40SecretsStayInTheCapture(t *testing.T) {
	for name, secrets := range map[string][]string{
		"mqtt-cleartext":         {"not-a-secret"},
		"cleartext-credentials":  {"YWRtaW46bm90LWEtc2VjcmV0", "dmlld2VyOm5vdC1hLXNlY3JldA=="},
		"rtsp-boundary-outbound": {"dmlld2VyOm5vdC1hLXNlY3JldA=="},
		"aws-cleartext-request":  {"not-a-secret", "Signature=", "AKIAIOSFODNN7EXAMPLE"},
	} {
		path := "../../fixtures/violation/" + name + ".pcapng"
		raw := string(read(t, path))
		_, document, records := auditFlows(t, path)
		_, table, stderr := spanaudit("audit", path)
		written := canonicalJSON(document) + canonicalJSON(records) + table + stderr
		for _, secret := range secrets {
			if !strings.Contains(raw, secret) {
				t.Errorf("%s: %q is not in the capture", name, secret)
			}
			if strings.Contains(written, secret) {
				t.Errorf("%s: %q is in the output", name, secret)
			}
		}
		if findings := len(findingsOf(document, "cleartext-credentials")) + len(findingsOf(document, "aws-cleartext-request")); findings == 0 {
			t.Errorf("%s: no finding says that there were credentials", name)
		}
	}
}
