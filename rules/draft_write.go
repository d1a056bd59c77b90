package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"spanaudit/flow"
)

// perLine is how many words of a list stand in a line, maxSaid how many things
// are said of it.
const (
	perLine = 12
	maxSaid = 6
)

// Policy returns the draft as a policy file of the name. Every line says what
// it rests on; what was not proven, or needs a decision, is a comment. r is the
// report of the audit that the draft watched.
func (d *Draft) Policy(name string, r *Report) (string, error) {
	devices := d.devices()
	zones := d.zones(devices)
	var t draftText
	t.head(name, r)
	base, seen := d.base(devices)
	t.line("apiVersion: spanaudit/v1", "")
	t.line("kind: Policy", "")
	t.line("metadata:", "")
	t.line("  name: "+scalar(policyName(name), textNode), "")
	t.line(`  version: "1"`, "")
	t.line("  extends: "+base, seen)
	t.doubt("  ", "owner: who@example.com", "who answers for this policy")
	d.writeVars(&t, base, devices)
	d.writeCapture(&t, devices)
	d.writeZones(&t, zones)
	d.writeDevices(&t, devices, d.oddPort(base))
	d.writeVideo(&t)
	if err := d.writeEndpoints(&t, devices, base); err != nil {
		return "", err
	}
	d.writeServices(&t, devices)
	return checked(t.String())
}

const panoramaBase = "builtin:aws-panorama@1"

// base returns the profile that the draft extends: AWS's where the appliance
// speaks with AWS IoT as a Panorama Appliance does.
func (d *Draft) base(devices []*draftDevice) (profile, seen string) {
	for _, x := range devices {
		for _, c := range d.contactsOf(x) {
			if x.role == RoleAppliance && c.worked && iotName.MatchString(c.name) {
				return panoramaBase, fmt.Sprintf("%s speaks with AWS IoT; builtin:edge-camera@1 for another appliance", x.id)
			}
		}
	}
	return "builtin:edge-camera@1", ""
}

var (
	iotName     = regexp.MustCompile(`^([a-z0-9]+)-ats\.iot\.[a-z0-9-]+\.amazonaws\.com$`)
	accountName = regexp.MustCompile(`(?:^|-)([0-9]{12})\.(?:s3-accesspoint|dkr)\.`)
)

// writeVars pins regions, account and IoT prefix to those of the names that the
// appliance contacted.
func (d *Draft) writeVars(t *draftText, base string, devices []*draftDevice) {
	if base != panoramaBase {
		return
	}
	found := map[string][]string{}
	add := func(key, value string) {
		if !slices.Contains(found[key], value) {
			found[key] = append(found[key], value)
		}
	}
	for _, x := range devices {
		for _, c := range d.contactsOf(x) {
			if x.doubt(c, base) != "" {
				continue
			}
			if m := iotName.FindStringSubmatch(c.name); m != nil {
				add("iot-prefix", m[1])
			}
			if m := accountName.FindStringSubmatch(c.name); m != nil {
				add("account-id", m[1])
			}
			if _, prefix := awsSuffix(c.name); prefix != "" {
				for label := range strings.SplitSeq(prefix, ".") {
					if regionPartition(label) != nil {
						add("region", label)
					}
				}
			}
		}
	}
	t.line("vars:", "")
	for _, key := range []string{"region", "account-id", "iot-prefix"} {
		if len(found[key]) == 0 {
			t.doubt("  ", key+`: ["…"]`, "no name that was contacted has it; without it any is allowed")
			continue
		}
		var values []string
		for _, v := range found[key] {
			values = append(values, strconv.Quote(v))
		}
		t.line("  "+key+": "+listed(values), "in the names that were contacted")
	}
}

func (d *Draft) writeCapture(t *draftText, devices []*draftDevice) {
	t.line("capture:", "")
	without := 0
	for _, x := range devices {
		if x.mac == (flow.MAC{}) {
			without++
		}
	}
	switch {
	case len(devices) == 0:
		t.line("  layer2: false", "no local host was seen")
	case without > 0:
		t.line("  layer2: false", plural(without, "host")+" of which it is not certain that the MAC is its own: behind a router, or not on Ethernet")
	default:
		t.line("  layer2: true", "each local host has a MAC of its own")
	}
	t.doubt("  ", "vantage: inside-nat", "where the capture is made: inside-nat, outside-nat or routed")
	t.doubt("  ", "min_duration: 24h", "how long a capture must be to be believed")
}

func (d *Draft) writeZones(t *draftText, zones []*draftZone) {
	if len(zones) == 0 {
		t.doubt("", "zones: { site: { trust: local, cidrs: [192.0.2.0/24], public_ok: true } }", "no host with a private address was seen; declare the site's prefixes")
	} else {
		t.line("zones:", "the prefixes are guesses: /24 and /64 around the hosts that were seen")
		for _, z := range zones {
			var words []string
			for _, p := range z.prefixes {
				words = append(words, strconv.Quote(p.String()))
			}
			t.line("  "+z.name+": { trust: local, cidrs: "+listed(words)+" }", z.seen())
		}
		t.line("  internet: { trust: internet, rest: true }", "")
	}
	for _, a := range slices.SortedFunc(maps.Keys(d.foreign), netip.Addr.Compare) {
		t.line(fmt.Sprintf("# %s, which is not a private address, answered RTSP in %s: if it is the site's, declare a zone for it", a, plural(d.foreign[a], "flow")), "")
	}
}

// seen says how many hosts of the zone were seen, and how many addresses that
// sent nothing.
func (z *draftZone) seen() string {
	addrs := 0
	for _, x := range z.devices {
		addrs += len(x.hosts)
	}
	var parts []string
	if n := len(z.devices); n > 0 {
		parts = append(parts, plural(n, "host"))
	}
	if n := z.addrs - addrs; n > 0 {
		parts = append(parts, plural(n, "address")+" that sent nothing")
	}
	return strings.Join(parts, ", ")
}

// oddPort returns what tells a port that a device may not be declared to answer
// at: one of RTSP's where it is not RTSP that is spoken, and any but those of
// applications of a Panorama Appliance.
func (d *Draft) oddPort(base string) func(*draftDevice, uint16) bool {
	rtsp := d.rtspPorts()
	if len(rtsp) == 0 {
		rtsp[554]++ // the profile's
	}
	return func(x *draftDevice, port uint16) bool {
		return x.role == RoleCamera && slices.Contains(rtspPortNumbers(), port) && rtsp[port] == 0 ||
			x.role == RoleAppliance && base == panoramaBase && !panoramaPorts().Contains(port)
	}
}

func (d *Draft) writeDevices(t *draftText, devices []*draftDevice, odd func(*draftDevice, uint16) bool) {
	t.line("devices:", "")
	for _, x := range devices {
		if !x.known {
			t.doubt("  ", fmt.Sprintf("- { id: %s, role: other, zone: %s, interfaces: [%s] }", x.id, x.zone.name, x.iface()), x.did())
			continue
		}
		t.line("  - id: "+x.id, x.did())
		t.line("    role: "+string(x.role), x.whyRole())
		t.line("    zone: "+x.zone.name, "")
		t.line("    interfaces: ["+x.iface()+"]", x.whyAddresses())
		ports, said, left := x.ports(odd)
		switch {
		case len(ports) > 0:
			t.line("    inbound_ports: "+listed(ports), "answered there: "+strings.Join(said, ", "))
		case x.role == RoleAppliance && len(left) == 0:
			t.doubt("    ", "inbound_ports: []", "it answered at none while the capture ran")
		}
		for _, port := range left {
			t.line("    # it also answered at port "+port+", which it is not meant to open", "")
		}
	}
	if d.more > 0 {
		t.line(fmt.Sprintf("# %d times a further host or contact was seen, of which there was no room to take note", d.more), "")
	}
}

func (x *draftDevice) whyRole() string {
	switch x.role {
	case RoleAppliance:
		return "it reads cameras and speaks with AWS"
	case RoleViewer:
		return "it reads cameras; appliance or recorder if it is one, and nothing if it may not"
	case RoleOther:
		return "nothing tells a role"
	}
	return ""
}
