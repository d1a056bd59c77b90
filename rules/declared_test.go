package rules

import (
	"net/netip"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

// declared is a policy in which everything of a small site has its entry.
const declared = `apiVersion: spanaudit/v1
kind: Policy
metadata: { name: test, version: "1", extends: builtin:edge-camera@1 }
capture: { vantage: inside-nat, layer2: true, clock: { source: ntp, max_error: 100ms } }
zones:
  cameras: { trust: local, cidrs: ["10.20.0.0/24", "fd00:20::/64"] }
  office: { trust: local, cidrs: ["10.30.0.0/24"] }
  admin: { trust: local, cidrs: ["10.40.0.0/24"] }
  internet: { trust: internet, rest: true }
devices:
  - { id: panorama-1, role: appliance, zone: cameras, interfaces: [ { mac: "02:00:0a:14:00:0a", ipv4: 10.20.0.10, method: dhcp } ], inbound_ports: [8000-9000] }
  - { id: cam-01, role: camera, zone: cameras, interfaces: [ { mac: "02:00:0a:14:00:15", ipv4: 10.20.0.21, method: static } ], inbound_ports: [80] }
  - { id: cam-02, role: camera, zone: cameras, interfaces: [ { ipv4: 10.20.0.22, method: static } ] }
  - { id: router, role: gateway, interfaces: [ { mac: "02:00:0a:14:00:01", ipv4: 10.20.0.1 } ] }
  - { id: dns-1, role: resolver, interfaces: [ { ipv4: 10.30.0.53 } ] }
  - { id: ntp-1, role: ntp-server, interfaces: [ { ipv4: 10.30.0.5 } ], inbound_ports: [] }
endpoints:
  - { id: logs, from: ["role:appliance"], names: [logs.us-east-1.amazonaws.com], ports: [443], proto: tcp, app: [https], required: true }
  - { id: ca, names: [plain.example.com], ports: [80], proto: tcp, app: [http] }
  - { id: store, cidrs: [10.30.0.9/32], ports: [9000], proto: tcp, owner: netsec, reason: "clips are kept there" }
dns: { resolvers: [10.30.0.53] }
ntp: { local_servers: [10.30.0.5] }
dhcp: { servers: [10.20.0.1] }
`

// Hosts of the policy.
const (
	panorama, cam1, cam2 = "10.20.0.10", "10.20.0.21", "10.20.0.22"
	router, dns1, ntp1   = "10.20.0.1", "10.30.0.53", "10.30.0.5"
	laptop, admin        = "10.30.0.77", "10.40.0.7"
	outside              = "203.0.113.9"
)

func unanswered(w *wire, client, server string) *classify.Record {
	return w.udp(client, server, ask, ask)
}

// midstream returns a TCP connection of which only data was seen.
func (w *wire) midstream(client, server string) *classify.Record {
	return w.tcp(client, server, ask, answer)
}

// dns returns a question and, unless it is left out, its answer.
func (w *wire) dns(client, server string, answered bool, names ...string) *classify.Record {
	d := &classify.DNS{Queries: 1, Names: names}
	packets := []datum{ask}
	if answered {
		d.Responses, packets = 1, []datum{ask, answer}
	}
	return spoken(w.udp(client, server, packets...), classify.Facts{Protocol: classify.ProtoDNS, DNS: d})
}

func (w *wire) speaks(p classify.Protocol, client, server string) *classify.Record {
	return spoken(w.tcp(client, server), classify.Facts{Protocol: p})
}

// A rule that compares with what is declared says so where nothing is, rather
// than to pass.
func TestRulesThatNeedDeclarations(t *testing.T) {
	want := []string{"camera-internet", "internal-peer", "open-service", "network-bridging", "rtsp-parties", "camera-stream", "unknown-device", "capture-period"}
	r := judge(builtin(t, "edge-camera"), busySite()...)
	for _, rule := range want {
		if q := requirement(t, r, rule); q.Verdict != NotApplicable || q.Reason == "" {
			t.Errorf("%s: %s (%s)", rule, q.Verdict, q.Reason)
		}
	}
}

// A camera whose MAC the capture does not show is followed by its leases.
func TestDevicesAreFollowedAcrossLeases(t *testing.T) {
	const policy = `apiVersion: spanaudit/v1
kind: Policy
metadata: { name: test, version: "1", extends: builtin:edge-camera@1 }
capture: { layer2: false }
zones: { site: { trust: local, cidrs: ["10.20.0.0/16"] }, internet: { trust: internet, rest: true } }
devices: [ { id: cam-01, role: camera, zone: site, interfaces: [ { mac: "02:00:00:00:00:21", method: dhcp } ] } ]
`
	a := NewAudit(parse(t, policy))
	w := &wire{}
	before := w.tls("10.20.0.77:50000", outside+":443", classify.TLS{})
	mac := flow.MAC{2, 0, 0, 0, 0, 0x21}
	lease := classify.Lease{MessageType: dhcpAck, ClientMAC: mac, YourIP: addr("10.20.0.77"), Server: addr("10.20.0.1")}
	a.Learned(netip.Addr{}, flow.Frame{Number: 100, Time: 10 * second}, classify.Learned{Leases: []classify.Lease{lease}})
	w.frame = 2000
	after := w.tls("10.20.0.77:50001", outside+":443", classify.TLS{})
	a.Ended(before)
	a.Ended(after)
	got := findings(a.Finish(Loss{}), "camera-internet")
	if len(got) != 1 || got[0].Count != 1 || got[0].Device.ID != "cam-01" || got[0].Device.KnownBy != "lease" {
		t.Errorf("%+v", got)
	}
}
