package rules

import (
	"net/netip"
	"strings"
	"testing"
)

func TestEndpointNames(t *testing.T) {
	p := mustParse(t, `vars: { region: [us-east-1], site: [a, b] }
endpoints:
  - { id: exact, names: ["updates.example.com"] }
  - { id: star, names: ["*.cdn.example.com", "cam-*.<site>.example.com", "a*b*c.example.net"] }
  - { id: logs, names: ["logs.<region>.amazonaws.com"] }
  - { id: points, names: ["*-012345678901.s3-accesspoint.<region>.amazonaws.com"] }
  - { id: off, enabled: false, names: ["off.example.com"] }
`)
	for name, want := range map[string]string{
		"updates.example.com":                      "exact",
		"UPDATES.Example.COM":                      "exact",
		"updates.example.com.":                     "exact",
		"updates.example.com..":                    "",
		"xupdates.example.com":                     "",
		"x.updates.example.com":                    "",
		"example.com":                              "",
		"":                                         "",
		".":                                        "",
		"x.cdn.example.com":                        "star",
		"X.CDN.example.com.":                       "star",
		"x.y.cdn.example.com":                      "",
		"cdn.example.com":                          "",
		".cdn.example.com":                         "",
		"*.cdn.example.com":                        "star",
		"cam-7.a.example.com":                      "star",
		"cam-7.b.example.com":                      "star",
		"cam-7.c.example.com":                      "",
		"cam-7.x.a.example.com":                    "",
		"axbxc.example.net":                        "star",
		"abc.example.net":                          "star",
		"abx.example.net":                          "",
		"ac.example.net":                           "",
		"logs.us-east-1.amazonaws.com":             "logs",
		"logs.us-west-2.amazonaws.com":             "",
		"logs.us-east-1.amazonaws.com.example.com": "",
		"logs.us-east-1.aws.amazon.com":            "logs",
		"logs.us-east-1.aws.amazon.com.":           "logs",
		"logs.us-west-2.aws.amazon.com":            "",
		"docs.aws.amazon.com":                      "",
		"ap-012345678901.s3-accesspoint.us-east-1.amazonaws.com":   "points",
		"ap-999999999999.s3-accesspoint.us-east-1.amazonaws.com":   "",
		"a.ap-012345678901.s3-accesspoint.us-east-1.amazonaws.com": "",
		"s3-accesspoint.us-east-1.amazonaws.com":                   "",
		"s3-accesspoint.us-east-1.aws.amazon.com":                  "points",
		"off.example.com":                         "",
		strings.Repeat("a", 300) + ".example.com": "",
	} {
		m := p.Endpoint(name, netip.MustParseAddrPort("203.0.113.7:443"), "tcp", netip.MustParseAddr("10.0.0.1"), nil)
		got := ""
		if m.Endpoint != nil {
			got = m.Endpoint.ID
		}
		if got != want || (m.Fit == Listed) != (want != "") {
			t.Errorf("%q is endpoint %q (fit %v), want %q", name, got, m.Fit, want)
		}
		if isOld := strings.Contains(name, ".aws.amazon.com") && want != ""; (m.RealName != "") != isOld {
			t.Errorf("%q: real name %q", name, m.RealName)
		}
	}
}

func TestEndpointPortTransportAndSource(t *testing.T) {
	p := mustParse(t, `zones:
  cameras: { trust: local, cidrs: ["10.1.0.0/24"] }
  admin:   { trust: local, cidrs: ["10.2.0.0/24"] }
devices:
  - { id: cam, role: camera, interfaces: [ { ipv4: "10.1.0.5" } ] }
endpoints:
  - { id: any, names: ["any.example.com"], ports: [443, "8000-8010"] }
  - { id: udp, names: ["stun.example.com"], ports: [3478], proto: udp }
  - { id: cam, names: ["cam.example.com"], from: ["role:camera"] }
  - { id: box, names: ["box.example.com"], from: ["role:appliance"] }
  - { id: adm, names: ["adm.example.com"], from: ["zone:admin", "device:cam"], ports: [22] }
  - { id: vpn, cidrs: ["203.0.113.64/28"], ports: [51820], proto: udp, reason: "WireGuard to the head office" }
`)
	for _, c := range []struct {
		name, server, transport, client string
		want                            Fit
		endpoint                        string
	}{
		{"any.example.com", "203.0.113.7:443", "tcp", "10.1.0.5", Listed, "any"},
		{"any.example.com", "203.0.113.7:8010", "tcp", "10.1.0.5", Listed, "any"},
		{"any.example.com", "203.0.113.7:8011", "tcp", "10.1.0.5", OtherPort, "any"},
		{"any.example.com", "203.0.113.7:443", "udp", "10.1.0.5", OtherPort, "any"},
		{"stun.example.com", "203.0.113.7:3478", "udp", "10.1.0.5", Listed, "udp"},
		{"cam.example.com", "203.0.113.7:443", "tcp", "10.1.0.5", Listed, "cam"},
		{"cam.example.com", "203.0.113.7:443", "tcp", "10.1.0.6", OtherSource, "cam"},
		{"box.example.com", "203.0.113.7:443", "tcp", "10.1.0.6", Listed, "box"}, // no appliance is declared: it may be one
		{"box.example.com", "203.0.113.7:443", "tcp", "10.1.0.5", OtherSource, "box"},
		{"adm.example.com", "203.0.113.7:22", "tcp", "10.2.0.9", Listed, "adm"},
		{"adm.example.com", "203.0.113.7:22", "tcp", "10.1.0.5", Listed, "adm"},
		{"adm.example.com", "203.0.113.7:22", "tcp", "10.1.0.6", OtherSource, "adm"},
		{"", "203.0.113.70:51820", "udp", "10.1.0.6", Listed, "vpn"},
		{"x.example.com", "[::ffff:203.0.113.70]:51820", "udp", "10.1.0.6", Listed, "vpn"},
		{"", "203.0.113.80:51820", "udp", "10.1.0.6", NotListed, ""},
		{"", "203.0.113.7:443", "tcp", "10.1.0.6", NotListed, ""},
	} {
		client := netip.MustParseAddr(c.client)
		m := p.Endpoint(c.name, netip.MustParseAddrPort(c.server), c.transport, client, p.Device([6]byte{}, client))
		id := ""
		if m.Endpoint != nil {
			id = m.Endpoint.ID
		}
		if m.Fit != c.want || id != c.endpoint {
			t.Errorf("%s %s/%s from %s: fit %v of %q, want %v of %q", c.name, c.server, c.transport, c.client, m.Fit, id, c.want, c.endpoint)
		}
	}
}

func TestPanoramaProfileAllowsItsServicesAlone(t *testing.T) {
	p, _ := Builtin("aws-panorama")
	for name, want := range map[string]Fit{
		"abc-ats.iot.us-east-1.amazonaws.com":                             Listed,
		"abc.iot.us-east-1.amazonaws.com":                                 NotListed, // the legacy data endpoint
		"abc.credentials.iot.eu-west-1.amazonaws.com":                     Listed,
		"data.jobs.iot.eu-west-1.amazonaws.com":                           Listed,
		"monitoring.ca-central-1.amazonaws.com":                           Listed,
		"monitoring.ca-central-1.aws.amazon.com":                          Listed,
		"logs.ap-southeast-1.api.aws":                                     Listed,
		"logs-fips.us-west-2.amazonaws.com":                               Listed,
		"logs.eu-central-1.amazonaws.com":                                 NotListed, // no region of the service
		"x-012345678901.s3-accesspoint.us-east-1.amazonaws.com":           Listed,
		"x-0.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com":       Listed,
		"s3-accesspoint.us-east-1.aws.amazon.com":                         Listed,
		"s3.us-east-1.amazonaws.com":                                      Listed,
		"evil.s3.us-east-1.amazonaws.com":                                 NotListed,
		"evil.s3.amazonaws.com":                                           NotListed,
		"012345678901.dkr.ecr.us-east-1.amazonaws.com":                    Listed,
		"prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com": Listed,
		"data.tunneling.iot.us-east-1.amazonaws.com":                      NotListed,
		"kinesisvideo.us-east-1.amazonaws.com":                            NotListed,
		"public.ecr.aws":                                                  NotListed,
		"ec2.us-east-1.amazonaws.com":                                     NotListed,
		"ocsp.rootca1.amazontrust.com":                                    OtherPort,
	} {
		m := p.Endpoint(name, netip.MustParseAddrPort("203.0.113.7:443"), "tcp", netip.MustParseAddr("10.0.0.1"), nil)
		if m.Fit != want {
			t.Errorf("%s: fit %v, want %v", name, m.Fit, want)
		}
	}
	p = mustParse(t, `{ metadata: { extends: "builtin:aws-panorama@1" }, vars: { bucket: [my-app-assets] } }`)
	m := p.Endpoint("my-app-assets.s3.us-east-1.amazonaws.com", netip.MustParseAddrPort("203.0.113.7:443"), "tcp", netip.MustParseAddr("10.0.0.1"), nil)
	if m.Fit != Listed {
		t.Errorf("a bucket that vars names: fit %v", m.Fit)
	}
}

func BenchmarkEndpoint(b *testing.B) {
	p, _ := Builtin("aws-panorama")
	server, client := netip.MustParseAddrPort("203.0.113.7:443"), netip.MustParseAddr("10.0.0.1")
	b.ReportAllocs()
	for b.Loop() {
		p.Endpoint("x-012345678901.s3-accesspoint.us-east-1.amazonaws.com", server, "tcp", client, nil)
	}
}
