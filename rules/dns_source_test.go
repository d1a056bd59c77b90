package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
)

func TestDNSSource(t *testing.T) {
	asks := func(client, server string, names ...string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.dns(client+":50000", server+":53", true, names...) })
	}
	over := func(change func(r *classify.Record)) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.tls(panorama+":50000", outside+":443", classify.TLS{})
			change(r)
			return r
		})
	}
	tls853 := over(func(r *classify.Record) { r.Wrapped, r.WrappedBy = classify.ProtoDNS, "port" })
	t.Run("resolvers declared", func(t *testing.T) {
		testVerdicts(t, parse(t, declared), "dns-source", []verdictCase{
			{"a declared resolver", asks(laptop, dns1, "www.example.com"), Pass, nil},
			{"another inside", asks(laptop, router), Fail, []string{"medium 10.30.0.77 10.20.0.1"}},
			{"another outside", asks(laptop, outside), Fail, []string{"medium 10.30.0.77 203.0.113.9"}},
			{"the resolver's own questions", asks(dns1, outside), Pass, nil},
			{"over TLS", tls853, Fail, []string{"medium 10.20.0.10 203.0.113.9"}},
			{"over HTTPS", over(func(r *classify.Record) { r.TLS.ServerName = "dns.google" }), Fail, []string{"medium 10.20.0.10 203.0.113.9"}},
			{"other TLS", over(func(r *classify.Record) { r.TLS.ServerName = "www.example.com" }), NotObserved, nil},
			{"a name of an endpoint", asks(panorama, dns1, "logs.us-east-1.amazonaws.com", "21.0.20.10.in-addr.arpa", "panorama-1"), Pass, nil},
			{"a name of none", asks(panorama, dns1, "logs.us-east-1.amazonaws.com", "updates.example.net", "more.example.net"), Fail, []string{"medium 10.20.0.10 10.30.0.53"}},
			{"without answer", one(func(w *wire) *classify.Record { return w.dns(panorama+":50000", dns1+":53", false) }), Indeterminate, nil},
			{"from outside", asks(outside, dns1), NotObserved, nil},
			{"multicast", one(func(w *wire) *classify.Record {
				return spoken(w.udp(panorama+":5353", "224.0.0.251:5353", ask), classify.Facts{Protocol: classify.ProtoMDNS, DNS: &classify.DNS{Queries: 1}})
			}), NotObserved, nil},
		})
	})
	t.Run("encrypted DNS allowed", func(t *testing.T) {
		p := parse(t, strings.Replace(declared, "dns: { resolvers: [10.30.0.53] }", "dns: { resolvers: [10.30.0.53, 203.0.113.9], allow_encrypted: true }", 1))
		testVerdicts(t, p, "dns-source", []verdictCase{{"over TLS", tls853, Pass, nil}})
	})
	t.Run("nothing declared", func(t *testing.T) {
		testVerdicts(t, builtin(t, "edge-camera"), "dns-source", []verdictCase{
			{"inside", asks("192.168.1.20", "192.168.1.1", "www.example.com"), Pass, nil},
			{"outside", asks("192.168.1.20", outside), Fail, []string{"low 192.168.1.20 203.0.113.9"}},
		})
	})
	f := findings(judge(parse(t, declared), asks(panorama, dns1, "a.example.net", "b.example.net")(&wire{})...), "dns-source")
	if len(f) != 1 || !strings.Contains(f[0].Message, `"a.example.net" and 1 more`) {
		t.Errorf("%+v", f)
	}
}
