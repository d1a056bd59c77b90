package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"spanaudit/flow"
)

// draftText is the policy while it is written.
type draftText struct{ strings.Builder }

// line writes a line and behind it what was seen. What comes from the wire in a
// comment is quoted, so that it stays one.
func (t *draftText) line(text, seen string) {
	t.WriteString(text)
	if seen != "" {
		t.WriteString(" # " + seen)
	}
	t.WriteString("\n")
}

// listed writes a list, on as many lines as it needs.
func listed(words []string) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case i%perLine == 0:
			b.WriteString(",\n      ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(word)
	}
	return "[" + b.String() + "]"
}

// perLine is how many words of a list stand in a line, maxSaid how many things
// are said of it.
const (
	perLine = 12
	maxSaid = 6
)

// shorten says the first of many things.
func shorten(said []string) string {
	if n := len(said) - maxSaid; n > 0 {
		said = append(slices.Clone(said[:maxSaid]), fmt.Sprintf("and %d more", n))
	}
	return strings.Join(said, ", ")
}

// doubt writes a line that was not proven.
func (t *draftText) doubt(indent, text, why string) { t.line(indent+"# "+text, why) }

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

func (t *draftText) head(name string, r *Report) {
	t.line("# Drafted from a capture of "+plural(int(r.Coverage.Packets), "packet")+period(r)+".", "")
	t.line("# What a capture shows is what was done, not what was meant: read each line, correct it, and", "")
	t.line("# take the # off those that are right and were not proven. Then: spanaudit policy check "+fileName(name), "")
}

// fileName is a name that a shell takes as one word.
func fileName(name string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_./-]+$`).MatchString(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}

func period(r *Report) string {
	if r.Start == 0 {
		return ""
	}
	return ", " + r.Start.UTC().Format(time.DateTime) + " to " + r.End.UTC().Format(time.DateTime) + " UTC"
}

// policyName makes a name of a file's.
func policyName(file string) string {
	base := file[strings.LastIndexByte(file, '/')+1:]
	base, _, _ = strings.Cut(base, ".")
	base = strings.Trim(regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(base, "-"), "-")
	if base == "" {
		return "draft"
	}
	return base
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

// writeServices writes where names, the time and addresses come from.
func (d *Draft) writeServices(t *draftText, devices []*draftDevice) {
	d.writeServers(t, "dns", "resolvers", "resolvers", addressesOf(devices, RoleResolver), d.resolver)
	d.writeServers(t, "ntp", "local_servers", "public_servers", addressesOf(devices, RoleNTPServer), d.times)
	if servers := addressesOf(devices, RoleDHCPServer); len(servers) > 0 {
		t.line("dhcp:", "")
		t.line("  servers: "+listed(servers), "gave out addresses")
	}
}

// writeServers writes the servers inside, and those on the internet where there
// are none inside.
func (d *Draft) writeServers(t *draftText, section, inside, outside string, servers []string, public map[string]*draftContact) {
	if len(servers)+len(public) == 0 {
		return
	}
	t.line(section+":", "")
	if len(servers) > 0 {
		t.line("  "+inside+": "+listed(servers), "answered")
	}
	var proven []string
	for _, id := range sortedKeys(public) {
		if c := public[id]; c.worked && len(servers) == 0 {
			proven = append(proven, strconv.Quote(id))
		}
	}
	if len(proven) > 0 {
		t.line("  "+outside+":", "on the internet; none was seen inside")
	}
	for _, id := range sortedKeys(public) {
		c := public[id]
		seen := fmt.Sprintf("asked by %s, %s", joined(c.clients), plural(c.flows, "flow"))
		switch {
		case len(servers) > 0:
			t.doubt("  ", outside+": ["+strconv.Quote(id)+"]", seen+", although there is one inside")
		case !c.worked && len(proven) == 0:
			t.doubt("  ", outside+": ["+strconv.Quote(id)+"]", seen+", and no answer was seen")
		case !c.worked:
			t.doubt("    ", "- "+strconv.Quote(id), seen+", and no answer was seen")
		default:
			t.line("    - "+strconv.Quote(id), seen)
		}
	}
}

func joined(addrs []netip.Addr) string {
	var words []string
	for _, a := range addrs {
		words = append(words, a.String())
	}
	return strings.Join(words, ", ")
}

// addressesOf returns the addresses that were seen in a role, whatever the role
// is that their device is declared in.
func addressesOf(devices []*draftDevice, r Role) (addrs []string) {
	for _, x := range devices {
		for _, h := range x.hosts {
			if h.roles[r] {
				addrs = append(addrs, strconv.Quote(h.addr.String()))
			}
		}
	}
	return addrs
}

// rtspPorts returns the ports at which local hosts answered RTSP of local ones,
// and how many did.
func (d *Draft) rtspPorts() map[uint16]int {
	ports := map[uint16]int{}
	for _, h := range d.hosts {
		for p := range h.rtsp {
			ports[p]++
		}
	}
	return ports
}

func (d *Draft) writeVideo(t *draftText) {
	ports := d.rtspPorts()
	if len(ports) == 0 || len(ports) == 1 && ports[554] > 0 {
		return // the profile's
	}
	var words, said []string
	for _, p := range sortedPorts(ports) {
		words = append(words, fmt.Sprint(p))
		said = append(said, plural(ports[p], "host")+" at "+fmt.Sprint(p))
	}
	t.line("video:", "")
	t.line("  rtsp_ports: "+listed(words), "RTSP was answered by "+shorten(said))
}
