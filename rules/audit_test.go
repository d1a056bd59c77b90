package rules

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

// busySite returns flows that do not depend on one another: some in order, some
// broken in each way that there is. Each call returns new records of the same.
func busySite() []*classify.Record {
	w := &wire{}
	old := classify.TLS{Version: classify.TLS10, CipherSuite: 0x002F, ForwardSecrecy: classify.No, ServerName: "old.example"}
	list := []*classify.Record{
		w.rtsp("10.20.0.10:40000", "10.20.0.21:554", classify.RTSP{}),
		w.rtsp("203.0.113.9:40000", "10.20.0.21:554", classify.RTSP{Interleaved: true}),
		w.rtsp("203.0.113.9:40001", "10.20.0.21:8554", classify.RTSP{Methods: []string{"OPTIONS"}}),
		w.rtp("10.20.0.21:40000", "203.0.113.9:5004"),
		w.rtp("10.20.0.21:40000", "203.0.113.9:5006"),
		w.tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{ServerName: "logs.us-east-1.amazonaws.com"}),
		w.tls("10.20.0.10:40001", "198.51.100.12:443", old),
		w.tls("10.20.0.10:40002", "198.51.100.13:8443", old),
		w.http("10.20.0.10:40000", "10.20.0.1:80", classify.HTTP{BasicAuth: true}),
		w.http("10.20.0.10:40000", "198.51.100.11:80", classify.HTTP{Host: "logs.us-east-1.amazonaws.com"}),
		w.mqtt("10.20.0.10:40000", "203.0.113.30:1883", classify.MQTT{Version: "5.0", PasswordPresent: true}),
		w.ntp("10.20.0.10:40000", "10.20.0.5:123"),
		w.ntp("10.20.0.21:40000", "192.0.2.123:123"),
		w.ntp("10.20.0.22:40000", "192.0.2.124:123"),
		w.tcp("203.0.113.66:40000", "10.20.0.10:22", syn),
		w.tcp("203.0.113.66:40001", "10.20.0.10:23", syn, rst),
		w.tcp("203.0.113.66:40002", "10.20.0.10:8080"),
		w.tcp("10.20.0.10:40005", "203.0.113.82:443", syn),
		w.tcp("10.20.0.10:40006", "203.0.113.82:443"),
		w.tcp("10.20.0.10:40007", "203.0.113.83:443", ask, answer),
		w.tcp("203.0.113.1:40000", "203.0.113.2:443"),
		from(w.tcp("10.20.0.77:40000", "10.20.0.99:80"), macOf(addr("10.20.0.21"))),
	}
	return list
}

// Flows that do not depend on one another may end in any order: what differs is
// the order in which a finding lists its Community IDs and, of a finding with
// more than 20 flows or frames, which 20 it lists.
func TestOrderOfIndependentFlowsDoesNotMatter(t *testing.T) {
	p := parse(t, site)
	want := sortedFlows(judge(p, busySite()...))
	rules := map[string]bool{}
	for _, f := range want.Findings {
		rules[f.Rule] = true
	}
	if len(rules) < 11 {
		t.Errorf("findings of %d rules only: %v", len(rules), rules)
	}
	for seed := range uint64(50) {
		records := busySite()
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		got := sortedFlows(judge(p, records...))
		if !reflect.DeepEqual(got.Requirements, want.Requirements) {
			t.Fatalf("seed %d: requirements\n%+v\nwant\n%+v", seed, got.Requirements, want.Requirements)
		}
		for i := range want.Findings {
			if !reflect.DeepEqual(got.Findings[i], want.Findings[i]) {
				t.Fatalf("seed %d: finding\n%+v\nwant\n%+v", seed, got.Findings[i], want.Findings[i])
			}
		}
		if !reflect.DeepEqual(got.Coverage, want.Coverage) {
			t.Fatalf("seed %d: coverage\n%+v\nwant\n%+v", seed, got.Coverage, want.Coverage)
		}
	}
}

func sortedFlows(r *Report) *Report {
	for _, f := range r.Findings {
		slices.Sort(f.Flows)
	}
	return r
}

// An ID does not depend on severity, on the ports of clients, or on what else
// the capture shows.
func TestFindingIDsAreStable(t *testing.T) {
	ids := func(p *Policy, records ...*classify.Record) map[string]string {
		m := map[string]string{}
		for _, f := range judge(p, records...).Findings {
			m[f.Rule+" "+f.Device.IP.String()+" "+f.Peer.IP.String()] = f.ID
		}
		return m
	}
	all := ids(parse(t, site), busySite()...)
	lowered := ids(parse(t, site+"rules: { rtsp-boundary: { severity: low, reason: \"x\" }, tls-version: { severity: info, reason: \"x\" } }\n"), busySite()...)
	if !reflect.DeepEqual(all, lowered) {
		t.Error("ids differ when severities do")
	}
	w := &wire{frame: 1000}
	alone := ids(parse(t, site), w.rtsp("203.0.113.9:51234", "10.20.0.21:554", classify.RTSP{}))
	const key = "rtsp-boundary 10.20.0.21 203.0.113.9"
	if alone[key] == "" || alone[key] != all[key] {
		t.Errorf("id %q alone, %q among others", alone[key], all[key])
	}
	seen := map[string]bool{}
	for _, f := range judge(parse(t, site), busySite()...).Findings {
		if seen[f.ID] {
			t.Errorf("id %s twice", f.ID)
		}
		seen[f.ID] = true
	}
}

func TestPolicySetsTheSeverity(t *testing.T) {
	p := parse(t, site+"rules: { rtsp-boundary: { severity: medium, reason: \"x\" } }\n")
	for _, f := range findings(judge(p, busySite()...), "rtsp-boundary") {
		if f.Severity != Medium {
			t.Errorf("%s", f.Severity)
		}
	}
}

// Nothing seen is never fine, and what is left out says why.
func TestNothingSeenIsNeverFine(t *testing.T) {
	for _, name := range Profiles() {
		for _, q := range judge(builtin(t, name)).Requirements {
			if q.Verdict != NotObserved && q.Verdict != NotApplicable || q.Reason == "" {
				t.Errorf("%s: %s is %s (%q)", name, q.Rule, q.Verdict, q.Reason)
			}
		}
	}
	p := parse(t, site+"rules: { mqtt-cleartext: { enabled: false, reason: \"broker is being replaced\" } }\n")
	q := requirement(t, judge(p, busySite()...), "mqtt-cleartext")
	if q.Verdict != NotApplicable || !strings.Contains(q.Reason, "broker is being replaced") || q.Examined+q.Failed != 0 {
		t.Errorf("%+v", q)
	}
}

// Whatever is lost out of a flow that breaks a rule, no rule passes for it.
func TestLossNeverTurnsAFailIntoAPass(t *testing.T) {
	hello := classify.TLS{ClientHello: true, OfferedVersions: []classify.TLSVersion{classify.TLS12}, OfferedSuites: []classify.CipherSuite{0x009C}}
	rsa := hello
	rsa.ServerHello, rsa.Version, rsa.CipherSuite, rsa.ForwardSecrecy = true, classify.TLS10, 0x0005, classify.No
	tls := func(t classify.TLS) classify.Facts { return classify.Facts{Protocol: classify.ProtoTLS, TLS: &t} }
	rtsp := classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Methods: []string{"PLAY"}, Auth: []string{"basic"}, Interleaved: true}}
	unknown := classify.Facts{Protocol: classify.Unknown}
	for _, c := range []struct {
		name           string
		client, server string
		whole          classify.Facts
		left           []classify.Facts // what may be known of it when packets are lost
	}{
		{"TLS", "10.20.0.10:40000", "198.51.100.12:443", tls(rsa), []classify.Facts{unknown, tls(classify.TLS{}), tls(hello)}},
		{"TLS inward", "198.51.100.12:40000", "10.20.0.10:443", tls(rsa), []classify.Facts{unknown, tls(classify.TLS{}), tls(hello)}},
		{"RTSP", "203.0.113.9:40000", "10.20.0.21:554", rtsp, []classify.Facts{unknown, {Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Interleaved: true}}}},
		{"RTSP outward", "10.20.0.10:40000", "203.0.113.9:8554", rtsp, []classify.Facts{unknown, {Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{StatusCodes: []int{200}}}}},
	} {
		w, p := &wire{}, parse(t, site)
		whole := judge(p, spoken(w.tcp(c.client, c.server), c.whole))
		for i, left := range c.left {
			for _, packets := range [][]datum{
				{ask, answer}, {answer, ask}, {ask}, {answer}, {syn, ack, ask}, {synAck, answer}, append(opened[:3:3], ask, gapped), {syn, synAck, gapped},
			} {
				r := w.tcp(c.client, c.server, packets...)
				if spoken(r, left); r.Ground == flow.Message && r.Client.Addr.String() != c.client {
					r.Client, r.Server = r.Server, r.Client
				}
				lossy := judge(p, r)
				for _, q := range whole.Requirements {
					got := requirement(t, lossy, q.Rule)
					if q.Verdict == Fail && got.Verdict == Pass {
						t.Errorf("%s, facts %d, packets %v: %s passes", c.name, i, packets, q.Rule)
					}
				}
			}
		}
	}
}

func TestBoundsHoldAndAreTold(t *testing.T) {
	t.Run("findings", func(t *testing.T) {
		l := newLedger((&rtspBoundary{}).Doc(), RuleSetting{})
		for i := range maxFindings + 5 {
			l.failed++
			f := l.finding(Violation{Message: "x", Peer: Peer{IP: netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)})}}, 0)
			f.add(1, 2, "", nil)
		}
		q := l.requirement("")
		if len(l.findings) != maxFindings || !strings.Contains(q.Reason, "5 more violations") || q.Verdict != Fail {
			t.Errorf("%d findings, %+v", len(l.findings), q)
		}
	})
	t.Run("notes", func(t *testing.T) {
		l := newLedger(Doc{}, RuleSetting{})
		for i := range 100 {
			l.note(fmt.Sprint(i % 50))
		}
		if len(l.notes) != maxNotes {
			t.Errorf("%d notes", len(l.notes))
		}
	})
	t.Run("names of one address", func(t *testing.T) {
		a := NewAudit(parse(t, site))
		for i := range 100 {
			told(a, "10.20.0.10", fmt.Sprintf("n%d.example", i), "198.51.100.11")
		}
		for _, known := range a.site.names.young {
			if len(known) > maxToldNames {
				t.Errorf("%d names", len(known))
			}
		}
		if r := a.Finish(Loss{}); r.Coverage.Forgotten == 0 {
			t.Error("nothing is told of what was forgotten")
		}
	})
	t.Run("leases", func(t *testing.T) {
		s := newSite(parse(t, site))
		for i := range maxHosts + 3 {
			s.learnLease(classify.Lease{MessageType: dhcpDiscover, ClientMAC: flow.MAC{0, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}}, flow.Frame{})
		}
		if len(s.leases) != maxHosts || s.Forgotten != 3 {
			t.Errorf("%d leases, %d forgotten", len(s.leases), s.Forgotten)
		}
	})
	t.Run("sessions and media", func(t *testing.T) {
		s := newSite(parse(t, site))
		leg := func(i int) mediaKey {
			return mediaKey{other: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})}
		}
		forgotten := uint64(0)
		for i := range 3 * maxMedia {
			forgotten += s.media.set(leg(i), mediaLeg{})
			forgotten += s.media.set(leg(0), mediaLeg{}) // is told again and again
		}
		if n := len(s.media.young) + len(s.media.old); n > maxMedia+1 || uint64(n)+forgotten < 3*maxMedia {
			t.Errorf("%d media, %d forgotten", n, forgotten)
		}
		for _, i := range []int{0, 3*maxMedia - 1, 3*maxMedia - maxMedia/2} {
			if _, ok := s.media.get(leg(i)); !ok {
				t.Errorf("media %d are forgotten", i)
			}
		}
		if _, ok := s.media.get(leg(1)); ok {
			t.Error("the first media are remembered")
		}
	})
}

// An ordinary office, by the default profile: nothing is wrong, so nothing is
// found.
func TestOrdinaryOfficeYieldsNoFinding(t *testing.T) {
	w := &wire{}
	dns := func(client, server string) *classify.Record {
		return spoken(w.udp(client, server), classify.Facts{Protocol: classify.ProtoDNS, DNS: &classify.DNS{Queries: 1, Responses: 1}})
	}
	mdns := func(client, server string) *classify.Record {
		return spoken(w.udp(client, server, ask), classify.Facts{Protocol: classify.ProtoMDNS, DNS: &classify.DNS{Queries: 1}})
	}
	a := NewAudit(builtin(t, "edge-camera"))
	told(a, "192.168.1.20", "www.example.com", "203.0.113.10")
	for _, r := range []*classify.Record{
		w.tls("192.168.1.20:50000", "203.0.113.10:443", classify.TLS{ServerName: "www.example.com"}),
		w.tls("[2001:db8:1::20]:50000", "[2001:db8:ffff::1]:443", classify.TLS{ServerName: "www.example.com"}),
		w.http("192.168.1.20:50001", "203.0.113.11:80", classify.HTTP{Host: "ocsp.example.com"}),
		w.udp("192.168.1.20:50002", "203.0.113.12:443"),
		dns("192.168.1.20:50003", "192.168.1.1:53"),
		dns("[2001:db8:1::20]:50003", "[fe80::1]:53"),
		w.record(flow.ICMPv6, "[fe80::1]:135", "[2001:db8:1::20]:0", []datum{ask}),
		w.record(flow.ICMPv6, "[2001:db8:1::20]:135", "[fe80::1]:0", []datum{ask}),
		w.record(flow.ICMPv6, "[fe80::1]:134", "[ff02::1]:0", []datum{ask}),
		w.record(2, "192.168.1.20:0", "224.0.0.22:0", []datum{ask}),
		w.record(flow.ICMP, "192.168.1.20:8", "203.0.113.1:0", []datum{ask, answer}),
		w.record(flow.ICMP, "203.0.113.1:11", "192.168.1.20:0", []datum{ask}),
		mdns("192.168.1.20:5353", "224.0.0.251:5353"),
		mdns("[fe80::20]:5353", "[ff02::fb]:5353"),
		w.udp("0.0.0.0:68", "255.255.255.255:67", ask),
		w.ntp("192.168.1.20:50004", "203.0.113.13:123"),
		w.rtsp("192.168.1.20:50005", "192.168.1.30:554", classify.RTSP{Auth: []string{"digest"}}),
		w.rtp("192.168.1.30:5000", "192.168.1.20:5000"),
		w.rtp("192.168.1.30:5000", "239.255.1.1:5000"),
		w.tcp("192.168.1.20:50006", "192.168.1.5:445"),
	} {
		a.Ended(r)
	}
	r := a.Finish(Loss{})
	for _, f := range r.Findings {
		switch f.Rule {
		case "capture-visibility":
		case "video-encryption": // on record, not an alarm
			if f.Severity != Info {
				t.Errorf("%s: %s", f.Rule, f.Severity)
			}
		default:
			t.Errorf("%s: %s", f.Rule, f.Message)
		}
	}
	for _, q := range r.Requirements {
		if q.Verdict == Indeterminate && q.Reason != "2 × "+signatureEncrypted {
			t.Errorf("%s: indeterminate: %s", q.Rule, q.Reason)
		}
	}
}
