package report

import (
	"fmt"
	"strconv"
	"time"

	"spanaudit/rules"
)

// htmlFact is a name and what it names.
type htmlFact struct {
	Name, Value string
	SHA256      string // of it
}

// Facts says what was audited, by what and when.
func (p *htmlPage) Facts() []htmlFact {
	var list []htmlFact
	add := func(name, value, digest string) {
		if value != "" {
			list = append(list, htmlFact{name, value, digest})
		}
	}
	policy := &p.Policy
	add("Site", policy.Description, "")
	add("Policy", joined(policy.Name, policy.Version), policy.SHA256)
	for i, b := range policy.Extends {
		add("Profile "+strconv.Itoa(i+1)+" below it", joined(b.Name, b.Version), b.SHA256)
	}
	add("Owner", policy.Owner, "")
	add("Approved by", joined(policy.ApprovedBy, policy.ApprovedOn), "")
	add("To be reviewed by", policy.ReviewBy, "")
	add("Vantage", vantage(policy.Vantage), "")
	if p.Anonymized {
		add("Addresses", "IP addresses and MACs were replaced by others, each by the same one in the whole report", "")
	}
	add("Period", periodLine(p.Period), "")
	add("Program", joined(p.Tool.Name, p.Tool.Version), "")
	add("Time of this report", p.When(), "")
	return list
}

// When returns the time of the report.
func (p *htmlPage) When() string {
	if p.Reported == 0 {
		return "not recorded"
	}
	return dated(p.Reported)
}

// Title names the report.
func (p *htmlPage) Title() string {
	if p.Policy.Name == "" {
		return "Traffic audit"
	}
	return "Traffic audit: " + p.Policy.Name
}

// PeriodLine says from when to when packets were judged.
func (p *htmlPage) PeriodLine() string { return periodLine(p.Period) }

func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + ", " + b
}

// vantage says what the place of capture shows.
func vantage(v string) string {
	switch v {
	case "":
		return "not declared"
	case "inside-nat":
		return "inside-nat: on the site's side of address translation, where each device has its own address"
	case "outside-nat":
		return "outside-nat: on the internet's side of address translation, where devices share an address"
	case "routed":
		return "routed: behind a router, where devices keep their addresses and not their MACs"
	case "unknown":
		return "unknown"
	}
	return v
}

// htmlDevice is a declared device and what came out for it.
type htmlDevice struct {
	DeclaredDevice
	Seen   []string // its addresses, and how it was known
	Counts []htmlCount
}

// DeclaredDevices returns the devices of the policy.
func (p *htmlPage) DeclaredDevices() []htmlDevice {
	seen := map[string][]string{}
	for _, h := range p.Coverage.Devices {
		if h.ID != "" && h.IP.IsValid() {
			seen[h.ID] = append(seen[h.ID], h.IP.String())
		}
	}
	n := map[string]map[rules.Verdict]uint64{}
	for _, q := range p.Requirements {
		for _, v := range q.Devices {
			if n[v.ID] == nil {
				n[v.ID] = map[rules.Verdict]uint64{}
			}
			n[v.ID][v.Verdict]++
		}
	}
	var list []htmlDevice
	for _, d := range p.Policy.Devices {
		device := htmlDevice{DeclaredDevice: d, Seen: seen[d.ID]}
		for _, v := range verdicts() {
			if n := n[d.ID][v.verdict]; n > 0 {
				device.Counts = append(device.Counts, htmlCount{Class: newHTMLVerdict(v.verdict).Class, Words: v.words, N: n})
			}
		}
		list = append(list, device)
	}
	return list
}

// Undeclared returns the local hosts that were seen and that the policy does not
// declare.
func (p *htmlPage) Undeclared() []Device {
	var list []Device
	for _, h := range p.Coverage.Devices {
		if h.ID == "" {
			list = append(list, h)
		}
	}
	return list
}

// Frames says how the frames that were read and the packets that were judged
// come to add up.
func (p *htmlPage) Frames() string {
	var read uint64
	for _, in := range p.Inputs {
		read += in.Packets
	}
	text := fmt.Sprintf("%s read from %s; %s judged, as parts of %s.", were(read, "frame"), count(len(p.Inputs), "input"),
		were(p.Coverage.Packets, "packet"), count(p.Coverage.Flows, "flow"))
	if read > p.Coverage.Packets {
		text += fmt.Sprintf(" The other %s part of no flow: copies that the mirror port made, fragments, frames without IP such as ARP, and what stands below.", these(read-p.Coverage.Packets))
	}
	return text
}

func these(n uint64) string {
	if n == 1 {
		return "1 is"
	}
	return thousands(n) + " are"
}

// Limits says what was not seen, or seen and not understood.
func (p *htmlPage) Limits() []string { return limits(&p.Coverage) }

// KnownBy says by what the declared devices were told.
func (p *htmlPage) KnownBy() string { return knownBy(p.Coverage.Devices) }

// Protocols counts the flows by protocol.
func (p *htmlPage) Protocols() string { return tally(p.Coverage.Protocols, len(p.Coverage.Protocols)) }

// exactly writes a time so that it can be found in a capture.
func exactly(t Instant) string {
	return t.UTC().Format(time.DateOnly + " 15:04:05.000000")
}
