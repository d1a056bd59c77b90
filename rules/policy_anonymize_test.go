package rules

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"spanaudit/flow"
)

const siteToAnonymize = `
metadata: { name: site, version: "1.2.3.4", description: "cameras of 10.20.0.0/24, gateway 10.20.0.1" }
zones:
  lan: { trust: local, cidrs: [10.20.0.0/26, "FD00:20::/64", 172.16.8.0/22] }
  docs: { trust: local, cidrs: [203.0.113.64/28] }
  partner: { trust: external, cidrs: [57.12.0.0/14] }
  internet: { trust: internet, rest: true }
devices:
  - { id: cam-01, role: camera, zone: lan, interfaces: [{ mac: "0200.5e00.5321", ipv4: 10.20.0.21, ipv6: "fd00:0020::21" }] }
  - { id: ntp, role: ntp-server, interfaces: [{ mac: "02-00-5E-00-53-05", ipv4: [10.20.0.5] }] }
endpoints:
  - { id: cloud, names: [ip-57-12-0-9.example.com], cidrs: [57.12.4.0/24], ports: [443], reason: "runs at 57.12.4.9" }
dns: { resolvers: [10.20.0.1, 57.12.0.53] }
ntp: { local_servers: [10.20.0.5] }
dhcp: { servers: [10.20.0.1] }
waivers:
  - { id: w1, rule: tls-version, match: { device: cam-01, peer: 203.0.113.70/32 }, reason: "an old viewer, replaced soon", owner: a, approved_by: b, created: 2026-11-01, expires: 2027-01-01 }
`

func TestAnonymizedPolicyHoldsTheSameThings(t *testing.T) {
	p, err := Parse("site.yaml", []byte(siteToAnonymize))
	if err != nil {
		t.Fatal(err)
	}
	a := flow.NewAnonymizer([32]byte{1}, p.Prefixes())
	q, err := p.Anonymized(a)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := q.WriteYAML(&text); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"10.20.", "20::", "57.12.", "57-12", "53:21", "5321", "00-53-05", "53:05", "113.70"} {
		if strings.Contains(strings.ToLower(text.String()), s) {
			t.Errorf("it holds %q:\n%s", s, text.String())
		}
	}
	if q.Version != p.Version || q.Name != p.Name || q.SHA256 == p.SHA256 || len(q.Extends) != len(p.Extends) {
		t.Errorf("%s %s %x extends %v", q.Name, q.Version, q.SHA256, q.Extends)
	}
	for i, d := range p.Devices {
		e := q.Devices[i]
		if e.ID != d.ID || e.Interfaces[0].MAC != a.MAC(d.Interfaces[0].MAC) {
			t.Errorf("%+v becomes %+v", d, e)
		}
		for j, ip := range d.Interfaces[0].Addrs {
			if e.Interfaces[0].Addrs[j] != a.Addr(ip) {
				t.Errorf("%s: %s becomes %s, want %s", d.ID, ip, e.Interfaces[0].Addrs[j], a.Addr(ip))
			}
		}
	}
	if got, want := q.NTP.LocalServers[0].Addr, a.Addr(netip.MustParseAddr("10.20.0.5")); got != want {
		t.Errorf("time server %s, want %s", got, want)
	}
	if got, want := q.Waivers[0].Peer, a.Prefix(p.Waivers[0].Peer); got != want {
		t.Errorf("waived peer %s, want %s", got, want)
	}
	for ip := netip.MustParseAddr("10.20.0.0"); ip != netip.MustParseAddr("10.20.1.0"); ip = ip.Next() {
		if got, want := q.ZoneOf(a.Addr(ip)), p.ZoneOf(ip); got != want {
			t.Errorf("%s is in %v, %s in %v", ip, want, a.Addr(ip), got)
		}
	}
}

func TestProfilesHoldNoAddress(t *testing.T) {
	for _, name := range Profiles() {
		p, _ := Builtin(name)
		if q, err := p.Anonymized(flow.NewAnonymizer([32]byte{}, p.Prefixes())); err != nil || q != p {
			t.Errorf("%s is not left as it is: %v", name, err)
		}
	}
}

// Whatever policy there is, its mapped form is one, and of addresses in a zone
// of the one the images are in that of the other.
func FuzzAnonymized(f *testing.F) {
	f.Add([]byte(siteToAnonymize), []byte{10, 20, 0, 63})
	f.Add([]byte("zones: { a: { trust: local, cidrs: [10.0.0.0/9, 10.128.0.0/11, 192.168.0.0/17] } }\n"), []byte{10, 160, 0, 1})
	f.Add([]byte("zones: { a: { trust: external, cidrs: [\"2a00::/13\", \"::/1\"] } }\n"), netip.MustParseAddr("2a07::1").AsSlice())
	f.Fuzz(func(t *testing.T, data, address []byte) {
		p, err := Parse("fuzz.yaml", data)
		ip, ok := netip.AddrFromSlice(address)
		if err != nil || !ok || len(data) > 4000 {
			return
		}
		a := flow.NewAnonymizer([32]byte{2}, p.Prefixes())
		q, err := p.Anonymized(a)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := q.ZoneOf(a.Addr(ip)).Trust, p.ZoneOf(ip).Trust; got != want {
			t.Fatalf("%s is %s, its image %s is %s", ip, want, a.Addr(ip), got)
		}
	})
}
