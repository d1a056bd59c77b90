package rules

import (
	"net/netip"
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestNTPSource(t *testing.T) {
	ntp := func(pairs ...string) func(w *wire) []*classify.Record {
		return func(w *wire) (list []*classify.Record) {
			for i := 0; i < len(pairs); i += 2 {
				list = append(list, w.ntp(pairs[i]+":40000", pairs[i+1]+":123"))
			}
			return list
		}
	}
	changed := func(client, server string, change func(n *classify.NTP)) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.ntp(client+":40000", server+":123")
			change(r.NTP)
			return r
		})
	}
	const cam, clock, public = "10.20.0.21", "10.20.0.5", "192.0.2.123"

	t.Run("a local server declared", func(t *testing.T) {
		testVerdicts(t, parse(t, site+"ntp: { local_servers: [10.20.0.5, \"fd00:20::5\"] }\n"), "ntp-source", []verdictCase{
			{"asked", ntp(cam, clock), Pass, nil},
			{"asked over IPv6", one(func(w *wire) *classify.Record { return w.ntp("[fd00:20::21]:40000", "[fd00:20::5]:123") }), Pass, nil},
			{"another local one asked", ntp(cam, "10.20.0.1"), Fail, []string{"medium 10.20.0.21 10.20.0.1"}},
			{"a partner's asked", ntp(cam, "10.99.0.1"), Fail, []string{"medium 10.20.0.21 10.99.0.1"}},
			{"a public one asked", ntp(cam, public), Fail, []string{"medium 10.20.0.21 192.0.2.123"}},
			{"asked without answer", changed(cam, public, func(n *classify.NTP) { n.Responses, n.Strata = 0, nil }), Fail, []string{"medium 10.20.0.21 192.0.2.123"}},
			{"the server's own upstream", ntp(clock, public), Pass, nil},
			{"a control query", changed(cam, public, func(n *classify.NTP) { n.Modes = []uint8{6} }), NotObserved, nil},
			{"asked from the internet", ntp(public, clock), NotObserved, nil},
			{"broadcast", ntp(clock, "224.0.1.1"), NotObserved, nil},
			{"nothing", func(*wire) []*classify.Record { return nil }, NotObserved, nil},
		})
	})
	t.Run("nothing declared", func(t *testing.T) {
		testVerdicts(t, parse(t, site), "ntp-source", []verdictCase{
			{"public alone", ntp(cam, public), Pass, nil},
			{"a partner's", ntp(cam, "10.99.0.1"), Pass, nil},
			{"public beside a local one", ntp(cam, public, "10.20.0.10", clock), Fail, []string{"medium 10.20.0.21 192.0.2.123"}},
			{"local one before", ntp("10.20.0.10", clock, cam, public), Fail, []string{"medium 10.20.0.21 192.0.2.123"}},
			{"upstream of the local one", ntp("10.20.0.10", clock, clock, public), Pass, nil},
			{"local one without the time", func(w *wire) []*classify.Record {
				unsynchronised := w.ntp("10.20.0.10:40000", clock+":123")
				unsynchronised.NTP.Strata = []uint8{0, 16}
				return []*classify.Record{unsynchronised, w.ntp(cam+":40000", public+":123")}
			}, Pass, nil},
		})
	})
	t.Run("public servers by name", func(t *testing.T) {
		testVerdicts(t, parse(t, site+"ntp: { public_servers: [time.example.com, 192.0.2.1] }\n"), "ntp-source", []verdictCase{
			{"by address", ntp(cam, "192.0.2.1"), Pass, nil},
			{"name not seen", ntp(cam, public), Indeterminate, nil},
		})
	})
	t.Run("no public server allowed", func(t *testing.T) {
		testVerdicts(t, parse(t, site+"ntp: { public_servers: [] }\n"), "ntp-source", []verdictCase{
			{"public", ntp(cam, public), Fail, []string{"medium 10.20.0.21 192.0.2.123"}},
		})
	})
}

func TestNTPSourceKnowsServersByDNS(t *testing.T) {
	for name, want := range map[string]Verdict{"time.example.com": Pass, "pool.example": Fail} {
		a := NewAudit(parse(t, site+"ntp: { public_servers: [time.example.com] }\n"))
		told(a, "10.20.0.21", name, "192.0.2.123")
		a.Ended((&wire{}).ntp("10.20.0.21:40000", "192.0.2.123:123"))
		if q := requirement(t, a.Finish(Loss{}), "ntp-source"); q.Verdict != want {
			t.Errorf("%s: %s (%s)", name, q.Verdict, q.Reason)
		}
	}
}

// A local server that DHCP names counts, and the sentence says which one it is.
func TestNTPSourceKnowsWhatDHCPNames(t *testing.T) {
	client, other := macOf(addr("10.20.0.21")), macOf(addr("10.20.0.22"))
	for name, c := range map[string]struct {
		policy string
		leased flow.MAC
		server string
		want   Verdict
	}{
		"a local one":                  {site, client, "10.20.0.5", Fail},
		"to another host":              {site, other, "10.20.0.5", Pass},
		"a public one":                 {site, client, "192.0.2.9", Pass},
		"a local one, with a declared": {site + "ntp: { local_servers: [10.20.0.6] }\n", client, "10.20.0.5", Fail},
	} {
		a := NewAudit(parse(t, c.policy))
		a.Learned(netip.Addr{}, flow.Frame{Number: 1, Time: 1}, classify.Learned{Leases: []classify.Lease{
			{MessageType: dhcpAck, ClientMAC: c.leased, YourIP: addr("10.20.0.99"), NTPServers: []netip.Addr{addr(c.server)}},
		}})
		w := &wire{}
		for range 3 {
			a.Ended(w.ntp("10.20.0.21:40000", "192.0.2.123:123"))
		}
		r := a.Finish(Loss{})
		q, f := requirement(t, r, "ntp-source"), findings(r, "ntp-source")
		if q.Verdict != c.want || q.Examined != 3 {
			t.Errorf("%s: %s of %d (%s)", name, q.Verdict, q.Examined, q.Reason)
		}
		if c.want == Fail && (len(f) != 1 || f[0].Count != 3 || q.Failed != 3 || !strings.Contains(f[0].Message, "DHCP names 10.20.0.5")) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// What DHCP answered, and the capture does not show, may have named a server.
func TestNTPSourceWithoutTheAnswerOfDHCP(t *testing.T) {
	a := NewAudit(parse(t, site))
	a.Learned(netip.Addr{}, flow.Frame{Number: 1, Time: 1}, classify.Learned{Leases: []classify.Lease{
		{MessageType: dhcpRequest, ClientMAC: macOf(addr("10.20.0.21")), Requested: addr("10.20.0.21")},
	}})
	a.Ended((&wire{}).ntp("10.20.0.21:40000", "192.0.2.123:123"))
	if q := requirement(t, a.Finish(Loss{}), "ntp-source"); q.Verdict != Indeterminate {
		t.Errorf("%s (%s)", q.Verdict, q.Reason)
	}
}

// Another local server than DHCP names is none that is forbidden; the report
// says so.
func TestNTPSourceRemarksOnDHCP(t *testing.T) {
	a := NewAudit(parse(t, site))
	a.Learned(netip.Addr{}, flow.Frame{Number: 1, Time: 1}, classify.Learned{Leases: []classify.Lease{
		{MessageType: dhcpAck, ClientMAC: macOf(addr("10.20.0.21")), YourIP: addr("10.20.0.21"), NTPServers: []netip.Addr{addr("10.20.0.5")}},
	}})
	w := &wire{}
	a.Ended(w.ntp("10.20.0.21:40000", "10.20.0.6:123"))
	a.Ended(w.ntp("10.20.0.22:40000", "10.20.0.6:123"))
	if q := requirement(t, a.Finish(Loss{}), "ntp-source"); q.Verdict != Pass || q.Reason != "cam-01 (10.20.0.21) asks 10.20.0.6 for the time; DHCP names 10.20.0.5" {
		t.Errorf("%s (%s)", q.Verdict, q.Reason)
	}
}

func TestNTPSourceCountsKeyExchanges(t *testing.T) {
	nts := func(server string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.tls("10.20.0.21:40000", server+":4460", classify.TLS{})
			r.Wrapped, r.WrappedBy = classify.ProtoNTSKE, "port"
			return r
		})
	}
	testVerdicts(t, parse(t, site+"ntp: { local_servers: [10.20.0.5] }\n"), "ntp-source", []verdictCase{
		{"with the local server", nts("10.20.0.5"), Pass, nil},
		{"with a public one", nts("192.0.2.123"), Fail, []string{"medium 10.20.0.21 192.0.2.123"}},
	})
}
