package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestRTSPBoundary(t *testing.T) {
	rtsp := func(client, server string, r classify.RTSP) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.rtsp(client, server, r) })
	}
	// wrapped returns TLS at a port, of which RTSP may be known to be inside.
	wrapped := func(server string, inside classify.Protocol) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.tls("203.0.113.9:40000", server, classify.TLS{})
			if r.Wrapped = inside; inside != "" {
				r.WrappedBy = "port"
			}
			return r
		})
	}
	connecting := func(host string) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.rtsp("10.20.0.10:40000", "10.20.0.21:3128", classify.RTSP{URL: "rtsp://" + host + "/"})
			r.HTTP = &classify.HTTP{Methods: []string{"CONNECT"}, Host: host}
			return r
		})
	}
	bySOCKS := func(host string) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.rtsp("10.20.0.10:40000", "10.20.0.21:1080", classify.RTSP{URL: "rtsp://" + host + "/", External: []string{host}})
			r.Evidence = append(r.Evidence, classify.Evidence{What: classify.MarkSOCKS})
			return r
		})
	}
	unknown := func(client, server string, packets ...datum) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.tcp(client, server, packets...) })
	}
	const cam, viewer, internet, partner = "10.20.0.21:554", "10.20.0.10:40000", "203.0.113.9:40000", "10.99.0.9:40000"
	testVerdicts(t, parse(t, site), "rtsp-boundary", []verdictCase{
		{"local", rtsp(viewer, cam, classify.RTSP{}), Pass, nil},
		{"local over IPv6", rtsp("[fd00:20::10]:40000", "[fd00:20::21]:554", classify.RTSP{}), Pass, nil},
		{"camera pulled from the internet", rtsp(internet, cam, classify.RTSP{}), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"camera pulled over IPv6", rtsp("[2001:db8::9]:40000", "[fd00:20::21]:554", classify.RTSP{}), Fail, []string{"critical fd00:20::21 2001:db8::9"}},
		{"camera pulled at an odd port", rtsp(internet, "10.20.0.21:34567", classify.RTSP{}), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"public server pulled", rtsp(viewer, "203.0.113.70:8554", classify.RTSP{}), Fail, []string{"critical 10.20.0.10 203.0.113.70"}},
		{"stream pushed out", rtsp(viewer, "203.0.113.71:80", classify.RTSP{Methods: []string{"ANNOUNCE", "RECORD"}}), Fail, []string{"critical 10.20.0.10 203.0.113.71"}},
		{"HTTP tunnel", rtsp(internet, "10.20.0.21:80", classify.RTSP{Tunnel: true}), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"undeclared host", rtsp(internet, "10.20.5.5:554", classify.RTSP{}), Fail, []string{"critical 10.20.5.5 203.0.113.9"}},
		{"interleaved frames alone, in the middle", one(func(w *wire) *classify.Record {
			return spoken(w.tcp(cam, "203.0.113.9:40000", answer, answer, ask), classify.Facts{
				Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Interleaved: true}, Wrapped: classify.ProtoRTP, WrappedBy: "content"})
		}), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"an answer alone", one(func(w *wire) *classify.Record {
			return spoken(w.tcp(internet, cam, answer), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{StatusCodes: []int{200}}})
		}), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},

		{"over UDP", one(func(w *wire) *classify.Record {
			return spoken(w.udp(internet, cam, ask, answer), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Methods: []string{"DESCRIBE"}}})
		}), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},

		{"partner pulls", rtsp(partner, cam, classify.RTSP{}), Fail, []string{"critical 10.20.0.21 10.99.0.9"}},
		{"partner pulled", rtsp(viewer, "10.99.0.9:554", classify.RTSP{}), Fail, []string{"critical 10.20.0.10 10.99.0.9"}},
		{"partner to the internet", rtsp(partner, "203.0.113.70:554", classify.RTSP{}), Fail, []string{"critical 10.99.0.9 203.0.113.70"}},
		{"inside the partner's", rtsp(partner, "10.99.1.1:554", classify.RTSP{}), Indeterminate, nil},
		{"both ends on the internet", rtsp(internet, "203.0.113.70:554", classify.RTSP{}), Indeterminate, nil},
		{"link-local peer with a global address", rtsp("[2001:db8::9]:40000", "[fe80::21]:554", classify.RTSP{}), Pass, nil},

		{"RTSPS at 322", wrapped("10.20.0.21:322", classify.ProtoRTSP), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"TLS at a declared RTSP port", wrapped(cam, ""), Fail, []string{"critical 10.20.0.21 203.0.113.9"}},
		{"TLS at another port", wrapped("10.20.0.21:443", ""), NotObserved, nil},
		{"RTSPS inside", one(func(w *wire) *classify.Record { return w.tls(viewer, cam, classify.TLS{}) }), Pass, nil},

		{"unknown, in the middle, across", unknown(viewer, "203.0.113.9:443", ask, answer), Indeterminate, nil},
		{"unknown, in the middle, inside", unknown(viewer, cam, ask, answer), NotObserved, nil},
		{"unknown, one side, across", unknown(internet, cam, syn, ack, ask), Indeterminate, nil},
		{"unknown, bytes lost, across", unknown(internet, cam, append(opened[:3:3], ask, gapped)...), Indeterminate, nil},
		{"unknown, whole, across", unknown(viewer, "203.0.113.9:443"), NotObserved, nil},
		{"attempt at port 554", unknown(internet, cam, syn), NotObserved, nil},
		{"nothing", func(*wire) []*classify.Record { return nil }, NotObserved, nil},

		{"local, naming an address on the internet", rtsp(viewer, cam, classify.RTSP{External: []string{"10.20.0.21", "198.51.100.7"}}), Fail, []string{"high 10.20.0.10 10.20.0.21"}},
		{"local, naming the partner", rtsp(viewer, cam, classify.RTSP{External: []string{"10.99.0.1"}}), Fail, []string{"high 10.20.0.10 10.20.0.21"}},
		{"local, naming itself, a name and a group", rtsp(viewer, cam, classify.RTSP{External: []string{"10.20.0.21", "camera", "239.1.1.1", "fe80::1"}}), Pass, nil},
		{"local, asked for an address on the internet", rtsp(viewer, cam, classify.RTSP{URL: "rtsp://198.51.100.7:554/live%"}), Indeterminate, nil},
		{"local, asked for its own address", rtsp(viewer, cam, classify.RTSP{URL: "rtsp://10.20.0.21/live"}), Pass, nil},
		{"local, asked for no address", rtsp(viewer, cam, classify.RTSP{URL: "rtsp://0.0.0.0/live"}), Pass, nil},
		{"a proxy, for an address on the internet", connecting("198.51.100.7"), Fail, []string{"critical 10.20.0.10 10.20.0.21"}},
		{"a SOCKS proxy, for an address on the internet", bySOCKS("198.51.100.7"), Fail, []string{"critical 10.20.0.10 10.20.0.21"}},
		{"a SOCKS proxy, for a name of the internet", bySOCKS("cam.example.com"), Indeterminate, nil},
		{"a SOCKS proxy, for a host of the site", bySOCKS("10.20.0.22"), Pass, nil},
		{"a proxy, for a name of the internet", connecting("cam.example.com"), Indeterminate, nil},
		{"a proxy, for a host of the site", connecting("10.20.0.22"), Pass, nil},
		{"local, naming itself by the name it is asked by", rtsp(viewer, cam, classify.RTSP{URL: "rtsp://cam.example.com/live", External: []string{"cam.example.com"}}), Pass, nil},
		{"local, naming a name of the internet", rtsp(viewer, cam, classify.RTSP{URL: "rtsp://10.20.0.21/live", External: []string{"relay.example.com"}}), Indeterminate, nil},
	})
}

func TestRTSPMayStayInZonesThatThePolicyTrusts(t *testing.T) {
	p := parse(t, site+"video: { local_trust: [local, external] }\n")
	w := &wire{}
	for _, c := range []struct {
		client, server string
		want           Verdict
	}{
		{"10.99.0.9:40000", "10.20.0.21:554", Pass},
		{"10.99.0.9:40000", "10.99.0.8:554", Pass},
		{"10.99.0.9:40000", "203.0.113.9:554", Fail},
		{"10.20.0.10:40000", "203.0.113.9:554", Fail},
	} {
		if got := requirement(t, judge(p, w.rtsp(c.client, c.server, classify.RTSP{})), "rtsp-boundary").Verdict; got != c.want {
			t.Errorf("%s to %s: %s; %s is wanted", c.client, c.server, got, c.want)
		}
	}
}

func TestRTSPIsOneFindingADeviceAndPeer(t *testing.T) {
	w := &wire{}
	var records []*classify.Record
	for i := range 30 {
		records = append(records, w.rtsp("203.0.113.9:"+[]string{"40000", "40001"}[i%2], "10.20.0.21:554", classify.RTSP{Interleaved: true}))
	}
	f := findings(judge(parse(t, site), records...), "rtsp-boundary")
	if len(f) != 1 || f[0].Count != 30 || len(f[0].Evidence) != maxFindingEvidence || len(f[0].Flows) != 2 {
		t.Fatalf("have %+v; one finding of 30 flows with %d frames is wanted", f, maxFindingEvidence)
	}
	if f[0].First != records[0].Start || f[0].Last != records[29].End {
		t.Errorf("from %d to %d; %d to %d is wanted", f[0].First, f[0].Last, records[0].Start, records[29].End)
	}
	if f[0].Device.ID != "cam-01" || f[0].Device.Role != "camera" {
		t.Errorf("device %+v; cam-01 is wanted", f[0].Device)
	}
}

// Who asked is only said when it was seen.
func TestRTSPMessageSaysWhoAskedOnlyWhenSeen(t *testing.T) {
	w := &wire{}
	asked := findings(judge(parse(t, site), w.rtsp("203.0.113.9:40000", "10.20.0.21:554", classify.RTSP{})), "rtsp-boundary")[0].Message
	if want := "203.0.113.9 reached cam-01 (10.20.0.21) port 554 by RTSP (DESCRIBE, SETUP, PLAY); RTSP must stay inside the site"; asked != want {
		t.Errorf("have %q\nwant %q", asked, want)
	}
	media := spoken(w.tcp("10.20.0.21:554", "203.0.113.9:40000", ask, ask), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Interleaved: true}})
	if media.Ground != flow.FirstPacket {
		t.Fatalf("ground %s", media.Ground)
	}
	if got := findings(judge(parse(t, site), media), "rtsp-boundary")[0].Message; !strings.Contains(got, "speak RTSP (interleaved media)") {
		t.Errorf("have %q", got)
	}
}
