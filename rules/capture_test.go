package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/classify"
)

func TestCaptureLoss(t *testing.T) {
	for _, c := range []struct {
		name    string
		loss    CaptureLoss
		want    Verdict
		message string
	}{
		{"none", CaptureLoss{}, Pass, ""},
		{"within the limit", CaptureLoss{Dropped: 1, Late: 1, FragmentsGivenUp: 1}, Pass, ""},
		{"dropped", CaptureLoss{Dropped: 3}, Fail, "(packets dropped before they were captured: 3)"},
		{"fragments", CaptureLoss{FragmentsGivenUp: 30}, Fail, "(fragments never made whole: 30)"},
		{"late", CaptureLoss{Late: 30}, Fail, "(packets too late to be put in order: 30)"},
		{"malformed", CaptureLoss{Undecoded: map[string]uint64{"malformed ipv4": 20, "cut by snaplen": 10}}, Fail, "(frames cut or malformed: 30)"},
		{"of other protocols", CaptureLoss{Undecoded: map[string]uint64{"ethertype 0x88cc": 300}}, Pass, ""},
		{"down", CaptureLoss{Outages: 1, Blind: 2 * time.Second, Watched: time.Minute}, Fail, "(interface down or without carrier: 2s of 1m0s)"},
		{"down for a moment", CaptureLoss{Outages: 1, Blind: 2 * time.Second, Watched: time.Hour}, Pass, ""},
		{"input broken", CaptureLoss{Broken: 1}, Fail, "(inputs that could not be read whole: 1); at most 0.1% of loss is wanted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, w := NewAudit(parse(t, site)), &wire{}
			for range 400 {
				a.Ended(w.tcp("10.20.0.10:40000", "10.20.0.21:80"))
			}
			r := a.Finish(Loss{CaptureLoss: c.loss})
			q, f := requirement(t, r, "capture-loss"), findings(r, "capture-loss")
			if q.Verdict != c.want || c.want == Fail && (len(f) != 1 || !strings.Contains(f[0].Message, c.message)) {
				t.Errorf("%s, findings %+v; %s is wanted", q.Verdict, f, c.want)
			}
		})
	}
	r := judge(parse(t, site), (&wire{}).tcp("10.20.0.10:40000", "10.20.0.21:80", append(opened[:3:3], ask, gapped)...))
	if f := findings(r, "capture-loss"); len(f) != 1 || !strings.Contains(f[0].Message, "never seen: 1000)") {
		t.Errorf("bytes lost: %+v", f)
	}
	r = judge(parse(t, site), (&wire{}).tcp("10.20.0.10:40000", "10.20.0.21:80", append(opened[:3:3], datum{payload: 100, cut: 60}, answer)...))
	if f := findings(r, "capture-loss"); len(f) != 1 || !strings.Contains(f[0].Message, "packets cut by the snap length: 1)") {
		t.Errorf("packets cut: %+v", f)
	}
	if q := requirement(t, judge(parse(t, site)), "capture-loss"); q.Verdict != NotObserved {
		t.Errorf("nothing captured: %s", q.Verdict)
	}
}

// What must not occur may have occurred in what was not seen.
func TestLossyCaptureProvesNoAbsence(t *testing.T) {
	for name, loss := range map[string]Loss{
		"dropped": {CaptureLoss: CaptureLoss{Dropped: 1000}},
		"broken":  {CaptureLoss: CaptureLoss{Broken: 1}},
		"starved": {Starved: 1},
		"panic":   {Panics: 1},
	} {
		a, w := NewAudit(parse(t, site)), &wire{}
		a.Ended(w.rtsp("10.20.0.10:40000", "10.20.0.21:554", classify.RTSP{}))
		a.Ended(w.mqtt("10.20.0.10:40000", "10.20.0.5:1883", classify.MQTT{}))
		a.Ended(w.ntp("10.20.0.10:40000", "10.20.0.5:123"))
		a.Ended(w.tcp("10.20.0.10:40000", "198.51.100.200:443"))
		r := a.Finish(loss)
		for rule, want := range map[string]Verdict{
			"egress-allow-list": Indeterminate, "internet-inbound": Indeterminate, "rtsp-boundary": Indeterminate,
			"mqtt-cleartext": Fail, "ntp-source": Pass, "tls-broken-cipher": NotObserved,
		} {
			if q := requirement(t, r, rule); q.Verdict != want {
				t.Errorf("%s: %s is %s (%s); %s is wanted", name, rule, q.Verdict, q.Reason, want)
			}
		}
	}
}

func TestAFlowThatSaidMoreThanIsKeptProvesNoAbsence(t *testing.T) {
	w := &wire{}
	r := w.dns("10.20.0.10:40000", "10.20.0.1:53", true, "a.example")
	r.Clipped = true
	report := judge(parse(t, site), r, w.rtsp("10.20.0.10:40000", "10.20.0.21:554", classify.RTSP{}))
	if q := requirement(t, report, "rtsp-boundary"); report.Coverage.Clipped != 1 || q.Verdict != Indeterminate {
		t.Errorf("%d flows, %s (%s)", report.Coverage.Clipped, q.Verdict, q.Reason)
	}
}

func TestCaptureVisibility(t *testing.T) {
	good := func(w *wire, n int) (list []*classify.Record) {
		for range n {
			list = append(list, w.tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{}))
		}
		return list
	}
	for _, c := range []struct {
		name    string
		records func(w *wire) []*classify.Record
		want    Verdict
		message string
	}{
		{"all seen", func(w *wire) []*classify.Record { return good(w, 3) }, Pass, ""},
		{"one-sided", func(w *wire) []*classify.Record {
			return append(good(w, 9), w.tcp("10.20.0.10:40000", "198.51.100.11:443", synAck))
		}, Fail, "1 of 10 TCP flows show one direction only (at most 5% is wanted)"},
		{"mid-stream", func(w *wire) []*classify.Record {
			return append(good(w, 1), spoken(w.tcp("10.20.0.10:40000", "198.51.100.11:443", ask, answer), classify.Facts{Protocol: classify.ProtoTLS, TLS: &classify.TLS{}}))
		}, Fail, "1 of 2 TCP flows began before the capture"},
		{"unknown", func(w *wire) []*classify.Record {
			return append(good(w, 1), w.tcp("10.20.0.10:40000", "10.20.0.1:99"), w.udp("10.20.0.10:40000", "10.20.0.1:99"))
		}, Fail, "2 of 3 flows are of no known protocol"},
		{"nothing", func(*wire) []*classify.Record { return nil }, NotObserved, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judge(parse(t, site), c.records(&wire{})...)
			q, f := requirement(t, r, "capture-visibility"), findings(r, "capture-visibility")
			if q.Verdict != c.want || c.want == Fail && (len(f) != 1 || !strings.Contains(f[0].Message, c.message)) {
				t.Errorf("%s, findings %+v; %s %q is wanted", q.Verdict, f, c.want, c.message)
			}
		})
	}
}

func TestCoverageCountsFlowsByProtocol(t *testing.T) {
	w := &wire{}
	c := judge(parse(t, site),
		w.tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{}),
		w.tcp("10.20.0.10:40000", "10.20.0.1:99"),
		w.record(1, "10.20.0.10:8", "203.0.113.85:0", []datum{ask}),
		w.record(47, "10.20.0.10:0", "203.0.113.85:0", []datum{ask}),
		w.tcp("203.0.113.1:40000", "203.0.113.2:443"),
	).Coverage
	for name, want := range map[string]uint64{"tls": 1, "unknown": 2, "icmp": 1, "ip protocol 47": 1} {
		if c.Protocols[name] != want {
			t.Errorf("%s: %d of %v; %d is wanted", name, c.Protocols[name], c.Protocols, want)
		}
	}
	if c.Flows != 5 || c.Unknown != 2 || c.Outside != 1 || c.TCPFlows != 3 {
		t.Errorf("%+v", c)
	}
	if !slices.ContainsFunc(c.Devices, func(h Host) bool { return h.IP == addr("10.20.0.10") && h.ID == "panorama-1" }) {
		t.Errorf("devices %+v", c.Devices)
	}
}

// Without counters and without TCP nothing says whether packets were lost.
func TestCaptureLossNeedsAMeasure(t *testing.T) {
	for name, c := range map[string]struct {
		loss CaptureLoss
		want Verdict
	}{
		"no counters": {CaptureLoss{}, Indeterminate},
		"counters":    {CaptureLoss{Counted: true}, Pass},
	} {
		a := NewAudit(parse(t, site))
		a.Ended((&wire{}).udp("10.20.0.10:40000", "10.20.0.21:80"))
		if q := requirement(t, a.Finish(Loss{CaptureLoss: c.loss}), "capture-loss"); q.Verdict != c.want {
			t.Errorf("%s: %s", name, q.Verdict)
		}
	}
}

// A tunnel counts by what it carries, and a hidden name is told without blame.
func TestCaptureVisibilityOfTunnels(t *testing.T) {
	tunnel := func(w *wire, packets int) *classify.Record {
		return spoken(w.udp("10.20.0.10:40000", "203.0.113.9:51820", slices.Repeat([]datum{ask, answer}, packets)...), classify.Facts{Protocol: classify.ProtoWireGuard})
	}
	for packets, want := range map[int]Verdict{1: Pass, 40: Fail} {
		w := &wire{}
		list := []*classify.Record{tunnel(w, packets)}
		for range 10 {
			list = append(list, w.tls("10.20.0.10:40000", "203.0.113.9:443", classify.TLS{ECH: true, ServerName: "cover.example"}))
		}
		q := requirement(t, judge(parse(t, site), list...), "capture-visibility")
		if q.Verdict != want || !strings.Contains(q.Reason, "(ECH): 10") {
			t.Errorf("%d packets: %s (%s)", packets, q.Verdict, q.Reason)
		}
	}
	esp := (&wire{}).record(50, "10.20.0.10:0", "203.0.113.9:0", []datum{ask, answer})
	if q := requirement(t, judge(parse(t, site), esp), "capture-visibility"); q.Verdict != Fail {
		t.Errorf("IPsec alone: %s", q.Verdict)
	}
}
