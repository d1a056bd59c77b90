package rules

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestAddressConflict(t *testing.T) {
	host, thief, third := flow.MAC{2, 1}, flow.MAC{2, 2}, flow.MAC{2, 3}
	claim := func(a *Audit, ip string, mac flow.MAC, at flow.Time) {
		a.ARP(flow.ARP{Frame: flow.Frame{Number: uint64(at / second), Time: at}, IP: netip.MustParseAddr(ip), MAC: mac})
	}
	leased := func(a *Audit, ip string, mac flow.MAC, server string, kind uint8, at flow.Time) {
		l := classify.Lease{MessageType: kind, ClientMAC: mac, Server: netip.MustParseAddr(server)}
		if kind == dhcpDecline {
			l.Requested = netip.MustParseAddr(ip)
		} else {
			l.YourIP = netip.MustParseAddr(ip)
		}
		a.Learned(netip.Addr{}, flow.Frame{Number: uint64(at / second), Time: at}, classify.Learned{Leases: []classify.Lease{l}})
	}
	const ip = "10.20.0.50"
	for name, c := range map[string]struct {
		learn   func(a *Audit)
		verdict Verdict
		want    []string
	}{
		"nothing":   {func(*Audit) {}, NotObserved, nil},
		"one host":  {func(a *Audit) { claim(a, ip, host, second); claim(a, ip, host, 9*second) }, Pass, nil},
		"two hosts": {func(a *Audit) { claim(a, ip, host, second); claim(a, ip, thief, 9*second) }, Fail, []string{"high " + ip}},
		"not in a VLAN": {func(a *Audit) {
			claim(a, ip, host, second)
			a.ARP(flow.ARP{Frame: flow.Frame{Number: 2, Time: 2 * second}, IP: addr(ip), MAC: thief, VLAN: 7})
		}, Pass, nil},
		"a lease passed it on": {func(a *Audit) {
			claim(a, ip, host, second)
			leased(a, ip, thief, router, dhcpAck, 5*second)
			claim(a, ip, thief, 9*second)
		}, Pass, nil},
		"a lease, and the first one goes on": {func(a *Audit) {
			claim(a, ip, host, second)
			leased(a, ip, thief, router, dhcpAck, 5*second)
			claim(a, ip, thief, 9*second)
			claim(a, ip, host, 10*second)
		}, Fail, []string{"high " + ip}},
		"a device replaced": {func(a *Audit) { claim(a, ip, host, second); claim(a, ip, thief, 9000*second) }, Indeterminate, nil},
		"a device replaced by turns": {func(a *Audit) {
			claim(a, ip, host, second)
			claim(a, ip, thief, 9000*second)
			claim(a, ip, host, 9001*second)
		}, Fail, []string{"high " + ip}},
		"a virtual router": {func(a *Audit) { claim(a, ip, host, second); claim(a, ip, flow.MAC{0, 0, 0x5e, 0, 1, 9}, 9*second) }, Indeterminate, nil},
		"a router that answers for all": {func(a *Audit) {
			for i := range byte(9) {
				claim(a, netip.AddrFrom4([4]byte{10, 20, 0, 60 + i}).String(), third, second)
			}
			claim(a, "10.20.0.60", host, 2*second)
		}, Indeterminate, nil},
		"a declared DHCP server":    {func(a *Audit) { leased(a, ip, host, router, dhcpOffer, second) }, Pass, nil},
		"an undeclared DHCP server": {func(a *Audit) { leased(a, ip, host, "10.20.0.66", dhcpOffer, second) }, Fail, []string{"high 10.20.0.66"}},
		"a refused address":         {func(a *Audit) { leased(a, ip, host, router, dhcpDecline, second) }, Fail, []string{"high " + ip}},
		"two interfaces of a device": {func(a *Audit) {
			claim(a, panorama, macOf(addr(panorama)), second)
			claim(a, panorama, flow.MAC{2, 0, 0, 0, 0, 0x11}, 2*second)
		}, Pass, nil},
		"of the internet": {func(a *Audit) { claim(a, outside, host, second); claim(a, outside, thief, 2*second) }, NotObserved, nil},
	} {
		a := NewAudit(parse(t, strings.Replace(declared, `ipv4: 10.20.0.10, method: dhcp }`, `ipv4: 10.20.0.10, method: dhcp }, { name: eth1, mac: "02:00:00:00:00:11" }`, 1)))
		c.learn(a)
		r := a.Finish(Loss{})
		if q := requirement(t, r, "address-conflict"); q.Verdict != c.verdict {
			t.Errorf("%s: %s (%s); %s is wanted", name, q.Verdict, q.Reason, c.verdict)
		}
		var got []string
		for _, f := range findings(r, "address-conflict") {
			got = append(got, f.Severity.String()+" "+f.Device.IP.String())
			if len(f.Evidence) == 0 || f.First == 0 {
				t.Errorf("%s: no evidence: %+v", name, f)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q; %q are wanted", name, got, c.want)
		}
	}
}

func TestRouterAdvertisements(t *testing.T) {
	advert := func(mac flow.MAC) *classify.Record {
		return behind((&wire{}).record(flow.ICMPv6, "[fe80::66]:134", "[ff02::1]:0", []datum{ask}), mac, flow.MAC{})
	}
	for name, c := range map[string]struct {
		mac  flow.MAC
		want Verdict
	}{
		"of the gateway":  {macOf(addr(router)), Pass},
		"of another host": {flow.MAC{2, 0x66}, Fail},
	} {
		if q := requirement(t, judge(parse(t, declared), advert(c.mac)), "address-conflict"); q.Verdict != c.want {
			t.Errorf("%s: %s", name, q.Verdict)
		}
	}
	if q := requirement(t, judge(builtin(t, "edge-camera"), advert(flow.MAC{2})), "address-conflict"); q.Verdict != NotObserved {
		t.Errorf("no gateway is declared: %s", q.Verdict)
	}
}
