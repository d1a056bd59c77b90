package rules

import (
	"testing"

	"spanaudit/classify"
)

// Each declared device has a verdict of its own, by what was held against it.
func TestVerdictsPerDevice(t *testing.T) {
	p := parse(t, `
zones: { plant: { trust: local, cidrs: [10.20.0.0/24] }, internet: { trust: internet, rest: true } }
devices:
  - { id: good, role: appliance, zone: plant, interfaces: [{ name: a, ipv4: 10.20.0.10 }] }
  - { id: bad, role: camera, zone: plant, interfaces: [{ name: a, ipv4: 10.20.0.21 }] }
  - { id: silent, role: camera, zone: plant, interfaces: [{ name: a, ipv4: 10.20.0.22 }] }
`)
	w := &wire{}
	a := NewAudit(p)
	a.Ended(w.tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{Version: classify.TLS13, CipherSuite: 0x1301}))
	a.Ended(w.tls("10.20.0.21:40000", "198.51.100.11:443", classify.TLS{Version: classify.TLS10, CipherSuite: 0x002F}))
	a.Ended(w.tls("10.20.0.21:40001", "198.51.100.11:443", classify.TLS{Version: classify.TLS13, CipherSuite: 0x1301}))
	for _, q := range a.Finish(Loss{}).Requirements {
		if q.Rule != "tls-version" {
			continue
		}
		if len(q.Devices) != 2 {
			t.Fatalf("%+v", q.Devices)
		}
		good, bad := q.Devices[0], q.Devices[1]
		if good.Device.ID != "good" || good.Verdict != Pass || good.Examined != 1 || good.Failed != 0 {
			t.Errorf("%+v", good)
		}
		if bad.Device.ID != "bad" || bad.Verdict != Fail || bad.Examined != 2 || bad.Failed != 1 {
			t.Errorf("%+v", bad)
		}
	}
}
