package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestEgressAllowList(t *testing.T) {
	tls := func(client, server, name string) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.tls(client, server, classify.TLS{ServerName: name}) })
	}
	tcp := func(client, server string, packets ...datum) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.tcp(client, server, packets...) })
	}
	const appliance, cam, aws = "10.20.0.10:40000", "10.20.0.21:40000", "198.51.100.11:443"
	testVerdicts(t, parse(t, site), "egress-allow-list", []verdictCase{
		{"listed name", tls(appliance, aws, "logs.us-east-1.amazonaws.com"), Pass, nil},
		{"listed name in capitals", tls(appliance, aws, "LOGS.us-east-1.amazonaws.com"), Pass, nil},
		{"listed address", tcp(cam, "198.51.100.200:443"), Pass, nil},
		{"listed name at another port", tls(appliance, "198.51.100.11:8443", "logs.us-east-1.amazonaws.com"), Fail, []string{"high 10.20.0.10 198.51.100.11"}},
		{"listed name for another host", tls(cam, aws, "logs.us-east-1.amazonaws.com"), Fail, []string{"high 10.20.0.21 198.51.100.11"}},
		{"name that is not listed", tls(appliance, aws, "updates.vendor.example"), Fail, []string{"high 10.20.0.10 198.51.100.11"}},
		{"no name in the hello", tls(appliance, aws, ""), Fail, []string{"high 10.20.0.10 198.51.100.11"}},
		{"unlisted over IPv6", tls("[fd00:20::10]:40000", "[2001:db8::80]:443", "x.example"), Fail, []string{"high fd00:20::10 2001:db8::80"}},
		{"name under ECH", one(func(w *wire) *classify.Record {
			return w.tls(appliance, aws, classify.TLS{ServerName: "cover.example", ECH: true})
		}), Indeterminate, nil},
		{"hello not seen", one(func(w *wire) *classify.Record {
			return spoken(w.tcp(appliance, aws, syn, synAck, ask), classify.Facts{Protocol: classify.ProtoTLS, TLS: &classify.TLS{ServerHello: true}})
		}), Indeterminate, nil},
		{"in the middle", tcp(appliance, aws, ask, answer), Indeterminate, nil},
		{"in the middle, the other way", tcp(aws, appliance, ask, answer), Indeterminate, nil},
		{"attempt", tcp(appliance, "203.0.113.82:444", syn), Fail, []string{"low 10.20.0.10 203.0.113.82"}},
		{"attempt, refused", tcp(appliance, "203.0.113.82:444", syn, rst), Fail, []string{"low 10.20.0.10 203.0.113.82"}},
		{"answers not captured", tcp(appliance, "203.0.113.82:444", syn, ack, ask), Fail, []string{"high 10.20.0.10 203.0.113.82"}},
		{"connection without data", tcp(appliance, "203.0.113.82:444", opened...), Fail, []string{"high 10.20.0.10 203.0.113.82"}},
		{"datagram without answer", one(func(w *wire) *classify.Record { return w.udp(appliance, "203.0.113.84:443", ask) }), Fail, []string{"high 10.20.0.10 203.0.113.84"}},
		{"ping", one(func(w *wire) *classify.Record {
			return w.record(flow.ICMP, "10.20.0.10:8", "203.0.113.85:0", []datum{ask, answer})
		}), Fail, []string{"high 10.20.0.10 203.0.113.85"}},
		{"DNS, where no resolver is declared", one(func(w *wire) *classify.Record {
			return spoken(w.udp(appliance, "9.9.9.9:53"), classify.Facts{Protocol: classify.ProtoDNS, DNS: &classify.DNS{Queries: 1}})
		}), Pass, nil},
		{"time, where no server is declared", one(func(w *wire) *classify.Record { return w.ntp(appliance, "192.0.2.123:123") }), Pass, nil},
		{"begun on the internet", tcp("203.0.113.66:40000", "10.20.0.10:8080"), NotObserved, nil},
		{"an answer seen first", one(func(w *wire) *classify.Record { return w.udp("10.20.0.10:53", "203.0.113.66:40000") }), Indeterminate, nil},
		{"to the partner", tcp(appliance, "10.99.0.1:443"), NotObserved, nil},
		{"inside", tcp(appliance, "10.20.0.21:80"), NotObserved, nil},
		{"to a group", one(func(w *wire) *classify.Record { return w.udp(appliance, "224.0.0.251:5353", ask) }), NotObserved, nil},
	})
}

// The site's own resolver and time server ask others in turn.
func TestEgressOfTheSitesOwnServers(t *testing.T) {
	p := parse(t, site+"dns: { resolvers: [10.20.0.1] }\nntp: { local_servers: [10.20.0.5], public_servers: [] }\n")
	dns := classify.Facts{Protocol: classify.ProtoDNS, DNS: &classify.DNS{Queries: 1}}
	testVerdicts(t, p, "egress-allow-list", []verdictCase{
		{"resolver asks upstream", one(func(w *wire) *classify.Record { return spoken(w.udp("10.20.0.1:40000", "9.9.9.9:53"), dns) }), Pass, nil},
		{"host asks past the resolver", one(func(w *wire) *classify.Record { return spoken(w.udp("10.20.0.10:40000", "9.9.9.9:53"), dns) }), Fail, []string{"high 10.20.0.10 9.9.9.9"}},
		{"time server asks upstream", one(func(w *wire) *classify.Record { return w.ntp("10.20.0.5:40000", "192.0.2.123:123") }), Pass, nil},
		{"host asks past the time server", one(func(w *wire) *classify.Record { return w.ntp("10.20.0.10:40000", "192.0.2.123:123") }), Fail, []string{"high 10.20.0.10 192.0.2.123"}},
	})
}

func TestEgressIsNotJudgedWithoutEndpoints(t *testing.T) {
	w := &wire{}
	for _, records := range [][]*classify.Record{nil, {w.tcp("10.0.0.1:40000", "203.0.113.80:443")}} {
		q := requirement(t, judge(builtin(t, "edge-camera"), records...), "egress-allow-list")
		if q.Verdict != NotApplicable || !strings.Contains(q.Reason, "declares no endpoints") {
			t.Errorf("%s (%s)", q.Verdict, q.Reason)
		}
	}
}

func TestEgressKnowsServersByDNS(t *testing.T) {
	p := parse(t, site)
	const client, server = "10.20.0.10", "198.51.100.11"
	for _, c := range []struct {
		name  string
		teach func(a *Audit)
		flow  func(w *wire) *classify.Record
		want  Verdict
	}{
		{"answer to this client", func(a *Audit) { told(a, client, "logs.us-east-1.amazonaws.com", server) },
			func(w *wire) *classify.Record { return w.tcp(client+":40000", server+":443") }, Pass},
		{"answer to another client", func(a *Audit) { told(a, "10.20.0.99", "logs.us-east-1.amazonaws.com", server) },
			func(w *wire) *classify.Record { return w.tcp(client+":40000", server+":443") }, Pass},
		{"own answer before that of another", func(a *Audit) {
			told(a, "10.20.0.99", "logs.us-east-1.amazonaws.com", server)
			told(a, client, "evil.example", server)
		}, func(w *wire) *classify.Record { return w.tcp(client+":40000", server+":443") }, Fail},
		{"server name before DNS", func(a *Audit) { told(a, client, "cdn.example", server) },
			func(w *wire) *classify.Record {
				return w.tls(client+":40000", server+":443", classify.TLS{ServerName: "logs.us-east-1.amazonaws.com"})
			}, Pass},
		{"host field alone", func(*Audit) {},
			func(w *wire) *classify.Record {
				return w.http(client+":40000", server+":80", classify.HTTP{Host: "ocsp.example.com"})
			}, Pass},
		{"host field that DNS confirms", func(a *Audit) {
			told(a, client, "ocsp.example.com", server)
			told(a, client, "other.example", server)
		}, func(w *wire) *classify.Record {
			return w.http(client+":40000", server+":80", classify.HTTP{Host: "ocsp.example.com"})
		}, Pass},
		{"host field against DNS", func(a *Audit) { told(a, client, "evil.example", server) },
			func(w *wire) *classify.Record {
				return w.http(client+":40000", server+":80", classify.HTTP{Host: "ocsp.example.com"})
			}, Fail},
		{"host behind a proxy", func(*Audit) {},
			func(w *wire) *classify.Record {
				return w.http(client+":40000", server+":80", classify.HTTP{Host: "ocsp.example.com", Methods: []string{"CONNECT"}})
			}, Fail},
		{"server name behind a proxy", func(*Audit) {},
			func(w *wire) *classify.Record {
				r := w.http(client+":40000", server+":443", classify.HTTP{Host: "logs.us-east-1.amazonaws.com", Methods: []string{"CONNECT"}})
				r.TLS = &classify.TLS{ClientHello: true, ServerName: "logs.us-east-1.amazonaws.com"}
				return r
			}, Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := NewAudit(p)
			c.teach(a)
			a.Ended(c.flow(&wire{}))
			if q := requirement(t, a.Finish(Loss{}), "egress-allow-list"); q.Verdict != c.want {
				t.Errorf("%s (%s); %s is wanted", q.Verdict, q.Reason, c.want)
			}
		})
	}
}

// A contact under the spelling of AWS's page is judged by the real name, and the
// report says so.
func TestEgressTellsTheRealNameOfAnAWSAlias(t *testing.T) {
	r := judge(parse(t, site), (&wire{}).tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{ServerName: "logs.us-east-1.aws.amazon.com"}))
	q := requirement(t, r, "egress-allow-list")
	if want := `"logs.us-east-1.aws.amazon.com", as AWS's security page spells it, was judged as "logs.us-east-1.amazonaws.com"`; q.Verdict != Pass || q.Reason != want {
		t.Errorf("%s, reason %q; pass, %q is wanted", q.Verdict, q.Reason, want)
	}
}

func TestEgressSaysHowFarAContactIsListed(t *testing.T) {
	w := &wire{}
	for _, c := range []struct {
		client, server, want string
	}{
		{"10.20.0.10:40000", "198.51.100.11:8443", "endpoint logs allows at tcp port 443 only"},
		{"10.20.0.21:40000", "198.51.100.11:443", "endpoint logs allows to other hosts only"},
	} {
		r := judge(parse(t, site), w.tls(c.client, c.server, classify.TLS{ServerName: "logs.us-east-1.amazonaws.com"}))
		if got := findings(r, "egress-allow-list")[0].Message; !strings.HasSuffix(got, c.want) {
			t.Errorf("have %q; %q is wanted", got, c.want)
		}
	}
}

// Hostile names from the wire are quoted.
func TestHostileNamesAreQuoted(t *testing.T) {
	r := judge(parse(t, site), (&wire{}).tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{ServerName: "a\x1b[2J\nb"}))
	for _, f := range r.Findings {
		if strings.ContainsAny(f.Message, "\x1b\n") {
			t.Errorf("%q", f.Message)
		}
	}
}
