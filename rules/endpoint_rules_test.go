package rules

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

// aws is the site's policy with AWS endpoints, pinned to a region, an account
// and an AWS IoT prefix.
const aws = `apiVersion: spanaudit/v1
kind: Policy
metadata: { name: test, version: "1", extends: builtin:edge-camera@1 }
vars: { region: [us-east-1, us-west-2], account-id: ["012345678901"], iot-prefix: [a1b2c3] }
zones:
  site: { trust: local, cidrs: ["10.20.0.0/16"] }
  internet: { trust: internet, rest: true }
devices:
  - { id: panorama-1, role: appliance, zone: site, interfaces: [ { mac: "02:00:0a:14:00:0a", ipv4: 10.20.0.10, method: dhcp } ] }
  - { id: dns-1, role: resolver, zone: site, interfaces: [ { ipv4: 10.20.0.1, method: static } ] }
endpoints:
  - { id: iot, names: ["<iot-prefix>-ats.iot.<region>.amazonaws.com"], alpn: { mqtt: [x-amzn-mqtt-ca, mqtt], https: [x-amzn-http-ca] }, required: true }
  - { id: logs, names: ["logs.<region>.amazonaws.com"], required: true }
  - { id: points, names: ["*-<account-id>.s3-accesspoint.<region>.amazonaws.com"] }
  - { id: assets, names: [assets.s3.us-east-1.amazonaws.com] }
  - { id: partner, names: [partner.example], cidrs: [198.51.100.64/28], reason: "fixed addresses" }
  - { id: unnamed, cidrs: [198.51.100.80/28], reason: "fixed addresses" }
  - { id: panorama, service: AWS Panorama, names: ["panorama.<region>.amazonaws.com"], end_of_support: "2026-05-31", enabled: false, reason: "ended" }
dns: { correlate_window: 1h }
`

const (
	logsName = "logs.us-east-1.amazonaws.com"
	logsAt   = "198.51.100.11:443"
	resolver = "10.20.0.1:53"
)

// An answer is what a client was told by DNS, when, and for how long it holds.
type dnsAnswer struct {
	client, name, canonical, address string
	at                               flow.Time
	ttl                              uint32
}

// audited judges the records after the answers.
func audited(p *Policy, answers []dnsAnswer, records ...*classify.Record) *Report {
	a := NewAudit(p)
	for _, n := range answers {
		if n.canonical == "" {
			n.canonical = n.name
		}
		a.Learned(addr(n.client), flow.Frame{Number: 1, Time: n.at}, classify.Learned{
			Names: []classify.Name{{Query: n.name, Canonical: n.canonical, Address: addr(n.address), TTL: n.ttl}},
		})
	}
	for _, r := range records {
		a.Ended(r)
	}
	return a.Finish(Loss{})
}

func TestEndpointIdentity(t *testing.T) {
	const start = flow.Time(10 * time.Hour)
	toldAt := func(name, address string, before time.Duration) dnsAnswer {
		return dnsAnswer{"10.20.0.10", name, "", address, start.Add(-before), 60}
	}
	named := func(name string) classify.TLS { return tls13(func(t *classify.TLS) { t.ServerName = name }) }
	certified := func(names ...string) classify.TLS {
		return today(func(t *classify.TLS) { t.ServerName, t.Certificate.DNSNames = logsName, names })
	}
	alias := dnsAnswer{"10.20.0.10", "alias.example", logsName, "198.51.100.11", start.Add(-time.Second), 60}
	other := dnsAnswer{"10.20.0.99", logsName, "", "198.51.100.11", start.Add(-time.Second), 60}
	for _, c := range []struct {
		name    string
		answers []dnsAnswer
		server  string
		tls     classify.TLS
		verdict Verdict
		says    string
	}{
		{"told so", []dnsAnswer{toldAt(logsName, "198.51.100.11", time.Second)}, logsAt, named(logsName), Pass, ""},
		{"case and a dot do not matter", []dnsAnswer{toldAt(logsName, "198.51.100.11", time.Second)}, logsAt, named("LOGS.us-east-1.amazonaws.com."), Pass, ""},
		{"told so by the chain's end", []dnsAnswer{alias}, logsAt, named(logsName), Pass, ""},
		{"told so by the chain's beginning", []dnsAnswer{alias}, logsAt, named("alias.example"), Pass, ""},
		{"told so, and another address", []dnsAnswer{toldAt(logsName, "198.51.100.12", 2), toldAt(logsName, "198.51.100.11", 1)}, logsAt, named(logsName), Pass, ""},
		{"told so within TTL and allowance", []dnsAnswer{toldAt(logsName, "198.51.100.11", time.Hour+time.Minute)}, logsAt, named(logsName), Pass, ""},
		{"told so again since", []dnsAnswer{toldAt(logsName, "198.51.100.11", 5*time.Hour), toldAt(logsName, "198.51.100.11", time.Second)}, logsAt, named(logsName), Pass, ""},
		{"told so before that", []dnsAnswer{toldAt(logsName, "198.51.100.11", time.Hour+61*time.Second)}, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"told another address", []dnsAnswer{toldAt(logsName, "198.51.100.12", time.Second)}, logsAt, named(logsName), Fail, "DNS had told the client that it is at 198.51.100.12"},
		{"told addresses of another family", []dnsAnswer{toldAt(logsName, "2001:db8::12", time.Second)}, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"told more addresses than are remembered", manyAnswers(start), logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"told another address long before", []dnsAnswer{toldAt(logsName, "198.51.100.12", 3*time.Hour)}, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"told another address, a neighbour this one", []dnsAnswer{toldAt(logsName, "198.51.100.12", time.Second), other}, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"told another address afterwards", []dnsAnswer{toldAt(logsName, "198.51.100.12", -time.Second)}, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"only a neighbour was told", []dnsAnswer{other}, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"nobody was told", nil, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"the address has another name", []dnsAnswer{toldAt("cdn.example", "198.51.100.11", time.Second)}, logsAt, named(logsName), Indeterminate, "no DNS answer"},
		{"certificate and DNS agree", []dnsAnswer{toldAt(logsName, "198.51.100.11", time.Second)}, logsAt, certified("*.us-east-1.amazonaws.com"), Pass, ""},
		{"certificate for others", []dnsAnswer{toldAt(logsName, "198.51.100.11", time.Second)}, logsAt, certified("proxy.example"), Fail, `the certificate names "proxy.example"`},
		{"certificate for others, nobody was told", nil, logsAt, certified("proxy.example"), Fail, "the certificate names"},
		{"certificate agrees, nobody was told", nil, logsAt, certified(logsName), Indeterminate, "no DNS answer"},
		{"both disagree", []dnsAnswer{toldAt(logsName, "198.51.100.12", time.Second)}, logsAt, certified("proxy.example"), Fail, "is at 198.51.100.12 and the certificate names"},
		{"ECH", nil, logsAt, tls13(func(t *classify.TLS) { t.ECH = true }), Indeterminate, "ECH"},
		{"no name, to whom DNS knows as an endpoint", []dnsAnswer{toldAt(logsName, "198.51.100.11", time.Second)}, logsAt, named(""), Fail, "without a server name, so that nothing ties the server to endpoint logs"},
		{"no name, to an address of an endpoint with names", nil, "198.51.100.65:443", named(""), Fail, "endpoint partner"},
		{"an address for a name", nil, "198.51.100.65:443", named("198.51.100.65"), Fail, "endpoint partner"},
		{"no name, to an endpoint without names", nil, "198.51.100.81:443", named(""), Indeterminate, "by address alone"},
		{"no name, to anybody", nil, "203.0.113.5:443", named(""), Indeterminate, "without a server name"},
		{"hello unseen", nil, logsAt, classify.TLS{}, Indeterminate, "ClientHello was not seen"},
		{"inside, and no endpoint", nil, "10.20.0.21:443", named("camera.local"), NotObserved, ""},
		{"an endpoint inside", []dnsAnswer{toldAt(logsName, "10.20.0.99", time.Second)}, "10.20.0.99:443", named(logsName), Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &wire{}
			record := spoken(w.tcp(appliance, c.server), classify.Facts{Protocol: classify.ProtoTLS, TLS: &c.tls}, "ClientHello")
			record.Start = start
			r := audited(parse(t, aws), c.answers, record)
			q, f := requirement(t, r, "endpoint-identity"), findings(r, "endpoint-identity")
			if q.Verdict != c.verdict || (len(f) == 1) != (c.verdict == Fail) {
				t.Fatalf("%s (%s), %+v; %s is wanted", q.Verdict, q.Reason, f, c.verdict)
			}
			said := q.Reason
			if len(f) == 1 {
				said = f[0].Message
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("%q; %q is wanted", said, c.says)
			}
		})
	}
}

// A denial by DNS counts only where every question for the name was answered.
func TestIdentityWhereAnAnswerMayBeLost(t *testing.T) {
	for lost, want := range map[bool]Verdict{false: Fail, true: Indeterminate} {
		w := &wire{frame: 100}
		question := w.asks("10.20.0.10:5000", nil, logsName)
		if lost {
			question.DNS.Responses = 0
		}
		r := audited(parse(t, aws), []dnsAnswer{{"10.20.0.10", logsName, "", "198.51.100.12", 1, 60}},
			w.tls(appliance, logsAt, classify.TLS{ServerName: logsName}), question)
		if q := requirement(t, r, "endpoint-identity"); q.Verdict != want {
			t.Errorf("answer lost: %v: %s (%s)", lost, q.Verdict, q.Reason)
		}
	}
}

// manyAnswers fill what is remembered of one name.
func manyAnswers(start flow.Time) (list []dnsAnswer) {
	for i := range maxToldAddrs {
		list = append(list, dnsAnswer{"10.20.0.10", logsName, "", netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String(), start - 1, 60})
	}
	return list
}

// A client that asks its names by encrypted DNS has the reason named, whichever
// flow ends first.
func TestIdentityBehindEncryptedDNS(t *testing.T) {
	for _, first := range []bool{true, false} {
		w := &wire{}
		dot := w.tls("10.20.0.10:50000", "203.0.113.53:853", classify.TLS{ServerName: "dns.example"})
		https := w.tls(appliance, logsAt, classify.TLS{ServerName: logsName})
		records := []*classify.Record{https, dot}
		if first {
			slices.Reverse(records)
		}
		q := requirement(t, audited(parse(t, aws), nil, records...), "endpoint-identity")
		if q.Verdict != Indeterminate || q.Reason != "2 × "+identityEncrypted {
			t.Errorf("%s: %s", q.Verdict, q.Reason)
		}
	}
}

func TestEndpointPortAndALPN(t *testing.T) {
	hello := func(server, name string, change func(t *classify.TLS)) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			tls := tls13(func(t *classify.TLS) {
				t.ServerName = name
				if change != nil {
					change(t)
				}
			})
			return spoken(w.tcp(appliance, server), classify.Facts{Protocol: classify.ProtoTLS, TLS: &tls}, "ClientHello")
		})
	}
	const iot = "a1b2c3-ats.iot.us-east-1.amazonaws.com"
	offer := func(names ...string) func(t *classify.TLS) {
		return func(t *classify.TLS) { t.OfferedALPN = names }
	}
	chosen := func(alpn string) func(t *classify.TLS) {
		return func(t *classify.TLS) {
			t.Version, t.OfferedALPN, t.ALPN = classify.TLS12, []string{"x-amzn-mqtt-ca", "h2"}, alpn
		}
	}
	testVerdicts(t, parse(t, aws), "endpoint-port", []verdictCase{
		{"declared port", hello(logsAt, logsName, nil), Pass, nil},
		{"another port", hello("198.51.100.11:8443", logsName, nil), Fail, []string{"medium 10.20.0.10 198.51.100.11"}},
		{"another port, refused", one(func(w *wire) *classify.Record { return w.tcp(appliance, "198.51.100.65:8443", syn, rst) }), Fail, []string{"low 10.20.0.10 198.51.100.65"}},
		{"over QUIC", one(func(w *wire) *classify.Record {
			tls := tls13(func(t *classify.TLS) { t.ServerName = logsName })
			return spoken(w.udp(appliance, logsAt), classify.Facts{Protocol: classify.ProtoQUIC, TLS: &tls})
		}), Fail, []string{"medium 10.20.0.10 198.51.100.11"}},
		{"who it is, is not seen", hello("203.0.113.5:8443", "", func(t *classify.TLS) { *t = classify.TLS{ServerHello: true, Version: classify.TLS13} }), Indeterminate, nil},
		{"not an endpoint", hello("203.0.113.5:8443", "www.example", nil), NotObserved, nil},
		{"a server that is not local asks", one(func(w *wire) *classify.Record {
			return w.tls("203.0.113.5:40000", "10.20.0.10:8443", classify.TLS{ServerName: logsName})
		}), NotObserved, nil},
		{"ALPN of MQTT", hello("198.51.100.10:443", iot, offer("x-amzn-mqtt-ca")), Pass, nil},
		{"ALPN of custom authentication", hello("198.51.100.10:443", iot, offer("mqtt")), Pass, nil},
		{"no ALPN", hello("198.51.100.10:443", iot, nil), Fail, []string{"medium 10.20.0.10 198.51.100.10"}},
		{"another ALPN", hello("198.51.100.10:443", iot, offer("h2", "http/1.1")), Fail, []string{"medium 10.20.0.10 198.51.100.10"}},
		{"several in TLS 1.3", hello("198.51.100.10:443", iot, offer("x-amzn-mqtt-ca", "h2")), Indeterminate, nil},
		{"several, the right one chosen", hello("198.51.100.10:443", iot, chosen("x-amzn-mqtt-ca")), Pass, nil},
		{"several, another chosen", hello("198.51.100.10:443", iot, chosen("h2")), Fail, []string{"medium 10.20.0.10 198.51.100.10"}},
		{"hello unseen", hello("198.51.100.10:443", iot, func(t *classify.TLS) { *t = classify.TLS{ServerName: iot} }), Indeterminate, nil},
	})
	// A second entry for the same names and port adds to the first.
	second := aws + "  - { id: iot-web, names: [\"<iot-prefix>-ats.iot.<region>.amazonaws.com\"], alpn: { https: [h2] } }\n"
	second = strings.Replace(second, "dns: { correlate_window: 1h }\n", "", 1)
	testVerdicts(t, parse(t, second), "endpoint-port", []verdictCase{
		{"ALPN of the second", hello("198.51.100.10:443", iot, offer("h2")), Pass, nil},
		{"ALPN of neither", hello("198.51.100.10:443", iot, offer("http/1.1")), Fail, []string{"medium 10.20.0.10 198.51.100.10"}},
	})
	if q := requirement(t, judge(builtin(t, "edge-camera")), "endpoint-port"); q.Verdict != NotApplicable {
		t.Errorf("without endpoints: %s", q.Verdict)
	}
}

func TestAWSNamesAreTakenApart(t *testing.T) {
	for name, want := range map[string]awsName{
		"logs.us-east-1.amazonaws.com":                                 {true, "us-east-1", "", "", false},
		"logs.us-east-1.api.aws":                                       {true, "us-east-1", "", "", false},
		"logs.us-east-1.aws.amazon.com":                                {true, "us-east-1", "", "", false},
		"monitoring.cn-north-1.amazonaws.com.cn":                       {true, "cn-north-1", "", "", false},
		"sts.amazonaws.com":                                            {true, "", "", "", false},
		"x-999999999999.s3-accesspoint.eu-west-1.amazonaws.com":        {true, "eu-west-1", "999999999999", "", false},
		"x-1-999999999999.s3-accesspoint-fips.eu-west-1.amazonaws.com": {true, "eu-west-1", "999999999999", "", false},
		"999999999999.dkr.ecr.us-west-2.amazonaws.com":                 {true, "us-west-2", "999999999999", "", false},
		"api.ecr.us-west-2.amazonaws.com":                              {true, "us-west-2", "", "", false},
		"999999999999.s3-control.us-west-2.amazonaws.com":              {true, "us-west-2", "999999999999", "", false},
		"abc-ats.iot.us-east-1.amazonaws.com":                          {true, "us-east-1", "", "abc", false},
		"abc.iot.us-east-1.amazonaws.com":                              {true, "us-east-1", "", "abc", false},
		"abc.credentials.iot.us-east-1.amazonaws.com":                  {true, "us-east-1", "", "abc", false},
		"abc.jobs.iot.us-east-1.amazonaws.com":                         {true, "us-east-1", "", "abc", false},
		"data.jobs.iot.us-east-1.amazonaws.com":                        {true, "us-east-1", "", "", false},
		"iot.us-east-1.amazonaws.com":                                  {true, "us-east-1", "", "", false},
		"bucket.s3.us-east-1.amazonaws.com":                            {true, "us-east-1", "", "", true},
		"bucket.s3-us-west-2.amazonaws.com":                            {true, "us-west-2", "", "", true},
		"bucket.s3.amazonaws.com":                                      {true, "", "", "", true},
		"s3.us-east-1.amazonaws.com":                                   {true, "us-east-1", "", "", false},
		"amazonaws.com":                                                {},
		"www.example.com":                                              {},
		"logs.us-east-1.amazonaws.com.example.com":                     {},
		"evil-amazonaws.com":                                           {},
		"":                                                             {},
	} {
		if got := readAWSName(name); got != want {
			t.Errorf("%s: %+v; %+v is wanted", name, got, want)
		}
	}
}

// asks is a flow of DNS that asks for the names.
func (w *wire) asks(client string, failures []classify.NameFailure, names ...string) *classify.Record {
	d := &classify.DNS{Queries: len(names), Responses: len(names), Names: names, Failures: failures}
	return spoken(w.udp(client, resolver), classify.Facts{Protocol: classify.ProtoDNS, DNS: d})
}

func TestEndpointRegion(t *testing.T) {
	contact := func(name string) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.tls(appliance, logsAt, classify.TLS{ServerName: name}) })
	}
	wrong := []string{"medium 10.20.0.10 198.51.100.11"}
	testVerdicts(t, parse(t, aws), "endpoint-region", []verdictCase{
		{"the site's", contact(logsName), Pass, nil},
		{"the site's other region", contact("logs.us-west-2.amazonaws.com"), Pass, nil},
		{"another region", contact("logs.eu-west-1.amazonaws.com"), Fail, wrong},
		{"another account", contact("x-999999999999.s3-accesspoint.us-east-1.amazonaws.com"), Fail, wrong},
		{"the account", contact("x-012345678901.s3-accesspoint.us-east-1.amazonaws.com"), Pass, nil},
		{"another registry", contact("999999999999.dkr.ecr.us-east-1.amazonaws.com"), Fail, wrong},
		{"another AWS IoT endpoint", contact("zzz-ats.iot.us-east-1.amazonaws.com"), Fail, wrong},
		{"a global service", contact("sts.amazonaws.com"), Indeterminate, nil},
		{"a bucket of anybody", contact("whose.s3.us-east-1.amazonaws.com"), Indeterminate, nil},
		{"a bucket that is listed", contact("assets.s3.us-east-1.amazonaws.com"), Pass, nil},
		{"a bucket elsewhere", contact("whose.s3.eu-west-1.amazonaws.com"), Fail, wrong},
		{"no AWS name", contact("www.example.com"), NotObserved, nil},
		{"behind ECH", one(func(w *wire) *classify.Record {
			return w.tls(appliance, logsAt, classify.TLS{ServerName: "logs.eu-west-1.amazonaws.com", ECH: true})
		}), NotObserved, nil},
		{"a question", one(func(w *wire) *classify.Record {
			return w.asks("10.20.0.10:5000", nil, logsName, "logs.eu-west-1.amazonaws.com")
		}), Fail, []string{"medium 10.20.0.10 invalid IP"}},
		{"a question of the resolver for another", one(func(w *wire) *classify.Record { return w.asks("10.20.0.1:5000", nil, "logs.eu-west-1.amazonaws.com") }), NotObserved, nil},
	})
	resolving := strings.Replace(aws, "dns: { correlate_window: 1h }", "dns: { resolvers: [10.20.0.2] }", 1)
	testVerdicts(t, parse(t, resolving), "endpoint-region", []verdictCase{
		{"a question of a declared resolver", one(func(w *wire) *classify.Record { return w.asks("10.20.0.2:5000", nil, "logs.eu-west-1.amazonaws.com") }), NotObserved, nil},
	})
	free := strings.Replace(strings.Replace(aws, `account-id: ["012345678901"]`, `account-id: ["*"]`, 1), "iot-prefix: [a1b2c3]", `iot-prefix: ["*"]`, 1)
	testVerdicts(t, parse(t, free), "endpoint-region", []verdictCase{
		{"any account where none is pinned", contact("x-999999999999.s3-accesspoint.us-east-1.amazonaws.com"), Pass, nil},
		{"any prefix where none is pinned", contact("zzz-ats.iot.us-east-1.amazonaws.com"), Pass, nil},
	})
	if q := requirement(t, judge(parse(t, site)), "endpoint-region"); q.Verdict != NotApplicable || !strings.Contains(q.Reason, "vars.region") {
		t.Errorf("without a region: %s (%s)", q.Verdict, q.Reason)
	}
}

func TestEndpointRetired(t *testing.T) {
	const name = "panorama.us-east-1.amazonaws.com"
	day := func(date string) flow.Time {
		at, err := time.Parse(time.RFC3339, date)
		if err != nil {
			t.Fatal(err)
		}
		return flow.Time(at.UnixNano())
	}
	contact := func(name string, at flow.Time) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.tls(appliance, logsAt, classify.TLS{ServerName: name})
			r.Start, r.End = at, at+second
			return r
		})
	}
	after, before := day("2026-06-01T00:00:00Z"), day("2026-05-31T23:59:59Z")
	testVerdicts(t, parse(t, aws), "endpoint-retired", []verdictCase{
		{"after the end", contact(name, after), Fail, []string{"medium 10.20.0.10 198.51.100.11"}},
		{"on the last day", contact(name, before), Pass, nil},
		{"another service", contact(logsName, after), Pass, nil},
		{"a question", one(func(w *wire) *classify.Record {
			r := w.asks("10.20.0.10:5000", nil, name)
			r.Start, r.End = after, after+second
			return r
		}), Fail, []string{"medium 10.20.0.10 invalid IP"}},
		{"silence", func(*wire) []*classify.Record { return nil }, NotObserved, nil},
	})
	if q := requirement(t, judge(parse(t, site)), "endpoint-retired"); q.Verdict != NotApplicable {
		t.Errorf("without end_of_support: %s", q.Verdict)
	}
}

func TestEndpointReachable(t *testing.T) {
	connects := func(packets ...datum) func(w *wire) *classify.Record {
		return func(w *wire) *classify.Record { return w.tcp(appliance, logsAt, packets...) }
	}
	tls := func(change func(t *classify.TLS)) func(w *wire) *classify.Record {
		return func(w *wire) *classify.Record {
			tls := tls13(func(t *classify.TLS) { t.ServerName = logsName; change(t) })
			return spoken(w.tcp(appliance, logsAt), classify.Facts{Protocol: classify.ProtoTLS, TLS: &tls}, "ClientHello")
		}
	}
	asked := func(failures ...classify.NameFailure) func(w *wire) *classify.Record {
		return func(w *wire) *classify.Record { return w.asks("10.20.0.10:5000", failures, logsName) }
	}
	finished := tls(func(*classify.TLS) {})
	alert := tls(func(t *classify.TLS) { t.Established, t.Alert, t.AlertByServer = false, "protocol_version", true })
	nxdomain := asked(classify.NameFailure{Name: logsName, Code: "NXDOMAIN"})
	known := []dnsAnswer{{"10.20.0.10", logsName, "", "198.51.100.11", 1, 60}}
	for _, c := range []struct {
		name    string
		answers []dnsAnswer
		flows   []func(w *wire) *classify.Record
		verdict Verdict
		says    string
	}{
		{"reached", known, []func(w *wire) *classify.Record{asked(), finished}, Pass, "not tried: iot"},
		{"reached in the end", known, []func(w *wire) *classify.Record{nxdomain, connects(syn, rst), alert, finished}, Pass, ""},
		{"reached at first", known, []func(w *wire) *classify.Record{finished, connects(syn, rst)}, Pass, ""},
		{"no such name", nil, []func(w *wire) *classify.Record{nxdomain}, Fail, "name not resolved; last, DNS answered NXDOMAIN"},
		{"refused", known, []func(w *wire) *classify.Record{connects(syn, rst), connects(syn, rst)}, Fail, "name resolved, 0 of 2 connections came about; last, the connection was refused"},
		{"unanswered", known, []func(w *wire) *classify.Record{connects(syn)}, Fail, "last, the connection was not answered"},
		{"TLS refused", known, []func(w *wire) *classify.Record{alert}, Fail, "1 of 1 connections came about, 0 of 1 TLS handshakes finished; last, the server ended the TLS handshake with protocol_version"},
		{"resolved, never contacted", known, []func(w *wire) *classify.Record{asked()}, Indeterminate, "name was resolved"},
		{"handshake of which the end is not seen", known, []func(w *wire) *classify.Record{connects(syn, rst), tls(func(t *classify.TLS) { t.Established = false })}, Indeterminate, "no finished handshake"},
		{"never tried", nil, []func(w *wire) *classify.Record{func(w *wire) *classify.Record {
			return w.tls(appliance, "203.0.113.5:443", classify.TLS{ServerName: "www.example.com"})
		}}, NotObserved, "no required endpoint was tried; not tried: iot, logs"},
		{"another port is not the endpoint", nil, []func(w *wire) *classify.Record{func(w *wire) *classify.Record {
			return w.tls(appliance, "198.51.100.11:8443", classify.TLS{ServerName: logsName})
		}}, NotObserved, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &wire{frame: 100}
			var records []*classify.Record
			for _, f := range c.flows {
				records = append(records, f(w))
			}
			r := audited(parse(t, aws), c.answers, records...)
			q, f := requirement(t, r, "endpoint-reachable"), findings(r, "endpoint-reachable")
			if q.Verdict != c.verdict || (len(f) == 1) != (c.verdict == Fail) {
				t.Fatalf("%s (%s), %+v; %s is wanted", q.Verdict, q.Reason, f, c.verdict)
			}
			said := q.Reason
			if len(f) == 1 {
				said = f[0].Message
				if f[0].Severity != Medium || len(f[0].Evidence) == 0 || strings.Contains(said, "invalid") {
					t.Errorf("%+v", f[0])
				}
			}
			if !strings.Contains(said, c.says) || strings.HasPrefix(c.says, "not tried") && said != c.says {
				t.Errorf("%q; %q is wanted", said, c.says)
			}
		})
	}
	if q := requirement(t, judge(parse(t, site)), "endpoint-reachable"); q.Verdict != NotApplicable {
		t.Errorf("nothing required: %s", q.Verdict)
	}
}

// What a client was told is bounded by clients and names.
func TestToldAddressesAreBounded(t *testing.T) {
	s := newSite(parse(t, site))
	for i := range 100 {
		s.learnTold(addr("10.20.0.10"), classify.Name{Query: "a.example", Canonical: "a.example", Address: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})}, flow.Frame{Time: 1})
	}
	told, _ := s.told.get(toldKey{addr("10.20.0.10"), "a.example"})
	if n := len(told); n != maxToldAddrs || s.Forgotten != 100-maxToldAddrs {
		t.Errorf("%d addresses, %d forgotten", n, s.Forgotten)
	}
}
