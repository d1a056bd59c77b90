package report

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/fixtures/hostile"
	"spanaudit/flow"
	"spanaudit/rules"
)

func trust(a netip.Addr) rules.Trust {
	switch {
	case a.IsMulticast():
		return rules.Special
	case a.IsPrivate():
		return rules.Local
	}
	return rules.Internet
}

func record(protocol uint8, client, server string, facts classify.Facts) *classify.Record {
	return &classify.Record{
		Flow: &flow.Flow{
			Protocol: protocol, Start: at("2026-11-23T10:00:00.000000001Z"), End: at("2026-11-23T10:00:01Z"),
			Client: flow.Half{Addr: netip.MustParseAddrPort(client), MAC: flow.MAC{2, 0, 0x5e, 0, 0x53, 0x10}, Packets: 3, Bytes: 300},
			Server: flow.Half{Addr: netip.MustParseAddrPort(server)},
		},
		Facts: facts,
	}
}

func flowLines(t *testing.T, records ...*classify.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	writeFlows(t, NewFlowWriter(&b, trust), records)
	return b.Bytes()
}

func ocsfFlowLines(t *testing.T, records ...*classify.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	writeFlows(t, NewOCSFFlowWriter(&b, Tool{"spanaudit", "1.0.0"}, trust), records)
	return b.Bytes()
}

func writeFlows(t *testing.T, w *FlowWriter, records []*classify.Record) {
	t.Helper()
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestFlowRecords(t *testing.T) {
	golden(t, "flows.ndjson", flowLines(t, flowRecords()...))
}

// Each record is an event of OCSF's Network Activity, which says no less.
func TestFlowRecordsInOCSF(t *testing.T) {
	text := ocsfFlowLines(t, flowRecords()...)
	golden(t, "flows.ocsf.ndjson", text)
	if events := ocsfEvents(t, text); len(events) != len(flowRecords()) {
		t.Errorf("%d events", len(events))
	}
}

// flowRecords has a record of each kind.
func flowRecords() []*classify.Record {
	full := record(flow.TCP, "10.20.0.10:40000", "198.51.100.11:443", classify.Facts{
		Protocol: classify.ProtoTLS, Wrapped: classify.ProtoMQTT, WrappedBy: "alpn",
		TLS: &classify.TLS{
			ClientHello: true, ServerHello: true, ServerName: "iot.example.com",
			OfferedVersions: []classify.TLSVersion{classify.TLS12}, OfferedSuites: []classify.CipherSuite{0xC02F, 0x9C},
			OfferedALPN: []string{"x-amzn-mqtt-ca"}, JA3: "ja3", JA4: "ja4", JA3S: "ja3s",
			Version: classify.TLS12, CipherSuite: 0xC02F, Group: 29, ALPN: "x-amzn-mqtt-ca",
			Resumed: classify.No, ForwardSecrecy: classify.Yes, Established: true,
			Certificate: &classify.Certificate{
				Subject: "CN=iot.example.com", Issuer: "CN=ca", DNSNames: []string{"iot.example.com"}, IPAddresses: []netip.Addr{addr("198.51.100.11")},
				SerialNumber: "01ff", NotBefore: at("2026-01-01T00:00:00Z"), NotAfter: at("2027-01-01T00:00:00Z"),
				PublicKeyAlgorithm: "RSA", PublicKeyBits: 2048, SignatureAlgorithm: "SHA256-RSA", SHA256: [32]byte{0xab, 1},
			},
		},
	})
	full.VLAN, full.Tunnel = 12, flow.TunnelERSPAN.Push(flow.TunnelVXLAN)
	return []*classify.Record{
		full,
		record(flow.TCP, "10.20.0.10:40001", "198.51.100.11:443", classify.Facts{Protocol: classify.ProtoTLS, TLS: &classify.TLS{ClientHello: true, Alert: "handshake_failure"}}),
		record(flow.TCP, "10.20.0.10:40002", "10.20.0.5:1883", classify.Facts{Protocol: classify.ProtoMQTT, MQTT: &classify.MQTT{Version: "3.1.1", Connect: true, PasswordPresent: true}}),
		record(flow.TCP, "10.20.0.10:40003", "10.20.0.5:1883", classify.Facts{Protocol: classify.ProtoMQTT, MQTT: &classify.MQTT{ReturnCode: -1}}),
		record(flow.TCP, "203.0.113.9:40004", "10.20.0.21:554", classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{
			Version: "1.0", Methods: []string{"OPTIONS", "SETUP"}, URL: "rtsp://cam/1", Auth: []string{"basic"}, Setups: []classify.Setup{{Transport: "tcp"}, {Transport: "udp", Answered: true}},
		}}),
		record(flow.UDP, "10.20.0.21:6970", "10.20.0.10:5004", classify.Facts{Protocol: classify.ProtoRTP, RTP: &classify.RTP{SSRC: 0, PayloadType: 0, Packets: 9, SetupBy: "1:x"}}),
		record(flow.UDP, "10.20.0.10:123", "192.0.2.1:123", classify.Facts{Protocol: classify.ProtoNTP, NTP: &classify.NTP{Versions: []uint8{4}, Modes: []uint8{3, 4}, Strata: []uint8{0}, ReferenceIDs: []string{"RATE"}}}),
		record(flow.UDP, "10.20.0.10:5353", "224.0.0.251:5353", classify.Facts{Protocol: classify.ProtoMDNS, DNS: &classify.DNS{Queries: 1, Names: []string{"cam.local"}}}),
		record(flow.UDP, "10.20.0.10:68", "10.20.0.1:67", classify.Facts{Protocol: classify.ProtoDHCP, DHCP: &classify.DHCP{MessageTypes: []uint8{1, 3}, RequestedIP: addr("10.20.0.10"), HostName: "cam"}}),
		record(flow.TCP, "10.20.0.10:40005", "10.20.0.1:80", classify.Facts{Protocol: classify.ProtoHTTP, HTTP: &classify.HTTP{Methods: []string{"GET"}, Host: "h", StatusCode: 401}}),
		record(flow.ICMP, "10.20.0.10:8", "203.0.113.5:0", classify.Facts{}),
		record(132, "203.0.113.6:8", "203.0.113.5:9", classify.Facts{}),
		record(253, "203.0.113.6:0", "203.0.113.5:0", classify.Facts{}),
	}
}

// trickedFacts are facts with a text wherever a message on the wire has one.
func trickedFacts(text string) (f classify.Facts) {
	trickWire(reflect.ValueOf(&f).Elem(), text)
	return f
}

// trickWire makes all there is in v, one of each, and puts a text where it has one.
// What has a type of its own, such as a protocol, is ours.
func trickWire(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		trickWire(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		trickWire(v.Index(0), text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				trickWire(v.Field(i), text)
			}
		}
	}
}

func TestFlowRecordsAreLines(t *testing.T) {
	protocols := []classify.Protocol{
		classify.ProtoTLS, classify.ProtoHTTP, classify.ProtoMQTT, classify.ProtoRTSP, classify.ProtoRTP, classify.ProtoNTP, classify.ProtoDNS,
		classify.ProtoDHCP, classify.ProtoSSH, classify.ProtoSMB, classify.ProtoSIP, classify.Unknown,
	}
	for _, text := range hostile.Texts() {
		var tricked []*classify.Record
		for _, protocol := range protocols {
			f := trickedFacts(text)
			f.Protocol = protocol
			tricked = append(tricked, record(flow.TCP, "10.20.0.10:1", "10.20.0.1:80", f), record(flow.UDP, "10.20.0.10:1", "10.20.0.1:80", f))
		}
		tricked = append(tricked, record(flow.TCP, "10.20.0.10:2", "10.20.0.1:80", classify.Facts{TLS: &classify.TLS{Certificate: &classify.Certificate{}}}))
		for name, lines := range map[string][]byte{"ecs": flowLines(t, tricked...), "ocsf": ocsfFlowLines(t, tricked...)} {
			if n := bytes.Count(lines, []byte("\n")); n != len(tricked) {
				t.Errorf("%s of %q: %d lines of %d records", name, text, n, len(tricked))
			}
			if i := strings.IndexFunc(string(lines), func(r rune) bool { return r != '\n' && !visible(r) }); i >= 0 {
				t.Errorf("%s of %q: %q is not escaped", name, text, lines[i:i+8])
			}
			for line := range bytes.Lines(lines) {
				if !json.Valid(line) {
					t.Errorf("%s of %q: no JSON: %s", name, text, line)
				}
			}
		}
	}
	ocsfEvents(t, ocsfFlowLines(t, record(flow.TCP, "10.20.0.10:1", "10.20.0.1:80", trickedFacts(nasty))))
}

func TestMillisecondsAreRoundedDown(t *testing.T) {
	for at, want := range map[flow.Time]int64{0: 0, 999_999: 0, 1_000_000: 1, -1: -1, -1_000_000: -1, -1_000_001: -2} {
		if got := millis(at); got != want {
			t.Errorf("%d: %d, wanted %d", at, got, want)
		}
	}
}

func BenchmarkFlowWriter(b *testing.B) {
	for _, form := range []struct {
		name string
		w    *FlowWriter
	}{{"ecs", NewFlowWriter(io.Discard, trust)}, {"ocsf", NewOCSFFlowWriter(io.Discard, Tool{"spanaudit", "1.0.0"}, trust)}} {
		b.Run(form.name, func(b *testing.B) {
			r := record(flow.TCP, "10.20.0.10:40000", "198.51.100.11:443", classify.Facts{
				Protocol: classify.ProtoTLS, TLS: &classify.TLS{ClientHello: true, ServerName: "iot.example.com", OfferedSuites: make([]classify.CipherSuite, 30)},
			})
			b.ReportAllocs()
			for b.Loop() {
				if err := form.w.Write(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Some captures have no clock: all their packets come at time 0, and were seen.
func TestTimeZeroIsATime(t *testing.T) {
	r := record(flow.UDP, "10.20.0.10:40000", "10.20.0.5:53", classify.Facts{})
	r.Start, r.End = 0, 0
	if line := flowLines(t, r); !bytes.Contains(line, []byte(`"@timestamp":"1970-01-01T00:00:00.000000000Z"`)) {
		t.Errorf("the record is %s", line)
	}
	a := newAudit(&rules.Report{Coverage: rules.Coverage{Packets: 1, Flows: 1}})
	if text := head(a); !strings.HasSuffix(text, "1970-01-01 00:00:00 to 1970-01-01 00:00:00 UTC (0s).") {
		t.Errorf("the head is %q", text)
	}
	var b bytes.Buffer
	if err := JSON(&b, a); err != nil || !bytes.Contains(b.Bytes(), []byte(`"start": "1970-01-01T00:00:00.000000000Z"`)) {
		t.Errorf("%v: the document has no period: %s", err, b.Bytes())
	}
}
