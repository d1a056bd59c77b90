package rules

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/flow"
)

// smallPolicy is the least that gives a site names: two zones, two devices.
const smallPolicy = `zones:
  appliance: { trust: local, cidrs: ["192.0.2.0/28"] }
  cameras:   { trust: local, cidrs: ["198.51.100.0/26"] }
devices:
  - { id: panorama-1, role: appliance, interfaces: [ { ipv4: "192.0.2.2" } ] }
  - { id: cam-01, role: camera, interfaces: [ { mac: "02:00:5e:00:53:21", ipv4: "198.51.100.11" } ] }
`

func mustParse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse("site.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	schemaAccepts(t, text)
	return p
}

func TestSmallPolicyIsEnough(t *testing.T) {
	p := mustParse(t, smallPolicy)
	if n := strings.Count(smallPolicy, "\n"); n > 10 || len(p.Zones) != 2 {
		t.Errorf("%d lines, %d zones", n, len(p.Zones))
	}
	if p.Name != "site" || p.Profile() != "edge-camera" || len(p.Devices) != 2 || len(p.Warnings) != 0 {
		t.Errorf("got name %q, profile %q, %d devices, warnings %q", p.Name, p.Profile(), len(p.Devices), p.Warnings)
	}
	if p.TLS.MinVersion != 0x0303 || !p.TLS.RequirePFS || *p.Report.FailOn != High {
		t.Errorf("profile's values are not inherited: %+v %v", p.TLS, p.Report.FailOn)
	}
	if p.HasEndpoints() {
		t.Error("edge-camera has an allow-list")
	}
}

func TestEmptyAnswersOfProfiles(t *testing.T) {
	for _, name := range Profiles() {
		p, ok := Builtin(name)
		if !ok || p.Name != name || p.Profile() != name || p.File != "builtin:"+name+"@1" || len(p.Warnings) > 0 {
			t.Errorf("%s: %v, %q, %q, %q, %q", name, ok, p.Name, p.Profile(), p.File, p.Warnings)
		}
		if p.NTP.PublicServers != nil || len(p.NTP.LocalServers) != 0 {
			t.Errorf("%s: time servers %v %v, want none said", name, p.NTP.LocalServers, p.NTP.PublicServers)
		}
	}
	if _, ok := Builtin("site.yaml"); ok {
		t.Error("a file's name is a profile")
	}
}

func TestLoadTakesProfilesByNameAndFilesByPath(t *testing.T) {
	unread := func(string) ([]byte, error) { return nil, errors.New("read") }
	if p, err := Load("aws-panorama", unread); err != nil || !p.HasEndpoints() {
		t.Errorf("aws-panorama: %v", err)
	}
	if _, err := Load("./aws-panorama", unread); err == nil || err.Error() != "read" {
		t.Errorf("a path is not read: %v", err)
	}
	p, err := Load("x.yaml", func(string) ([]byte, error) { return []byte(smallPolicy), nil })
	if err != nil || p.File != "x.yaml" {
		t.Errorf("file: %v", err)
	}
}

func TestExamplePolicy(t *testing.T) {
	data, err := os.ReadFile("../../shared/reference/policy-example.yaml")
	if err != nil {
		t.Skip("the example policy is not there: " + err.Error())
	}
	p, err := Parse("policy-example.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range p.Warnings {
		if !strings.HasSuffix(w, "this version does not judge it") {
			t.Errorf("warning %q", w)
		}
	}
	if p.Name != "site-a-panorama" || p.Version != "2026.11.1" || p.Profile() != "aws-panorama" ||
		p.Metadata.ApprovedBy != "ciso@example.com" || p.Metadata.ReviewBy != "2027-05-20" {
		t.Errorf("metadata %q %q %+v", p.Name, p.Version, p.Metadata)
	}
	if c := p.Capture; c.Vantage != "inside-nat" || !c.Layer2 || c.MaxLossPercent != 0.1 || c.MinDuration != 24*time.Hour || c.ClockMaxError != 250*time.Millisecond {
		t.Errorf("capture %+v", c)
	}
	if n := p.NTP; len(n.LocalServers) != 1 || n.PublicServers == nil || len(n.PublicServers) != 0 {
		t.Errorf("ntp %+v", n)
	}
	if r := p.Rules["tls-deprecated-offered"]; *r.Severity != Info || r.Disabled {
		t.Errorf("rule %+v", r)
	}
	w := p.Waivers[0]
	if w.Rule != "tls-current-practice" || w.Device != "cam-02" || w.Peer != netip.MustParsePrefix("198.51.100.12/32") {
		t.Errorf("waiver %+v", w)
	}
	if last := time.Date(2027, 2, 18, 23, 59, 59, 0, time.UTC); w.Expired(last) || !w.Expired(last.Add(time.Second)) {
		t.Error("a waiver ends with its last day in UTC")
	}
	appliance := p.Devices[0]
	if appliance.InboundPorts == nil || len(appliance.InboundPorts) != 0 || len(appliance.Interfaces) != 2 || appliance.SoftwareVersion != "8.0.29" {
		t.Errorf("appliance %+v", appliance)
	}
	from, dev := netip.MustParseAddr("192.0.2.2"), appliance
	peer := netip.MustParseAddrPort("203.0.113.7:443")
	if m := p.Endpoint("logs.us-east-1.amazonaws.com", peer, "tcp", from, dev); m.Fit != Listed {
		t.Errorf("logs: %v", m.Fit)
	}
	if m := p.Endpoint("logs.us-west-2.amazonaws.com", peer, "tcp", from, dev); m.Fit != NotListed {
		t.Errorf("logs of a region that vars does not name: %v", m.Fit)
	}
	if m := p.Endpoint("panorama.us-east-1.amazonaws.com", peer, "tcp", from, dev); m.Fit != OtherSource {
		t.Errorf("panorama API from the appliance: %v", m.Fit)
	}
}

func TestExtendsMergesByKeyAndByID(t *testing.T) {
	p := mustParse(t, `metadata: { extends: "builtin:aws-panorama@1" }
vars:
  region: [eu-west-1]
  account-id: "012345678901"
endpoints:
  - { id: kms, enabled: false, reason: "no application uses it" }
  - { id: sts, ports: [443, 8443] }
  - { id: own, names: ["updates.example.com"] }
tls: { min_version: "1.3" }
`)
	base, _ := Builtin("aws-panorama")
	if len(p.Endpoints) != len(base.Endpoints)+1 || p.Endpoints[len(p.Endpoints)-1].ID != "own" {
		t.Errorf("%d endpoints over %d", len(p.Endpoints), len(base.Endpoints))
	}
	if p.TLS.MinVersion != 0x0304 || !p.TLS.RequirePFS {
		t.Errorf("tls %+v", p.TLS)
	}
	for name, want := range map[string]Fit{
		"kms.eu-west-1.amazonaws.com":                                     NotListed,
		"sts.eu-west-1.amazonaws.com":                                     Listed,
		"sts.us-east-1.amazonaws.com":                                     NotListed,
		"updates.example.com":                                             Listed,
		"ap1-012345678901.s3-accesspoint.eu-west-1.amazonaws.com":         Listed,
		"ap1-999999999999.s3-accesspoint.eu-west-1.amazonaws.com":         NotListed,
		"prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com": Listed,
	} {
		m := p.Endpoint(name, netip.MustParseAddrPort("203.0.113.7:443"), "tcp", netip.MustParseAddr("10.0.0.1"), nil)
		if m.Fit != want {
			t.Errorf("%s: fit %v, want %v", name, m.Fit, want)
		}
	}
	if len(p.Extends) != 2 || p.Extends[0].Name != "aws-panorama" || p.Extends[0].SHA256 != base.SHA256 || p.Extends[1].Name != "edge-camera" {
		t.Errorf("extends %+v", p.Extends)
	}
}

func TestOldSpellingIsTheRealName(t *testing.T) {
	p := mustParse(t, `metadata: { extends: "builtin:aws-panorama@1" }
endpoints:
  - id: page
    names:
      - monitoring.<region>.aws.amazon.com
      - s3-accesspoint.<region>.aws.amazon.com
`)
	want := []string{
		`site.yaml:5:9: endpoint "page": "monitoring.<region>.aws.amazon.com" is the spelling of AWS's security page; judged as the real name "monitoring.<region>.amazonaws.com"`,
		`site.yaml:6:9: endpoint "page": "s3-accesspoint.<region>.aws.amazon.com" is the spelling of AWS's security page; judged as the real name "*-<account-id>.s3-accesspoint.<region>.amazonaws.com"`,
	}
	if !slices.Equal(p.Warnings, want) {
		t.Errorf("warnings\n%s", strings.Join(p.Warnings, "\n"))
	}
	p = mustParse(t, `endpoints: [ { id: page, names: [s3-accesspoint.eu-west-1.aws.amazon.com, docs.aws.amazon.com] } ]`)
	if got := p.Endpoints[0].Names; !slices.Equal(got, []string{"*.s3-accesspoint.eu-west-1.amazonaws.com", "docs.aws.amazon.com"}) {
		t.Errorf("names %q", got)
	}
}

func TestResolvedPolicyMeansTheSame(t *testing.T) {
	texts := []string{smallPolicy, "{}\n"}
	if data, err := os.ReadFile("../../shared/reference/policy-example.yaml"); err == nil {
		texts = append(texts, string(data))
	}
	for _, name := range Profiles() {
		var b bytes.Buffer
		p, _ := Builtin(name)
		if err := p.WriteYAML(&b); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, b.String())
	}
	for _, text := range texts {
		p := mustParse(t, text)
		var first, second bytes.Buffer
		if err := p.WriteYAML(&first); err != nil {
			t.Fatal(err)
		}
		q, err := Parse("site.yaml", first.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, first.String())
		}
		if err := q.WriteYAML(&second); err != nil {
			t.Fatal(err)
		}
		cut := func(b bytes.Buffer) string { _, rest, _ := strings.Cut(b.String(), "\n"); return rest }
		if cut(first) != cut(second) {
			t.Errorf("resolved twice differs:\n%s\n%s", first.String(), second.String())
		}
		if got, want := fmt.Sprint(q.NTP, q.TLS, q.Video, len(q.Endpoints)), fmt.Sprint(p.NTP, p.TLS, p.Video, len(p.Endpoints)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestServers(t *testing.T) {
	p := mustParse(t, `zones: { lan: { trust: local, cidrs: ["192.0.2.0/24"] } }
ntp: { local_servers: ["192.0.2.34"], public_servers: ["*.pool.ntp.org", "time.example.com"] }`)
	for _, c := range []struct {
		addr, name    string
		local, public bool
	}{
		{"192.0.2.34", "", true, false},
		{"::ffff:192.0.2.34", "", true, false},
		{"203.0.113.1", "0.Pool.NTP.org.", false, true},
		{"203.0.113.1", "a.b.pool.ntp.org", false, false},
		{"203.0.113.1", "pool.ntp.org", false, false},
		{"203.0.113.1", "time.example.com", false, true},
		{"203.0.113.1", "", false, false},
	} {
		a := netip.MustParseAddr(c.addr)
		if l, u := p.NTP.LocalServers.Has(a, c.name), p.NTP.PublicServers.Has(a, c.name); l != c.local || u != c.public {
			t.Errorf("%s %q: local %v, public %v", c.addr, c.name, l, u)
		}
	}
}

func TestDeviceByMACThenAddress(t *testing.T) {
	const text = `capture: { layer2: %v }
zones: { lan: { trust: local, cidrs: ["192.0.2.0/24", "2001:db8::/64"] } }
devices:
  - { id: cam, role: camera, interfaces: [ { mac: "02:00:5e:00:53:21", ipv4: "192.0.2.11" } ] }
  - { id: box, role: appliance, interfaces: [ { ipv4: "192.0.2.2", ipv6: ["2001:db8::2", "2001:db8::3"] } ] }
  - { id: gw, role: gateway, interfaces: [ { mac: "02:00:5e:00:53:01", ipv4: "192.0.2.1" } ] }
`
	cam, gw, other := flow.MAC{2, 0, 0x5e, 0, 0x53, 0x21}, flow.MAC{2, 0, 0x5e, 0, 0x53, 1}, flow.MAC{2, 9}
	for _, c := range []struct {
		layer2 bool
		mac    flow.MAC
		addr   string
		want   string
	}{
		{true, cam, "192.0.2.99", "cam"},
		{true, cam, "192.0.2.2", "cam"},
		{true, cam, "0.0.0.0", "cam"},
		{true, cam, "203.0.113.9", ""},
		{true, flow.MAC{}, "192.0.2.11", "cam"},
		{true, other, "192.0.2.11", "cam"},
		{true, gw, "192.0.2.2", "box"},
		{true, gw, "192.0.2.50", ""},
		{true, gw, "192.0.2.1", "gw"},
		{true, other, "2001:db8::3", "box"},
		{true, other, "::ffff:192.0.2.2", "box"},
		{false, cam, "192.0.2.99", ""},
		{false, cam, "192.0.2.2", "box"},
	} {
		p := mustParse(t, fmt.Sprintf(text, c.layer2))
		got := ""
		if d := p.Device(c.mac, netip.MustParseAddr(c.addr)); d != nil {
			got = d.ID
		}
		if got != c.want {
			t.Errorf("layer2 %v, MAC %x, address %s: device %q, want %q", c.layer2, c.mac, c.addr, got, c.want)
		}
	}
}

func TestPoliciesKnowEveryRule(t *testing.T) {
	for _, d := range Catalogue() {
		if !slices.Contains(ruleIDs(), d.ID) {
			t.Errorf("rule %s cannot be named in a policy", d.ID)
		}
	}
}
