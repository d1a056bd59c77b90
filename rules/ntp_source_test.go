package rules

import (
	"testing"

	"spanaudit/classify"
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
