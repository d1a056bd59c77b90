package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestInternetInbound(t *testing.T) {
	tcp := func(client, server string, packets ...datum) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.tcp(client, server, packets...) })
	}
	udp := func(client, server string, packets ...datum) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.udp(client, server, packets...) })
	}
	other := func(protocol uint8, client, server string, packets ...datum) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.record(protocol, client, server, packets) })
	}
	const bad, local = "203.0.113.66:40000", "10.20.0.10:8080"
	testVerdicts(t, parse(t, site), "internet-inbound", []verdictCase{
		{"outbound", tcp("10.20.0.10:40000", "203.0.113.80:443"), Pass, nil},
		{"connection", tcp(bad, local), Fail, []string{"critical 10.20.0.10 203.0.113.66"}},
		{"connection without data", tcp(bad, local, opened...), Fail, []string{"critical 10.20.0.10 203.0.113.66"}},
		{"connection over IPv6", tcp("[2001:db8::66]:40000", "[fd00:20::21]:554"), Fail, []string{"critical fd00:20::21 2001:db8::66"}},
		{"refused", tcp(bad, local, syn, rst), Fail, []string{"high 10.20.0.10 203.0.113.66"}},
		{"unanswered", tcp(bad, local, syn), Fail, []string{"low 10.20.0.10 203.0.113.66"}},
		{"answers not captured", tcp(bad, local, syn, ack, ask), Fail, []string{"critical 10.20.0.10 203.0.113.66"}},
		{"asking side not captured", tcp(bad, local, synAck, answer), Fail, []string{"critical 10.20.0.10 203.0.113.66"}},
		{"in the middle", tcp(bad, local, ask, answer), Indeterminate, nil},
		{"in the middle, the other way", tcp("10.20.0.10:8080", bad, ask, answer), Indeterminate, nil},
		{"datagrams", udp(bad, "10.20.0.10:161"), Fail, []string{"critical 10.20.0.10 203.0.113.66"}},
		{"datagrams unanswered", udp(bad, "10.20.0.10:161", ask), Fail, []string{"low 10.20.0.10 203.0.113.66"}},
		{"an answer seen first", udp("203.0.113.66:443", "10.20.0.10:40000"), Indeterminate, nil},
		{"between high ports", udp(bad, "10.20.0.10:50000"), Indeterminate, nil},
		{"datagrams outward", udp("10.20.0.10:40000", "203.0.113.66:443"), Pass, nil},
		{"ping", other(flow.ICMP, "203.0.113.66:8", "10.20.0.10:0", ask), Fail, []string{"low 10.20.0.10 203.0.113.66"}},
		{"ping outward", other(flow.ICMP, "10.20.0.10:8", "203.0.113.66:0", ask), Pass, nil},
		{"IPv6 ping", other(flow.ICMPv6, "[2001:db8::66]:128", "[fd00:20::21]:0", ask), Fail, []string{"low fd00:20::21 2001:db8::66"}},
		{"destination unreachable", other(flow.ICMP, "203.0.113.66:3", "10.20.0.10:1", ask), NotObserved, nil},
		{"ESP, the first packet of which says nothing", other(50, "203.0.113.66:0", "10.20.0.10:0", ask, answer), Indeterminate, nil},
		{"partner", tcp("10.99.0.9:40000", local), NotObserved, nil},
		{"inside", tcp("10.20.0.10:40000", "10.20.0.21:80"), NotObserved, nil},
		{"both ends on the internet", tcp(bad, "203.0.113.1:80"), NotObserved, nil},
		{"to a group", udp(bad, "239.1.1.1:1234", ask), NotObserved, nil},
		{"a neighbour with a global address", udp("[2001:db8::66]:40000", "[fe80::1]:53"), NotObserved, nil},
	})
}

func TestInternetInboundSpeaksPlainly(t *testing.T) {
	w := &wire{}
	for want, packets := range map[string][]datum{
		"203.0.113.68 on the internet tried to reach cam-01 (10.20.0.21) on tcp port 8080 and got no answer; only the site may begin conversations": {syn},
		"203.0.113.68 on the internet probed cam-01 (10.20.0.21) on tcp port 8080 and got an answer; only the site may begin conversations":         {syn, rst},
		"203.0.113.68 on the internet connected to cam-01 (10.20.0.21) on tcp port 8080; only the site may begin conversations":                     exchange,
	} {
		got := findings(judge(parse(t, site), w.tcp("203.0.113.68:40000", "10.20.0.21:8080", packets...)), "internet-inbound")[0].Message
		if got != want {
			t.Errorf("have %q\nwant %q", got, want)
		}
	}
}

// A scan of many ports is one finding, in the words of its gravest part.
func TestScanIsOneFinding(t *testing.T) {
	w := &wire{}
	r := judge(parse(t, site),
		w.tcp("203.0.113.66:40000", "10.20.0.10:21", syn), w.tcp("203.0.113.66:40001", "10.20.0.10:22"), w.tcp("203.0.113.66:40002", "10.20.0.10:23", syn, rst))
	f := findings(r, "internet-inbound")
	if len(f) != 1 || f[0].Count != 3 || f[0].Severity != Critical || !strings.Contains(f[0].Message, "port 22") {
		t.Errorf("have %+v", f)
	}
}

// Outside a NAT the capture shows one address for all, and proves nothing of those
// behind it.
func TestInternetInboundOutsideTheNAT(t *testing.T) {
	p := parse(t, site+"capture: { vantage: outside-nat }\n")
	w := &wire{}
	if q := requirement(t, judge(p, w.tcp("10.20.0.10:40000", "203.0.113.9:443")), "internet-inbound"); q.Verdict != Indeterminate {
		t.Errorf("nothing came in: %s", q.Verdict)
	}
	if q := requirement(t, judge(p, w.tcp("203.0.113.9:40000", "10.20.0.10:443")), "internet-inbound"); q.Verdict != Fail {
		t.Errorf("something came in: %s", q.Verdict)
	}
}
