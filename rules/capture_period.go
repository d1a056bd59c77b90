package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

// capturePeriod judges whether the capture is long and full enough to speak for
// the site.
type capturePeriod struct {
	base    int64             // minute since 1970 of bit 0
	minutes []uint64          // a bit a minute in which a flow was under way
	missing map[string]string // required endpoints, by id, without one yet, and their service
}

func (*capturePeriod) Doc() Doc {
	return Doc{
		ID:          "capture-period",
		Title:       "Period, clock or presence not sufficient",
		Severity:    Medium,
		Kind:        CoverageOf,
		Checks:      "the capture is as long as capture.min_duration, is nowhere silent for an hour and in the order of time, its vantage is declared (capture.vantage), and every declared device and a whole TLS handshake with every required endpoint are in it",
		Why:         "A short capture shows what happened in it, and says nothing of what a device does once a day.",
		Fails:       "any of that is missed; a vantage that is not declared, and devices and handshakes that are not there, are undecided where capture.min_duration does not say how long is enough",
		NotSeen:     "nothing was captured",
		Remediation: "Capture for longer, and restart the device once, so that DHCP and TLS begin anew.",
		Source:      "evidence quality: NIST SP 800-53 CA-7, AU-8",
	}
}

// NotApplicable leaves the rule out where the policy asks nothing of a capture.
func (*capturePeriod) NotApplicable(p *Policy) string {
	if p.Capture.MinDuration > 0 || len(p.Devices) > 0 || p.Capture.Vantage != "" && p.Capture.Vantage != "unknown" {
		return ""
	}
	return "the policy asks nothing of a capture: declare capture.min_duration, capture.vantage and devices"
}

const (
	maxMinutes   = 2 * 366 * 24 * 60 // of the period that silence is looked for in
	silentHours  = time.Hour
	beforeFirst  = 24 * 60 // minutes that a flow may have begun before the first that ended
	maxMissNames = 5
)

func (r *capturePeriod) Judge(c *Case) {
	r.mark(c.Start, c.End)
	if t := c.TLS; t == nil || !t.ClientHello || !t.ServerHello || t.Resumed == classify.Yes || c.clientTrust != Local {
		return
	}
	if r.missing == nil {
		r.missing = requiredEndpoints(c.Policy)
	}
	if len(r.missing) == 0 {
		return
	}
	for _, e := range c.endpoints() {
		delete(r.missing, e.ID)
	}
}

// endpoints returns all endpoints that allow the flow.
func (c *Case) endpoints() (list []*Endpoint) {
	index, server := &c.Policy.endpoints, c.Server.Addr
	name := strings.ToLower(strings.TrimSuffix(c.ServerName(), "."))
	for _, e := range append(index.byName(name), index.byAddr(server.Addr().Unmap())...) {
		if c.Policy.fit(e, server.Port(), c.Transport(), c.Client.Addr.Addr(), c.clientDevice) == Listed {
			list = append(list, e)
		}
	}
	return list
}

func requiredEndpoints(p *Policy) map[string]string {
	list := map[string]string{}
	for _, e := range p.Endpoints {
		if e.Enabled && e.Required {
			list[e.ID] = e.Service
		}
	}
	return list
}

// mark notes that something was going on from start to end.
func (r *capturePeriod) mark(start, end flow.Time) {
	from, to := int64(start)/int64(time.Minute), int64(end)/int64(time.Minute)
	if r.minutes == nil {
		r.base = from - beforeFirst
	}
	for m := max(from-r.base, 0); m <= min(to-r.base, maxMinutes-1); m++ {
		for int(m/64) >= len(r.minutes) {
			r.minutes = append(r.minutes, 0)
		}
		r.minutes[m/64] |= 1 << (m % 64)
	}
}

// silences returns how many stretches of an hour and more without any flow there
// are, and when the first began.
func (r *capturePeriod) silences() (n int, first flow.Time) {
	last := int64(-1)
	for m := range int64(len(r.minutes)) * 64 {
		if r.minutes[m/64]&(1<<(m%64)) == 0 {
			continue
		}
		if quiet := m - last - 1; last >= 0 && time.Duration(quiet)*time.Minute >= silentHours {
			if n++; n == 1 {
				first = flow.Time((r.base + last + 1) * int64(time.Minute))
			}
		}
		last = m
	}
	return n, first
}

// Conclude judges the whole period.
func (r *capturePeriod) Conclude(c *Conclusion) {
	c.ledger.examined = int(c.Coverage.Flows)
	if c.Coverage.Flows == 0 {
		return
	}
	if int64(c.End)/int64(time.Minute)-r.base >= maxMinutes {
		c.ledger.note("silence was looked for in the first two years only")
	}
	missed, absent := r.missed(c), r.absent(c)
	if c.Policy.Capture.MinDuration > 0 {
		missed, absent = append(missed, absent...), nil
	}
	for _, what := range absent {
		c.ledger.undecide(what)
	}
	if len(missed) > 0 {
		c.fail("the capture does not speak for the site: " + strings.Join(missed, ", "))
	}
}

// missed says what is wrong with the capture's time and place.
func (r *capturePeriod) missed(c *Conclusion) (list []string) {
	p := &c.Policy.Capture
	if d := c.End.Sub(c.Start); d < p.MinDuration {
		list = append(list, fmt.Sprintf("it lasts %s (%s is wanted)", d.Round(time.Second), p.MinDuration))
	}
	if n, first := r.silences(); n > 0 {
		list = append(list, fmt.Sprintf("it is silent for an hour or more %d times, first from %s on", n, first.UTC().Format(time.DateTime)))
	}
	if late := c.Coverage.Capture.Late; late > 0 {
		list = append(list, fmt.Sprintf("its clock runs back (%d packets)", late))
	}
	return list
}

// absent says what a better declared or a longer capture would have shown.
func (r *capturePeriod) absent(c *Conclusion) (list []string) {
	if v := c.Policy.Capture.Vantage; v == "" || v == "unknown" {
		list = append(list, "the policy does not say where the capture was taken (capture.vantage)")
	}
	var devices, endpoints []string
	seen := c.Site.devices()
	for _, d := range c.Policy.Devices {
		if !seen[d] {
			devices = append(devices, d.ID)
		}
	}
	missing := r.missing
	if missing == nil {
		missing = requiredEndpoints(c.Policy)
	}
	for id := range missing {
		endpoints = append(endpoints, id)
	}
	slices.Sort(endpoints)
	if len(devices) > 0 {
		list = append(list, "declared devices were not seen: "+someOf(devices))
	}
	if len(endpoints) > 0 {
		list = append(list, "no whole TLS handshake was seen with required endpoints: "+someOf(endpoints))
	}
	return list
}

// devices returns the declared devices that were seen, by MAC or by address.
func (s *Site) devices() map[*Device]bool {
	seen := map[*Device]bool{}
	for a, mac := range s.hosts {
		if d, _ := s.identify(mac, a, math.MaxInt64); d != nil {
			seen[d] = true
		}
	}
	return seen
}

func someOf(names []string) string {
	if n := len(names) - maxMissNames; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxMissNames], ", "), n)
	}
	return strings.Join(names, ", ")
}
