package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

// from makes the client of a record send from a MAC.
func from(r *classify.Record, mac flow.MAC) *classify.Record {
	r.Client.MAC = mac
	return r
}

func TestDeviceSendsFromItsAddress(t *testing.T) {
	camera := macOf(addr("10.20.0.21"))
	testVerdicts(t, parse(t, site), "device-address", []verdictCase{
		{"declared", one(func(w *wire) *classify.Record { return w.tcp("10.20.0.21:40000", "10.20.0.99:80") }), Pass, nil},
		{"another", one(func(w *wire) *classify.Record { return from(w.tcp("10.20.0.77:40000", "10.20.0.99:80"), camera) }), Fail, []string{"medium 10.20.0.77 invalid IP"}},
		{"another, as server", one(func(w *wire) *classify.Record {
			r := w.tcp("10.20.0.99:40000", "10.20.0.77:80")
			r.Server.MAC = camera
			return r
		}), Fail, []string{"medium 10.20.0.77 invalid IP"}},
		{"undeclared host", one(func(w *wire) *classify.Record { return w.tcp("10.20.0.77:40000", "10.20.0.99:80") }), NotObserved, nil},
		{"link-local", one(func(w *wire) *classify.Record { return from(w.udp("169.254.1.1:68", "10.20.0.99:67"), camera) }), NotObserved, nil},
		{"IPv6, of which none is declared", one(func(w *wire) *classify.Record {
			return from(w.tcp("[fd00:20::21]:40000", "[fd00:20::99]:80"), camera)
		}), NotObserved, nil},
		{"before it has one", one(func(w *wire) *classify.Record { return from(w.udp("0.0.0.0:68", "255.255.255.255:67", ask), camera) }), NotObserved, nil},
	})
	routed := parse(t, site+"capture: { layer2: false }\n")
	r := judge(routed, from((&wire{}).tcp("10.20.0.77:40000", "10.20.0.99:80"), camera))
	if q := requirement(t, r, "device-address"); q.Verdict != NotObserved {
		t.Errorf("where MACs are routers': %s", q.Verdict)
	}
}

func TestDeviceAddressIsCountedByFlow(t *testing.T) {
	w := &wire{}
	camera := macOf(addr("10.20.0.21"))
	r := judge(parse(t, site), from(w.tcp("10.20.0.77:40000", "10.20.0.99:80"), camera), from(w.tcp("10.20.0.77:40001", "10.20.0.99:80"), camera))
	if f := findings(r, "device-address"); len(f) != 1 || f[0].Count != 2 {
		t.Errorf("have %+v; one finding of two flows is wanted", f)
	}
}

func TestDHCPGrantsWhatIsAskedAndDeclared(t *testing.T) {
	camera, laptop := macOf(addr("10.20.0.21")), flow.MAC{2, 9, 9, 9, 9, 9}
	discover := func(mac flow.MAC, wish string) classify.Lease {
		l := classify.Lease{MessageType: dhcpDiscover, ClientMAC: mac}
		if wish != "" {
			l.Requested = addr(wish)
		}
		return l
	}
	acked := func(mac flow.MAC, a string) classify.Lease {
		return classify.Lease{MessageType: dhcpAck, ClientMAC: mac, YourIP: addr(a)}
	}
	reboot := func(mac flow.MAC, wish string) classify.Lease {
		return classify.Lease{MessageType: dhcpRequest, ClientMAC: mac, Requested: addr(wish)}
	}
	selecting := classify.Lease{MessageType: dhcpRequest, ClientMAC: laptop, Requested: addr("10.20.0.51"), Server: addr("10.20.0.1")}
	for _, c := range []struct {
		name    string
		leases  []classify.Lease
		want    Verdict
		message string
	}{
		{"no wish", []classify.Lease{discover(laptop, ""), acked(laptop, "10.20.0.50")}, Pass, ""},
		{"wish granted", []classify.Lease{discover(laptop, "10.20.0.50"), acked(laptop, "10.20.0.50")}, Pass, ""},
		{"wish not granted", []classify.Lease{discover(laptop, "10.20.0.50"), selecting, acked(laptop, "10.20.0.51")}, Fail, "it had asked for 10.20.0.50"},
		{"wish of a reboot not granted", []classify.Lease{reboot(laptop, "10.20.0.50"), acked(laptop, "10.20.0.51")}, Fail, "it had asked for 10.20.0.50"},
		{"wish from another network", []classify.Lease{discover(laptop, "192.168.1.5"), acked(laptop, "10.20.0.51")}, Pass, ""},
		{"renewed", []classify.Lease{acked(laptop, "10.20.0.50"), acked(laptop, "10.20.0.50")}, Pass, ""},
		{"changed", []classify.Lease{acked(laptop, "10.20.0.50"), acked(laptop, "10.20.0.51")}, Fail, "it had 10.20.0.50 before"},
		{"declared", []classify.Lease{discover(camera, "10.20.0.60"), acked(camera, "10.20.0.21")}, Pass, ""},
		{"not as declared", []classify.Lease{acked(camera, "10.20.0.60")}, Fail, "10.20.0.21 is declared"},
		{"no answer seen", []classify.Lease{discover(laptop, "10.20.0.50")}, Indeterminate, ""},
		{"an answer to INFORM", []classify.Lease{{MessageType: dhcpAck, ClientMAC: laptop}}, NotObserved, ""},
		{"renewal without answer", []classify.Lease{{MessageType: dhcpRequest, ClientMAC: laptop, ClientIP: addr("10.20.0.50")}}, Indeterminate, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := NewAudit(parse(t, site))
			for i, l := range c.leases {
				a.Learned(addr("0.0.0.0"), flow.Frame{Number: uint64(i + 1), Time: flow.Time(i+1) * second}, classify.Learned{Leases: []classify.Lease{l}})
			}
			r := a.Finish(Loss{})
			q, f := requirement(t, r, "device-address"), findings(r, "device-address")
			if q.Verdict != c.want || (len(f) == 1) != (c.message != "") {
				t.Fatalf("%s (%s), findings %+v; %s is wanted", q.Verdict, q.Reason, f, c.want)
			}
			if c.message != "" && (!strings.Contains(f[0].Message, c.message) || len(f[0].Evidence) == 0) {
				t.Errorf("have %q; %q is wanted", f[0].Message, c.message)
			}
		})
	}
}

func TestDeviceClaimsItsAddress(t *testing.T) {
	claims := func(ip string) []Finding {
		a := NewAudit(parse(t, site))
		a.ARP(flow.ARP{Frame: flow.Frame{Number: 7, Time: second}, IP: addr(ip), MAC: macOf(addr("10.20.0.21"))})
		return findings(a.Finish(Loss{}), "device-address")
	}
	if f := claims("10.20.0.77"); len(f) != 1 || f[0].Device.ID != "cam-01" || f[0].Evidence[0].Frame.Number != 7 {
		t.Errorf("another address: %+v", f)
	}
	for _, ip := range []string{"10.20.0.21", "169.254.9.9", "10.20.0.10"} { // the last is another device's: address-conflict
		if f := claims(ip); len(f) != 0 {
			t.Errorf("%s: %+v", ip, f)
		}
	}
}

func TestUnusedInterface(t *testing.T) {
	p := parse(t, strings.Replace(site, `{ mac: "02:00:0a:14:00:0a", ipv4: 10.20.0.10, method: dhcp }`,
		`{ mac: "02:00:0a:14:00:0a", ipv4: 10.20.0.10, method: dhcp }, { name: eth1, mac: "02:00:00:00:00:11", method: unused }`, 1))
	r := judge(p, from((&wire{}).tcp("10.20.0.10:40000", "10.20.0.99:80"), flow.MAC{2, 0, 0, 0, 0, 0x11}))
	if f := findings(r, "device-address"); len(f) != 1 || !strings.Contains(f[0].Message, "interface eth1") {
		t.Errorf("%+v", f)
	}
}

// Where the capture does not show MACs, an address alone proves no device.
func TestDeviceKnownByAddressAlone(t *testing.T) {
	p := parse(t, site+"capture: { layer2: false }\n")
	if q := requirement(t, judge(p, (&wire{}).tcp("10.20.0.21:40000", "10.20.0.99:80")), "device-address"); q.Verdict != Indeterminate || q.Undecided != 1 {
		t.Errorf("%s of %d (%s)", q.Verdict, q.Undecided, q.Reason)
	}
}

// A device that is declared without MAC is wherever its address is: that proves
// nothing. Behind another MAC it may be another device.
func TestDeviceBehindAnotherMAC(t *testing.T) {
	testVerdicts(t, parse(t, declared), "device-address", []verdictCase{
		{"no MAC is declared", one(func(w *wire) *classify.Record { return w.tcp(cam2+":40000", laptop+":80") }), Indeterminate, nil},
		{"another MAC", one(func(w *wire) *classify.Record { return from(w.tcp(cam1+":40000", laptop+":80"), flow.MAC{2, 9}) }), Indeterminate, nil},
		{"its own", one(func(w *wire) *classify.Record { return w.tcp(cam1+":40000", laptop+":80") }), Pass, nil},
		{"the gateway", one(func(w *wire) *classify.Record { return w.tcp(laptop+":40000", router+":80") }), Pass, nil},
	})
}
