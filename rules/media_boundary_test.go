package rules

import (
	"net/netip"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestMediaBoundary(t *testing.T) {
	rtp := func(from, to string) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.rtp(from, to) })
	}
	interleaved := func(client, server string) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.rtsp(client, server, classify.RTSP{Interleaved: true}) })
	}
	few := func(to string, n int) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			return spoken(w.udp("10.20.0.21:40000", to, []datum{ask, ask, ask, ask, ask}...), classify.Facts{
				Protocol: classify.Unknown, RTP: &classify.RTP{Packets: n, Heuristic: true}})
		})
	}
	testVerdicts(t, parse(t, site), "media-boundary", []verdictCase{
		{"local", rtp("10.20.0.21:5000", "10.20.0.10:5000"), Pass, nil},
		{"out, told by its packets", rtp("10.20.0.10:40000", "203.0.113.5:5004"), Fail, []string{"high 10.20.0.10 203.0.113.5"}},
		{"in, told by its packets", rtp("203.0.113.5:5004", "10.20.0.10:40000"), Fail, []string{"high 10.20.0.10 203.0.113.5"}},
		{"out over IPv6", rtp("[fd00:20::21]:40000", "[2001:db8::5]:5004"), Fail, []string{"high fd00:20::21 2001:db8::5"}},
		{"RTCP alone", one(func(w *wire) *classify.Record {
			return spoken(w.udp("10.20.0.21:40001", "203.0.113.5:5005"), classify.Facts{Protocol: classify.ProtoRTCP, RTP: &classify.RTP{Heuristic: true}})
		}), Fail, []string{"high 10.20.0.21 203.0.113.5"}},
		{"interleaved, local", interleaved("10.20.0.10:40000", "10.20.0.21:554"), Pass, nil},
		{"interleaved, pulled", interleaved("203.0.113.9:40000", "10.20.0.21:554"), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"interleaved, pushed", interleaved("10.20.0.21:40000", "203.0.113.9:8554"), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"to a partner", rtp("10.20.0.21:5000", "10.99.0.5:5000"), Fail, []string{"high 10.20.0.21 10.99.0.5"}},
		{"both ends on the internet", rtp("203.0.113.5:5004", "203.0.113.6:5004"), Indeterminate, nil},
		{"to a scoped group", rtp("10.20.0.21:5000", "239.1.1.1:5004"), Pass, nil},
		{"to a link-local group", rtp("10.20.0.21:5000", "224.0.0.251:5004"), Pass, nil},
		{"to a group of global scope", rtp("10.20.0.21:5000", "232.1.1.1:5004"), Fail, []string{"high 10.20.0.21 232.1.1.1"}},
		{"to an IPv6 site-local group", rtp("[fd00:20::21]:5000", "[ff05::1:2]:5004"), Pass, nil},
		{"to an IPv6 group of global scope", rtp("[fd00:20::21]:5000", "[ff0e::1:2]:5004"), Fail, []string{"high fd00:20::21 ff0e::1:2"}},
		{"from the internet to a scoped group", rtp("203.0.113.5:5004", "239.1.1.1:5004"), Indeterminate, nil},
		{"from the internet to a group of global scope", rtp("203.0.113.5:5004", "232.1.1.1:5004"), Fail, []string{"high 203.0.113.5 232.1.1.1"}},
		{"to a scoped group, with a TTL that leaves the site", one(func(w *wire) *classify.Record {
			r := w.rtp("10.20.0.21:5000", "239.1.1.1:5004")
			r.Client.TTL = 32
			return r
		}), Fail, []string{"low 10.20.0.21 239.1.1.1"}},
		{"to the broadcast address", rtp("10.20.0.21:5000", "255.255.255.255:5004"), Pass, nil},
		{"too few packets across", few("203.0.113.5:5004", 5), Indeterminate, nil},
		{"too few packets inside", few("10.20.0.10:5004", 5), NotObserved, nil},
		{"some packets that look like it", few("203.0.113.5:5004", 3), NotObserved, nil},
		{"DTLS across", one(func(w *wire) *classify.Record {
			return spoken(w.udp("10.20.0.21:40000", "203.0.113.5:5004"), classify.Facts{Protocol: classify.ProtoDTLS, TLS: &classify.TLS{ClientHello: true}})
		}), Indeterminate, nil},
		{"DTLS inside", one(func(w *wire) *classify.Record {
			return spoken(w.udp("10.20.0.21:40000", "10.20.0.10:5684"), classify.Facts{Protocol: classify.ProtoDTLS, TLS: &classify.TLS{ClientHello: true}})
		}), NotObserved, nil},
		{"nothing", func(*wire) []*classify.Record { return nil }, NotObserved, nil},
	})
}

// setup returns an RTSP session by which client pulls UDP media from server.
func (w *wire) setup(client, server string, s classify.Setup) *classify.Record {
	s.Transport, s.Answered = "udp", true
	if s.ClientPorts == [2]uint16{} {
		s.ClientPorts = [2]uint16{5000, 5001}
	}
	return w.rtsp(client, server, classify.RTSP{Setups: []classify.Setup{s}})
}

// Media that RTSP set up is critical and known even when its packets are not
// understood, and its client is the RTSP client, whoever sent first.
func TestMediaIsBoundToItsSetup(t *testing.T) {
	answered := classify.Setup{ServerPorts: [2]uint16{6000, 6001}}
	for _, c := range []struct {
		name     string
		setup    classify.Setup
		from, to string
		protocol classify.Protocol
		client   string
		severity Severity
	}{
		{"from the port that was said", answered, "10.20.0.21:6000", "203.0.113.9:5000", classify.ProtoRTP, "203.0.113.9", Critical},
		{"its RTCP", answered, "10.20.0.21:6001", "203.0.113.9:5001", classify.ProtoRTCP, "203.0.113.9", Critical},
		{"from another port", answered, "10.20.0.21:7777", "203.0.113.9:5000", classify.ProtoRTP, "203.0.113.9", Critical},
		{"no server port said", classify.Setup{}, "10.20.0.21:7777", "203.0.113.9:5000", classify.ProtoRTP, "203.0.113.9", Critical},
		{"client sends first", answered, "203.0.113.9:5000", "10.20.0.21:6000", classify.ProtoRTP, "203.0.113.9", Critical},
		{"to a third party", classify.Setup{Destination: addr("198.51.100.7")}, "10.20.0.21:6000", "198.51.100.7:5000", classify.ProtoRTP, "10.20.0.21", Critical},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &wire{}
			a := NewAudit(parse(t, site))
			a.Known(w.setup("203.0.113.9:40000", "10.20.0.21:554", c.setup), flow.Frame{})
			media := w.udp(c.from, c.to, ask, ask)
			a.Ended(media)
			if media.Facts.Protocol != c.protocol || media.RTP == nil || media.RTP.SetupBy == "" {
				t.Fatalf("media is %s, %+v", media.Facts.Protocol, media.RTP)
			}
			if got := media.Client.Addr.Addr().String(); got != c.client {
				t.Errorf("client %s; %s is wanted", got, c.client)
			}
			f := findings(a.Finish(Loss{}), "media-boundary")
			if len(f) != 1 || f[0].Severity != c.severity {
				t.Errorf("findings %+v; one of severity %s is wanted", f, c.severity)
			}
		})
	}
}

func TestMediaIsNotBoundToAnotherHostsSetup(t *testing.T) {
	w := &wire{}
	a := NewAudit(parse(t, site))
	a.Known(w.setup("10.20.0.10:40000", "10.20.0.21:554", classify.Setup{}), flow.Frame{})
	other := w.udp("10.20.0.22:6000", "10.20.0.10:5000", ask)
	a.Ended(other)
	if other.RTP != nil || other.Facts.Protocol != classify.Unknown {
		t.Errorf("%s, %+v", other.Facts.Protocol, other.RTP)
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// The finding is raised to the gravest of what the device did to the peer.
func TestFindingIsRaisedToTheGravest(t *testing.T) {
	told := func(w *wire) *classify.Record { return w.rtp("10.20.0.21:40000", "203.0.113.9:5004") }
	setUp := func(w *wire) *classify.Record {
		return w.rtsp("203.0.113.9:40000", "10.20.0.21:554", classify.RTSP{Interleaved: true})
	}
	var ids []string
	for _, order := range [][]func(*wire) *classify.Record{{told, setUp}, {setUp, told}, {told}} {
		w := &wire{}
		a := NewAudit(parse(t, site))
		for _, f := range order {
			a.Ended(f(w))
		}
		f := findings(a.Finish(Loss{}), "media-boundary")
		if len(f) != 1 || f[0].Count != len(order) {
			t.Fatalf("findings %+v; one is wanted", f)
		}
		if want := map[int]Severity{1: High, 2: Critical}[len(order)]; f[0].Severity != want {
			t.Errorf("severity %s; %s is wanted", f[0].Severity, want)
		}
		ids = append(ids, f[0].ID)
	}
	if ids[0] != ids[1] || ids[0] != ids[2] {
		t.Errorf("ids %q differ", ids)
	}
}
