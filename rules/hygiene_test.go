package rules

import (
	"testing"

	"spanaudit/classify"
)

func TestCleartextProtocol(t *testing.T) {
	http := func(client, server string, h classify.HTTP) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.http(client, server, h) })
	}
	high := []string{"high 10.20.0.10 203.0.113.9"}
	testVerdicts(t, parse(t, declared), "cleartext-protocol", []verdictCase{
		{"TLS", one(func(w *wire) *classify.Record { return w.tls(panorama+":50000", outside+":443", classify.TLS{}) }), Pass, nil},
		{"HTTP to the internet", http(panorama+":50000", outside+":80", classify.HTTP{Host: "www.example.com"}), Fail, high},
		{"HTTP of a host that is not declared", http(laptop+":50000", outside+":80", classify.HTTP{}), Fail, []string{"medium 10.30.0.77 203.0.113.9"}},
		{"HTTP at a port of TLS", http(laptop+":50000", panorama+":443", classify.HTTP{}), Fail, []string{"high 10.30.0.77 10.20.0.10"}},
		{"MQTT at a port of TLS", one(func(w *wire) *classify.Record { return w.mqtt(panorama+":50000", outside+":8883", classify.MQTT{}) }), Fail, high},
		{"HTTP to an endpoint", http(panorama+":50000", outside+":80", classify.HTTP{Host: "plain.example.com"}), Pass, nil},
		{"certificate status", http(panorama+":50000", outside+":80", classify.HTTP{Host: "ocsp.example.com"}), Pass, nil},
		{"revocation list", http(panorama+":50000", outside+":80", classify.HTTP{Path: "/root.crl"}), Pass, nil},
		{"unknown bytes", one(func(w *wire) *classify.Record { return w.tcp(panorama+":50000", outside+":443") }), Indeterminate, nil},
		{"HTTP inside", http(laptop+":50000", panorama+":8080", classify.HTTP{}), NotObserved, nil},
		{"no bytes", one(func(w *wire) *classify.Record { return w.tcp(panorama+":50000", outside+":443", syn) }), NotObserved, nil},
		{"RTSP in HTTP", one(func(w *wire) *classify.Record {
			return w.rtsp(panorama+":50000", outside+":80", classify.RTSP{Tunnel: true})
		}), NotObserved, nil},
	})
}

func TestPortMapping(t *testing.T) {
	mapping := func(m classify.PortMapping) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			return spoken(w.udp(cam1+":50000", router+":5351"), classify.Facts{Protocol: classify.ProtoPCP, PortMapping: &m})
		})
	}
	action := func(name string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.http(cam1+":50000", router+":5000", classify.HTTP{Methods: []string{"POST"}, Actions: []string{name}})
			r.Evidence = append(r.Evidence, classify.Evidence{What: name, Frame: r.Client.First})
			return r
		})
	}
	ssdp := func(client, server string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			return spoken(w.udp(client+":50000", server+":1900"), classify.Facts{Protocol: classify.ProtoSSDP})
		})
	}
	high := []string{"high 10.20.0.21 10.20.0.1"}
	testVerdicts(t, parse(t, declared), "port-mapping", []verdictCase{
		{"a mapping", mapping(classify.PortMapping{Mapped: true, Internal: 554, External: 8554, Transport: 6}), Fail, high},
		{"a question for the address", mapping(classify.PortMapping{}), Pass, nil},
		{"AddPortMapping", action("AddPortMapping"), Fail, high},
		{"GetExternalIPAddress", action("GetExternalIPAddress"), Pass, nil},
		{"discovery of the link", ssdp(cam1, "239.255.255.250"), Pass, nil},
		{"discovery within a zone", ssdp(cam1, panorama), Pass, nil},
		{"discovery across zones", ssdp(cam1, laptop), Fail, []string{"low 10.20.0.21 10.30.0.77"}},
		{"discovery from outside", ssdp(outside, cam1), Fail, []string{"low 10.20.0.21 203.0.113.9"}},
		{"other HTTP", one(func(w *wire) *classify.Record { return w.http(cam1+":50000", router+":80", classify.HTTP{}) }), NotObserved, nil},
	})
}
