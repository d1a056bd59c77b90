package alert

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"spanaudit/report"
	"spanaudit/rules"
)

// CEF writes alerts in the Common Event Format, version 0.
type CEF struct {
	version string
	titles  map[string]string // of rules
}

// NewCEF returns a CEF; version is that of this program.
func NewCEF(version string) *CEF {
	c := &CEF{version, map[string]string{}}
	for _, d := range rules.Catalogue() {
		c.titles[d.ID] = d.Title
	}
	return c
}

// Line returns an alert as one line without a line break at its end. The rule is
// the event's class. src is who began the flow that is told of, where the finding
// has it, and otherwise the device. Characters that are not visible are escaped
// as by report.Line, so that none of them needs the format's own \n and \r.
func (c *CEF) Line(a *Alert) string {
	rule := a.Rule
	return strings.Join([]string{
		"CEF:0", "spanaudit", "spanaudit", cefHeader(c.version, 31), cefHeader(rule, 1023),
		cefHeader(cmp.Or(c.titles[rule], rule), 512), strconv.Itoa(cefSeverity(a.Severity)), cefExtension(a),
	}, "|")
}

// cefExtension returns the extension, with those keys of the format's dictionary
// that have a value, each cut to the length that the dictionary gives. Its src
// and dst are of IPv4; those that read them take both.
func cefExtension(a *Alert) string {
	f := &a.Finding
	var list []string
	add := func(key, value string, bound int) {
		if value != "" {
			list = append(list, key+"="+cefEscapes.Replace(cut(report.Line(value), bound)))
		}
	}
	custom := func(key, label, value string) {
		if value != "" {
			add(key+"Label", label, 1023)
			add(key, value, 4000)
		}
	}
	add("rt", millis(a.Time), 20)
	add("start", millis(f.First), 20)
	add("end", millis(f.Last), 20)
	add("externalId", f.ID, 40)
	add("act", string(a.Kind), 63)
	add("cnt", number(f.Count), 20)
	device, peer, deviceIP, peerIP := "s", "d", "src", "dst"
	if peerBegan(f) {
		device, peer, deviceIP, peerIP = peer, device, peerIP, deviceIP
	}
	add(deviceIP, address(f.Device.IP.WithZone("")), 45)
	add(device+"mac", f.Device.MAC, 17)
	add(peerIP, address(f.Peer.IP.WithZone("")), 45)
	add(peer+"pt", number(int(f.Peer.Port)), 5)
	add(peer+"host", f.Peer.Name, 1023)
	add("dvchost", a.Sensor, 100)
	custom("cs1", "device", f.Device.ID)
	custom("cs2", "role", f.Device.Role)
	custom("cs3", "verdict", string(f.Verdict))
	custom("cs4", "site", a.Site)
	custom("cs5", "policy", a.Policy)
	if len(f.Flows) > 0 {
		custom("cs6", "communityId", f.Flows[0])
	}
	custom("cn1", "since", number(a.Since))
	add("msg", f.Message, 1023)
	return strings.Join(list, " ")
}

// peerBegan reports whether the flow that a finding tells of was begun by its
// peer.
func peerBegan(f *report.Finding) bool {
	var flow struct {
		Source struct {
			IP netip.Addr `json:"ip"`
		} `json:"source"`
	}
	return json.Unmarshal(f.Decoded, &flow) == nil && flow.Source.IP.IsValid() &&
		flow.Source.IP == f.Peer.IP && f.Peer.IP != f.Device.IP
}

// cefSeverity returns a severity of 0 to 10: low is 0 to 3, medium 4 to 6, high 7
// and 8, very high 9 and 10.
func cefSeverity(s rules.Severity) int {
	return [...]int{1, 3, 5, 8, 10}[min(max(s, rules.Info), rules.Critical)]
}

// cefHeader escapes a field of the header, in which no line may break.
func cefHeader(text string, bound int) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(cut(report.Line(text), bound))
}

// cefEscapes escapes a value of the extension.
var cefEscapes = strings.NewReplacer(`\`, `\\`, `=`, `\=`)

func millis(t report.Instant) string {
	if t == 0 {
		return ""
	}
	return strconv.FormatInt(t.UTC().UnixMilli(), 10)
}
