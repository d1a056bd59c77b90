package rules

import (
	"slices"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestInternalPeer(t *testing.T) {
	tcp := func(client, server string, packets ...datum) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.tcp(client, server, packets...) })
	}
	testVerdicts(t, parse(t, declared), "internal-peer", []verdictCase{
		{"viewer and camera", one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", cam1+":554", classify.RTSP{}) }), Pass, nil},
		{"their media", one(func(w *wire) *classify.Record { return w.rtp(cam1+":50000", panorama+":6000") }), Pass, nil},
		{"media of a laptop", one(func(w *wire) *classify.Record { return w.rtp(cam1+":50000", laptop+":6000") }), Fail, []string{"medium 10.20.0.21 10.30.0.77"}},
		{"names", one(func(w *wire) *classify.Record { return w.dns(panorama+":50000", dns1+":53", true) }), Pass, nil},
		{"names of another", one(func(w *wire) *classify.Record { return w.dns(panorama+":50000", laptop+":53", true) }), Fail, []string{"medium 10.20.0.10 10.30.0.77"}},
		{"time", one(func(w *wire) *classify.Record { return w.ntp(cam1+":50000", ntp1+":123") }), Pass, nil},
		{"administrator is undeclared, port is declared", tcp(laptop+":50000", panorama+":8443"), Pass, nil},
		{"undeclared port", tcp(laptop+":50000", panorama+":22"), Fail, []string{"medium 10.30.0.77 10.20.0.10"}},
		{"undeclared port of an undeclared host", tcp(panorama+":50000", laptop+":445"), Fail, []string{"medium 10.20.0.10 10.30.0.77"}},
		{"endpoint inside", tcp(panorama+":50000", "10.30.0.9:9000"), Pass, nil},
		{"refused", tcp(panorama+":50000", laptop+":445", syn, rst), NotObserved, nil},
		{"ping", one(func(w *wire) *classify.Record {
			return w.record(flow.ICMP, panorama+":8", laptop+":0", []datum{ask, answer})
		}), NotObserved, nil},
		{"mid-stream, expected the other way round", tcp(cam1+":80", panorama+":50000", ask, answer), Indeterminate, nil},
		{"mid-stream, expected neither way", tcp(cam1+":81", panorama+":50000", ask, answer), Fail, []string{"medium 10.20.0.21 10.20.0.10"}},
		{"undeclared hosts", tcp(laptop+":50000", "10.30.0.78:445"), NotObserved, nil},
		{"the internet", tcp(panorama+":50000", outside+":443"), NotObserved, nil},
	})
}

func TestOpenService(t *testing.T) {
	tcp := func(client, server string, packets ...datum) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.tcp(client, server, packets...) })
	}
	testVerdicts(t, parse(t, declared), "open-service", []verdictCase{
		{"declared", tcp(laptop+":50000", panorama+":8080"), Pass, nil},
		{"undeclared", tcp(laptop+":50000", panorama+":22"), Fail, []string{"medium 10.20.0.10 10.30.0.77"}},
		{"from the internet", tcp(outside+":50000", panorama+":22"), Fail, []string{"medium 10.20.0.10 203.0.113.9"}},
		{"refused", tcp(laptop+":50000", panorama+":22", syn, rst), Pass, nil},
		{"dropped", tcp(laptop+":50000", panorama+":22", syn), Pass, nil},
		{"SYN-ACK alone", tcp(panorama+":22", laptop+":50000", datum{flags: flow.SYN | flow.ACK}), Indeterminate, nil},
		{"mid-stream", tcp(laptop+":50000", panorama+":22", ask, answer), Indeterminate, nil},
		{"RTSP of a camera", one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", cam1+":554", classify.RTSP{}) }), Pass, nil},
		{"RTSP of an appliance", tcp(laptop+":50000", panorama+":554"), Fail, []string{"medium 10.20.0.10 10.30.0.77"}},
		{"media", one(func(w *wire) *classify.Record { return w.rtp(panorama+":50000", cam1+":20000") }), NotObserved, nil},
		{"time of a time server", one(func(w *wire) *classify.Record { return w.ntp(cam1+":50000", ntp1+":123") }), Pass, nil},
		{"control messages of a time server", one(func(w *wire) *classify.Record {
			r := w.ntp(laptop+":50000", ntp1+":123")
			r.NTP.Modes = []uint8{6}
			return r
		}), Fail, []string{"medium 10.30.0.5 10.30.0.77"}},
		{"SNMP answered", one(func(w *wire) *classify.Record {
			return spoken(w.udp(laptop+":50000", panorama+":161"), classify.Facts{Protocol: classify.ProtoSNMP})
		}), Fail, []string{"medium 10.20.0.10 10.30.0.77"}},
		{"SNMP not answered", one(func(w *wire) *classify.Record { return unanswered(w, laptop+":50000", panorama+":161") }), Pass, nil},
		{"undeclared list", tcp(laptop+":50000", cam2+":23"), NotObserved, nil},
	})
	p := parse(t, declared)
	w := &wire{}
	mdns := spoken(w.udp(panorama+":5353", "224.0.0.251:5353", ask), classify.Facts{Protocol: classify.ProtoMDNS, DNS: &classify.DNS{Responses: 1}})
	if q := requirement(t, judge(p, mdns), "open-service"); q.Verdict != Fail {
		t.Errorf("a multicast DNS responder: %s", q.Verdict)
	}
}

// behind gives both halves of a record the MACs of a capture on another segment.
func behind(r *classify.Record, client, server flow.MAC) *classify.Record {
	r.Client.MAC, r.Server.MAC = client, server
	return r
}

func TestNetworkBridging(t *testing.T) {
	p := parse(t, declared)
	appliance, gateway := macOf(addr(panorama)), macOf(addr(router))
	bridging := func(r *classify.Record) []string {
		var list []string
		for _, f := range findings(judge(p, r), "network-bridging") {
			list = append(list, f.Severity.String()+" "+f.Device.ID+" "+f.Peer.IP.String())
		}
		return list
	}
	w := &wire{}
	for name, c := range map[string]struct {
		record *classify.Record
		want   []string
	}{
		"an address of the internet":   {behind(w.tcp(cam1+":50000", outside+":443"), macOf(addr(cam1)), appliance), []string{"high panorama-1 203.0.113.9"}},
		"the address of a camera":      {behind(w.tcp(cam2+":50000", outside+":443"), appliance, gateway), []string{"high panorama-1 10.20.0.22"}},
		"the gateway":                  {behind(w.tcp(cam1+":50000", outside+":443"), macOf(addr(cam1)), gateway), nil},
		"an address of its own":        {w.tcp(panorama+":50000", outside+":443"), nil},
		"an address that it is not at": {behind(w.tcp("10.20.0.99:50000", outside+":443"), appliance, gateway), nil},
	} {
		if got := bridging(c.record); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
	forwarded := w.tcp(cam1+":50000", outside+":443")
	forwarded.Client.Relay = &flow.Relay{MAC: appliance}
	if got := bridging(forwarded); !slices.Equal(got, []string{"high panorama-1 10.20.0.21"}) {
		t.Errorf("a packet seen on both sides: %q", got)
	}
	r := judge(p, behind(w.tcp(laptop+":1", dns1+":53"), macOf(addr(laptop)), gateway), behind(w.tcp("10.20.0.98:50000", outside+":443"), macOf(addr("10.20.0.98")), gateway),
		behind(w.tcp("10.20.0.98:50001", outside+":443"), appliance, gateway))
	if q := requirement(t, r, "network-bridging"); q.Verdict != Indeterminate {
		t.Errorf("an address that had another MAC: %s", q.Verdict)
	}
}

func TestUnknownDevice(t *testing.T) {
	testVerdicts(t, parse(t, declared), "unknown-device", []verdictCase{
		{"declared", one(func(w *wire) *classify.Record { return w.tcp(panorama+":50000", outside+":443") }), Pass, nil},
		{"declared by address alone", one(func(w *wire) *classify.Record { return w.tcp(cam2+":50000", outside+":443") }), Pass, nil},
		{"in another zone", one(func(w *wire) *classify.Record { return w.tcp(laptop+":50000", outside+":443") }), NotObserved, nil},
		{"asked, and never heard", one(func(w *wire) *classify.Record { return w.tcp(laptop+":50000", "10.20.0.99:80", syn) }), NotObserved, nil},
		{"behind the gateway", one(func(w *wire) *classify.Record {
			return behind(w.tcp("10.20.0.99:50000", outside+":443"), macOf(addr(router)), flow.MAC{})
		}), Indeterminate, nil},
	})
	p := parse(t, declared)
	r := judge(p, (&wire{}).tcp("10.20.0.99:50000", outside+":443"))
	if f := findings(r, "unknown-device"); len(f) != 1 || f[0].Severity != Medium || f[0].Device.IP != addr("10.20.0.99") || f[0].Device.MAC == "" || len(f[0].Evidence) == 0 {
		t.Errorf("%+v", f)
	}
	w := &wire{}
	r = judge(p, w.tcp("10.20.0.99:50000", outside+":443"), from(w.tcp("10.20.0.99:50000", outside+":443"), flow.MAC{2, 9}))
	if f := findings(r, "unknown-device"); len(f) != 2 {
		t.Errorf("two hosts at one address: %+v", f)
	}
	a := NewAudit(p)
	a.ARP(flow.ARP{Frame: flow.Frame{Number: 3, Time: second}, IP: addr("10.20.0.98"), MAC: flow.MAC{2, 2}})
	a.ARP(flow.ARP{Frame: flow.Frame{Number: 4, Time: second}, IP: addr(cam1), MAC: macOf(addr(cam1))})
	if f := findings(a.Finish(Loss{}), "unknown-device"); len(f) != 1 || f[0].Device.IP != addr("10.20.0.98") || f[0].Evidence[0].Frame.Number != 3 {
		t.Errorf("a host that only claims an address: %+v", f)
	}
}

func TestRemoteAdmin(t *testing.T) {
	ssh := func(p classify.Protocol, client, server string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.speaks(p, client, server) })
	}
	testVerdicts(t, parse(t, declared), "remote-admin", []verdictCase{
		{"from the admin zone", ssh(classify.ProtoSSH, admin+":50000", panorama+":22"), Pass, nil},
		{"from elsewhere", ssh(classify.ProtoSSH, laptop+":50000", panorama+":22"), Fail, []string{"high 10.20.0.10 10.30.0.77"}},
		{"from the internet", ssh(classify.ProtoSSH, outside+":50000", laptop+":22"), Fail, []string{"high 10.30.0.77 203.0.113.9"}},
		{"Telnet of the administrator", ssh(classify.ProtoTelnet, admin+":50000", cam1+":23"), Fail, []string{"high 10.20.0.21 10.40.0.7"}},
		{"debug bridge", one(func(w *wire) *classify.Record { return w.tcp(laptop+":50000", cam1+":5555") }), Fail, []string{"high 10.20.0.21 10.30.0.77"}},
		{"outward", ssh(classify.ProtoSSH, panorama+":50000", outside+":22"), NotObserved, nil},
		{"between undeclared hosts", ssh(classify.ProtoSSH, laptop+":50000", "10.30.0.78:22"), NotObserved, nil},
	})
	testVerdicts(t, builtin(t, "edge-camera"), "remote-admin", []verdictCase{
		{"no administrator is declared", ssh(classify.ProtoSSH, "192.168.1.5:50000", "192.168.1.6:22"), Indeterminate, nil},
		{"Telnet", ssh(classify.ProtoTelnet, "192.168.1.5:50000", "192.168.1.6:23"), Fail, []string{"high 192.168.1.6 192.168.1.5"}},
	})
}

// A finding that was told lets go of what shows it and goes on to be counted, until
// a graver violation shows it anew.
func TestAFindingThatIsForgottenIsCounted(t *testing.T) {
	l := newLedger((&rtspBoundary{}).Doc(), RuleSetting{})
	low, critical := Low, Critical
	shown := []Evidence{{Frame: flow.Frame{Number: 7}, What: "SETUP"}}
	f := l.finding(Violation{Severity: &low, Message: "x"}, 1)
	f.add(1, 2, "1:a", shown)
	f.Forget()
	l.finding(Violation{Severity: &low, Message: "x"}, 3).add(3, 4, "1:b", shown)
	if f.Count != 2 || f.Last != 4 || len(f.Evidence)+len(f.Flows) != 0 {
		t.Errorf("%+v", f)
	}
	l.finding(Violation{Severity: &critical, Message: "y"}, 5).add(5, 6, "1:c", shown)
	if f.Severity != Critical || f.Count != 3 || len(f.Evidence) != 1 || len(f.Flows) != 1 {
		t.Errorf("%+v", f)
	}
}
