package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"spanaudit/flow"
)

// lightBulb is the example of RFC 8520, section 9.
const lightBulb = `{
  "ietf-mud:mud": {
    "mud-version": 1,
    "mud-url": "https://lighting.example.com/lightbulb2000",
    "last-update": "2019-01-28T11:20:51+01:00",
    "cache-validity": 48,
    "is-supported": true,
    "systeminfo": "The BMS Example Light Bulb",
    "from-device-policy": { "access-lists": { "access-list": [ { "name": "mud-76100-v6fr" } ] } },
    "to-device-policy": { "access-lists": { "access-list": [ { "name": "mud-76100-v6to" } ] } }
  },
  "ietf-access-control-list:acls": { "acl": [
    { "name": "mud-76100-v6to", "type": "ipv6-acl-type", "aces": { "ace": [ {
        "name": "cl0-todev",
        "matches": {
          "ipv6": { "ietf-acldns:src-dnsname": "test.example.com", "protocol": 6 },
          "tcp": { "ietf-mud:direction-initiated": "from-device", "source-port": { "operator": "eq", "port": 443 } } },
        "actions": { "forwarding": "accept" } } ] } },
    { "name": "mud-76100-v6fr", "type": "ipv6-acl-type", "aces": { "ace": [ {
        "name": "cl0-frdev",
        "matches": {
          "ipv6": { "ietf-acldns:dst-dnsname": "test.example.com", "protocol": 6 },
          "tcp": { "ietf-mud:direction-initiated": "from-device", "destination-port": { "operator": "eq", "port": 443 } } },
        "actions": { "forwarding": "accept" } } ] } }
  ] }
}`

func TestMUDFileOfTheRFC(t *testing.T) {
	text, err := ImportMUD("bulb.json", []byte(lightBulb), MUDDevice{ID: "bulb-1", Role: RoleOther, IP: netip.MustParseAddr("10.0.0.7")})
	if err != nil {
		t.Fatal(err)
	}
	p := mustParse(t, text)
	if len(p.Devices) != 1 || p.Devices[0].ID != "bulb-1" || len(p.Endpoints) != 1 {
		t.Fatalf("%d devices, %d endpoints\n%s", len(p.Devices), len(p.Endpoints), text)
	}
	bulb, other := netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("10.0.0.8")
	server := netip.MustParseAddrPort("203.0.113.7:443")
	for _, c := range []struct {
		name   string
		from   netip.Addr
		server netip.AddrPort
		want   Fit
	}{
		{"test.example.com", bulb, server, Listed},
		{"test.example.com", other, server, OtherSource},
		{"test.example.com", bulb, netip.MustParseAddrPort("203.0.113.7:80"), OtherPort},
		{"other.example.com", bulb, server, NotListed},
	} {
		if m := p.Endpoint(c.name, c.server, "tcp", c.from, p.Device(flow.MAC{}, c.from)); m.Fit != c.want {
			t.Errorf("%s from %s to %s: %v, want %v", c.name, c.from, c.server, m.Fit, c.want)
		}
	}
	for _, want := range []string{`# It describes: "The BMS Example Light Bulb"`, `"https://lighting.example.com/lightbulb2000"; its signature was not verified`, `# Entry "cl0-frdev"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text, err = ImportMUD("bulb.json", []byte(lightBulb), MUDDevice{ID: "bulb-1", Role: RoleOther}); err != nil {
		t.Fatal(err)
	}
	if p := mustParse(t, text); len(p.Devices) != 0 || len(p.Endpoints) != 1 || !strings.Contains(text, `# - { id: bulb-1, role: other`) {
		t.Errorf("without an address:\n%s", text)
	}
}

// entries makes a MUD file of entries from and to a device.
func entries(from, to string) []byte {
	list := func(name string) string {
		return `{ "access-lists": { "access-list": [ { "name": "` + name + `" } ] } }`
	}
	return []byte(`{ "ietf-mud:mud": { "mud-url": "https://cam.example.com/x", "extensions": ["ol"], "from-device-policy": ` + list("f") + `, "to-device-policy": ` + list("t") + ` },
		"ietf-access-control-list:access-lists": { "acl": [ { "name": "f", "aces": { "ace": [` + from + `] } }, { "name": "t", "aces": { "ace": [` + to + `] } } ] } }`)
}

func TestMUDFileSaysWhatAPolicyCannot(t *testing.T) {
	accept := `"actions": { "forwarding": "accept" } }`
	text, err := ImportMUD("cam.json", entries(
		`{ "name": "ntp", "matches": { "ipv4": { "ietf-acldns:dst-dnsname": "Time.Example.com.", "protocol": 17 }, "udp": { "destination-port": { "operator": "eq", "port": 123 } } }, `+accept+`,
		 { "name": "net", "matches": { "ipv4": { "destination-ipv4-network": "203.0.113.9/24", "protocol": 6 }, "tcp": { "destination-port": { "lower-port": 8000, "upper-port": 8001 } } }, `+accept+`,
		 { "name": "wide", "matches": { "ipv4": { "ietf-acldns:dst-dnsname": "x.example.com" }, "tcp": { "destination-port": { "operator": "gte", "port": 1024 } } }, `+accept+`,
		 { "name": "all", "matches": { "ipv4": { "destination-ipv4-network": "0.0.0.0/0" }, "tcp": { "destination-port": { "operator": "eq", "port": 80 } } }, `+accept+`,
		 { "name": "any port", "matches": { "ipv4": { "ietf-acldns:dst-dnsname": "x.example.com" }, "tcp": { } }, `+accept+`,
		 { "name": "peers", "matches": { "ietf-mud:mud": { "same-manufacturer": [null] }, "tcp": { "destination-port": { "operator": "eq", "port": 80 } } }, `+accept+`,
		 { "name": "dns", "matches": { "ietf-mud:mud": { "controller": "urn:ietf:params:mud:dns" }, "udp": { "destination-port": { "operator": "eq", "port": 53 } } }, `+accept+`,
		 { "name": "ping", "matches": { "ipv4": { "protocol": 1 } }, `+accept+`,
		 { "name": "no", "matches": { "ipv4": { "ietf-acldns:dst-dnsname": "y.example.com" }, "tcp": { "destination-port": { "operator": "eq", "port": 80 } } }, "actions": { "forwarding": "drop" } },
		 { "name": "bad\nname", "matches": { "ipv4": { "ietf-acldns:dst-dnsname": "*" }, "tcp": { "destination-port": { "operator": "eq", "port": 80 } } }, `+accept,
		`{ "name": "rtsp", "matches": { "ietf-mud:mud": { "local-networks": [null] }, "tcp": { "ietf-mud:direction-initiated": "to-device", "destination-port": { "operator": "eq", "port": 554 } } }, `+accept+`,
		 { "name": "answer", "matches": { "tcp": { "ietf-mud:direction-initiated": "from-device", "source-port": { "operator": "eq", "port": 443 } } }, `+accept,
	), MUDDevice{ID: "cam-01", Role: RoleCamera, MAC: flow.MAC{2, 0, 0x5e, 0, 0x53, 0x21}})
	if err != nil {
		t.Fatal(err)
	}
	p := mustParse(t, text)
	if d := p.Devices[0]; d.Role != RoleCamera || !slices.Equal(d.InboundPorts, []PortRange{{554, 554}}) || d.Interfaces[0].MAC[5] != 0x21 {
		t.Errorf("device %+v", d)
	}
	var ids []string
	for _, e := range p.Endpoints {
		ids = append(ids, e.ID)
	}
	if !slices.Equal(ids, []string{"203.0.113.0/24/tcp", "time.example.com/udp"}) {
		t.Errorf("endpoints %q\n%s", ids, text)
	}
	for _, want := range []string{
		`# Entry "wide" allows the ports 1024-65535, which are more than an endpoint may have`,
		`# Entry "all" names "0.0.0.0/0", which cannot stand in a policy`,
		`# Entry "any port" names no port`,
		`# Entry "peers" is about "same-manufacturer" at tcp port 80: declare those devices`,
		`# Entry "dns" is about "controller urn:ietf:params:mud:dns" at udp port 53: declare those devices`,
		`# Entry "ping" has neither TCP nor UDP`,
		`# Entry "no" forbids, as all that is not allowed is`,
		`# Entry "bad\nname" names "*", which cannot stand in a policy`,
		`# Not read are its extensions "ol"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "answer") {
		t.Error("an entry of answers is told of")
	}
}

func TestMUDFileThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"{":                   `cam.json: is no MUD file: unexpected end of JSON input`,
		"{}":                  `cam.json: is no MUD file: it has no "ietf-mud:mud" (RFC 8520)`,
		`{"ietf-mud:mud": 1}`: `cam.json: is no MUD file: json: cannot unmarshal number`,
		`{"x":"` + strings.Repeat("x", maxPolicyFile) + `"}`: `cam.json: file is 1048584 bytes; a MUD file has at most 1048576`,
	} {
		if _, err := ImportMUD("cam.json", []byte(text), MUDDevice{ID: "x", Role: RoleOther}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func TestZonesOfNetworksCfg(t *testing.T) {
	text, err := ImportNetworks("networks.cfg", []byte(`# List of local networks in CIDR notation, optionally followed by a
# descriptive tag.

10.0.0.0/8          Private IP space
172.16.0.0/12       Private IP space
10.0.101.0/21	Campus B
205.198.10.20/24 	Public Network # of the provider
2607:f140::/32    Student network
192.168.1.0/24
192.168.1.0/24 again
192.168.2.128/25 Office
192.168.2.0/24 Office
10.9.0.0/16 null
`))
	if err != nil {
		t.Fatal(err)
	}
	p := mustParse(t, text)
	for addr, want := range map[string]Zone{
		"10.1.2.3": {"private-ip-space", Local}, "172.20.0.1": {"private-ip-space", Local}, "10.0.97.1": {"campus-b", Local},
		"205.198.10.99": {"public-network", Local}, "2607:f140::1": {"student-network", Local}, "192.168.1.7": {"local", Local},
		"192.168.2.7": {"office", Local}, "10.9.1.1": {"null", Local}, "192.168.77.1": {"private", Local}, "203.0.113.1": {"internet", Internet},
	} {
		if z := p.ZoneOf(netip.MustParseAddr(addr)); z != want {
			t.Errorf("%s is in %v, want %v\n%s", addr, z, want, text)
		}
	}
	for _, want := range []string{"line 6 is 10.0.101.0/21", "# again # line 10 (192.168.1.0/24) is in 192.168.1.0/24", "192.168.2.128/25 is in 192.168.2.0/24"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// What a networks.cfg may hold is more than a line of a policy may, in prefixes, in
// notes and in tags.
func TestALargeNetworksCfgMakesAPolicy(t *testing.T) {
	var prefixes, tags, notes strings.Builder
	for i := range maxImported {
		fmt.Fprintf(&prefixes, "10.%d.%d.0/24 Branches\n", i/256, i%256)
		fmt.Fprintf(&tags, "10.%d.%d.0/24 [{}] %d\n", i/256, i%256, i)
		fmt.Fprintf(&notes, "10.0.0.0/8 Branches\n")
	}
	for name, text := range map[string]string{
		"prefixes": prefixes.String(), "tags": tags.String(), "notes": notes.String(),
		"a long tag": "10.0.0.0/8 " + strings.Repeat("z", 4000), "brackets": "10.0.0.0/8 " + strings.Repeat("[]", 2000),
		"what is not printed": "10.0.0.0/8 " + strings.Repeat("\U000e0001", 1000),
	} {
		policy, err := ImportNetworks("networks.cfg", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if z := mustParse(t, policy).ZoneOf(netip.MustParseAddr("10.3.131.9")); z.Trust != Local {
			t.Errorf("%s: 10.3.131.9 is in %v", name, z)
		}
	}
}

func TestNetworksCfgIsRefusedByLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "networks.cfg: no prefix in the file",
		"10.0.0.0/8 a\n10.0.0.300/24 b\n": `networks.cfg:2:1: "10.0.0.300/24" is no prefix; networks.cfg has lines such as: 192.0.2.0/24 Office`,
		"10.0.0.1\n":                      `networks.cfg:1:1: "10.0.0.1" is no prefix; networks.cfg has lines such as: 192.0.2.0/24 Office`,
		"0.0.0.0/0 all\n":                 "networks.cfg:1:1: prefix 0.0.0.0/0 is the whole internet, which is not local; remove it",
		"224.0.0.0/4\n":                   "networks.cfg:1:1: prefix 224.0.0.0/4 is multicast, where no host is; remove it",
		"::ffff:10.0.0.0/104\n":           "networks.cfg:1:1: prefix ::ffff:10.0.0.0/104 is IPv4 mapped into IPv6; write it as IPv4",
		"\xff\n":                          "networks.cfg:1:1: line is not UTF-8; save the file as UTF-8",
		strings.Repeat("10.0.0.0/8 a\n", maxImported+1): "networks.cfg:901:1: more than 900 prefixes; a policy has fewer",
	} {
		if _, err := ImportNetworks("networks.cfg", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.40q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(lightBulb))
	f.Add(entries("", ""))
	f.Add([]byte("10.0.0.0/8 Private IP space\n192.168.1.7/24 a # b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if text, err := ImportMUD("x", data, MUDDevice{ID: "d", Role: RoleOther, IP: netip.MustParseAddr("10.0.0.1")}); err == nil {
			mustParse(t, text)
		} else if strings.Contains(err.Error(), "no valid policy") {
			t.Fatalf("%v\n%s", err, data)
		}
		if text, err := ImportNetworks("x", data); err == nil {
			mustParse(t, text)
		} else if strings.Contains(err.Error(), "no valid policy") {
			t.Fatalf("%v\n%s", err, data)
		}
	})
}
