package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"spanaudit/flow"
	"spanaudit/report"
)

// checks says what came out of the visit.
func (v *visit) checks() []report.Check {
	list := []report.Check{v.link(), v.promiscuous(), v.offloads(), v.traffic(), v.directions(), v.tags(), v.addresses(), v.router()}
	if len(v.policy.Devices) > 0 {
		list = append(list, v.devices())
	}
	for _, c := range []report.Check{v.merged(), v.cut(), v.copies(), v.drops(), v.stamps()} {
		if v.stats.Frames == 0 && c.State == report.Right { // not seen is not fine
			c.State, c.Says = report.Open, "no frame was seen"
		}
		list = append(list, c)
	}
	list = append(list, v.systemClock())
	if v.flags.canary != "" {
		list = append(list, v.canaryFound())
	}
	if v.flags.replay != "" {
		list = append(list, v.replayFound())
	}
	return list
}

func (v *visit) link() report.Check {
	c := report.Check{Name: "link", State: report.Right, Says: v.after.String()}
	switch {
	case v.stats.Outages > 0:
		c.State, c.Says = report.Wrong, fmt.Sprintf("it was down %s, for %v", countOf(v.stats.Outages, "time", "times"), v.stats.Blind.Round(time.Millisecond))
		c.Do = "find out why: the cable, the switch's port, or this machine's network configuration"
	case !v.after.known:
		c.State, c.Says = report.Open, "the system does not tell"
	case !v.after.up || !v.before.up:
		c.State, c.Do = report.Wrong, "plug the cable in, enable the mirror port on the switch, or: ip link set "+v.flags.iface+" up"
	}
	return c
}

func (v *visit) promiscuous() report.Check {
	c := report.Check{Name: "promiscuous", State: report.Right, Says: "frames for others are taken, too"}
	switch {
	case !v.before.told:
		c.State, c.Says = report.Open, "the system does not tell"
	case !v.before.promiscuous:
		c.State, c.Says, c.Do = report.Look, "frames for others may not be taken", "ip link set "+v.flags.iface+" promisc on"
	}
	return c
}

func (v *visit) offloads() report.Check {
	c := report.Check{Name: "offloads", State: report.Right, Says: "the adapter and the kernel merge no frames"}
	on := v.after.offloads
	switch {
	case on == nil:
		c.State, c.Says = report.Open, "the system does not tell"
	case len(on) > 0:
		c.State, c.Says = report.Look, "segments are merged before they are seen: "+strings.Join(on, ", ")
		c.Do = fmt.Sprintf("ethtool -K %s %s off", v.flags.iface, strings.Join(on, " off "))
	}
	return c
}

func (v *visit) traffic() report.Check {
	c := report.Check{Name: "traffic", State: report.Right, Says: fmt.Sprintf("%s of %s, %s", count(v.seen.packets, "packet"), count(v.stats.Frames, "frame"), count(v.coverage.Flows, "flow"))}
	switch {
	case v.failed != nil:
		c.State, c.Says, c.Do = report.Wrong, v.failed.Error(), "see that the interface stays up"
	case v.seen.packets == 0:
		c.State, c.Do = report.Wrong, "nothing arrives: "+v.mirror()
	case v.seen.unicast == 0:
		c.State, c.Says, c.Do = report.Wrong, c.Says+", none of them to one station", "what arrives every port gets: "+v.mirror()
	}
	return c
}

func (v *visit) mirror() string {
	return "see that the switch mirrors to the port that " + v.flags.iface + " is plugged into"
}

// lookPercent and wrongPercent are the shares from which on something is to be
// looked at, or wrong.
const (
	lookPercent  = 5
	wrongPercent = 50
)

func (v *visit) directions() report.Check {
	flows, oneSided := v.coverage.TCPFlows, v.coverage.OneSided
	if n := uint64(canaryFlows); len(v.canary) > 0 && flows >= n {
		flows -= n
	}
	c := report.Check{Name: "both directions", State: report.Right, Says: fmt.Sprintf("%d of %s seen from one side only", oneSided, count(flows, "TCP conversation"))}
	switch {
	case flows == 0:
		c.State, c.Says, c.Do = report.Look, "no TCP conversation was seen", "look for longer (--for), while the devices are in use"
	case oneSided*100 >= flows*wrongPercent:
		c.State = report.Wrong
	case oneSided*100 >= flows*lookPercent:
		c.State = report.Look
	}
	if oneSided > 0 && c.State != report.Right {
		c.Do = "have the switch mirror both directions (on many: both, not rx), and all links of a bundle"
	}
	return c
}

func (v *visit) tags() report.Check {
	c := report.Check{Name: "VLANs", State: report.Right}
	var said []string
	for _, tag := range sortedTags(v.seen.vlans) {
		name := fmt.Sprint(tag)
		if tag == 0 {
			name = "untagged"
		}
		said = append(said, fmt.Sprintf("%s (%s)", name, count(v.seen.vlans[tag], "packet")))
	}
	if more := len(said) - listed; more > 0 {
		said = append(said[:listed], fmt.Sprintf("and %d more", more))
	}
	if c.Says = strings.Join(said, ", "); c.Says == "" {
		c.State, c.Says = report.Open, "no packet was seen"
	}
	return c
}

// listed is how many of a kind are named.
const listed = 8

func sortedTags(m map[uint16]uint64) []uint16 {
	var list []uint16
	for tag := range m {
		list = append(list, tag)
	}
	slices.Sort(list)
	return list
}

func (v *visit) addresses() report.Check {
	c := report.Check{Name: "hosts", State: report.Right, Says: count(len(v.seen.hosts), "local host") + " sent"}
	if len(v.seen.hosts) == 0 {
		c.State, c.Do = report.Look, "see that the mirror port copies the VLAN of the devices, and that the policy's zones are the site's"
	}
	return c
}

func (v *visit) router() report.Check {
	mac, addrs := v.seen.gateway()
	c := report.Check{Name: "gateway", State: report.Right, Says: fmt.Sprintf("%s carries %s from beyond the site", mac, countOf(addrs, "address", "addresses"))}
	if mac == (flow.MAC{}) {
		c.State, c.Says = report.Look, "nothing from beyond the site was seen"
		c.Do = "if the devices do speak with the internet, mirror the port or VLAN in which they reach the gateway"
	}
	return c
}

func countOf[N int | uint64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (v *visit) devices() report.Check {
	var missing []string
	for _, d := range v.policy.Devices {
		if !v.seen.declared[d.ID] {
			missing = append(missing, d.ID)
		}
	}
	c := report.Check{Name: "devices", State: report.Right, Says: fmt.Sprintf("%d of %d that the policy declares were seen", len(v.policy.Devices)-len(missing), len(v.policy.Devices))}
	if len(missing) == 0 {
		return c
	}
	c.State = report.Look
	if len(missing) == len(v.policy.Devices) {
		c.State = report.Wrong
	}
	more := ""
	if len(missing) > listed {
		missing, more = missing[:listed], ", …"
	}
	c.Says += "; not " + strings.Join(missing, ", ") + more
	c.Do = "see that they are on, that the mirror port copies theirs, and that the policy has their present addresses"
	return c
}

func (v *visit) merged() report.Check {
	jumbo, merged := v.seen.sizes[0], v.seen.sizes[1]
	c := report.Check{Name: "frame sizes", State: report.Right, Says: fmt.Sprintf("the largest packet has %s", count(v.seen.largest, "byte"))}
	if jumbo > 0 {
		c.State = report.Look
		c.Says += fmt.Sprintf("; %s than Ethernet's 1500 bytes: jumbo frames, or segments that were merged", larger(jumbo))
		c.Do = fmt.Sprintf("for jumbo frames: ip link set %s mtu 9216; against merging: ethtool -K %s gro off lro off", v.flags.iface, v.flags.iface)
	}
	if merged > 0 {
		c.Says += fmt.Sprintf("; %s than any network carries: merged", larger(merged))
	}
	return c
}

func larger(n int) string { return count(n, "packet") + " larger" }

func (v *visit) cut() report.Check {
	c := report.Check{Name: "whole frames", State: report.Right, Says: "no frame is cut"}
	if v.stats.Cut > 0 {
		c.State, c.Says = report.Wrong, count(v.stats.Cut, "frame")+" cut short"
		c.Do = "have the switch or the tap copy whole frames (no truncation, no header slicing)"
	}
	return c
}

func (v *visit) copies() report.Check {
	c := report.Check{Name: "copies", State: report.Right, Says: fmt.Sprintf("%s of a packet seen before", count(v.duplicates, "duplicate"))}
	if v.duplicates*100 > v.seen.packets {
		c.State = report.Look
		c.Says += ", which an audit leaves out"
		c.Do = "they cost the mirror port bandwidth: mirror a VLAN or its ports, not both, and of two ports that speak with each other one"
	}
	return c
}

func (v *visit) drops() report.Check {
	lost := v.stats.Dropped
	c := report.Check{Name: "drops", State: report.Right, Says: fmt.Sprintf("the capture dropped %d of %d", lost, v.stats.Received)}
	for _, name := range linkCounters {
		if n := v.after.counters[name] - v.before.counters[name]; n > 0 && v.after.counters[name] > v.before.counters[name] {
			c.Says += fmt.Sprintf("; %s %d", name, n)
			lost += n
		}
	}
	switch {
	case lost*1000 > max(v.stats.Received, 1):
		c.State = report.Wrong
	case lost > 0:
		c.State = report.Look
	}
	if lost > 0 {
		c.Do = fmt.Sprintf("give the adapter a longer ring (ethtool -G %s rx 4096), a faster port, or mirror less", v.flags.iface)
	}
	return c
}

func (v *visit) stamps() report.Check {
	c := report.Check{Name: "timestamps", State: report.Right, Says: "they only go forward"}
	if v.stats.Inversions > 0 {
		c.State, c.Says = report.Look, count(v.stats.Inversions, "frame")+" earlier than the one before"
		c.Do = "if the clock was set meanwhile, look again; else use timestamps of the kernel, not of the adapter"
	}
	return c
}

func (v *visit) systemClock() report.Check {
	c := report.Check{Name: "clock", State: report.Right, Says: fmt.Sprintf("synchronised, by the kernel to within %v", v.clock.maxError.Round(time.Millisecond))}
	switch {
	case v.clock.unknown != nil:
		c.State, c.Says = report.Open, "the system does not tell: "+v.clock.unknown.Error()
	case !v.clock.synchronised:
		c.State, c.Says = report.Look, "not synchronised: the times of findings may be wrong"
		c.Do = "run chrony, ntpd or systemd-timesyncd on this machine"
	}
	return c
}

func (v *visit) canaryFound() report.Check {
	c := report.Check{Name: "canary", State: report.Right, Says: "what was sent from " + v.flags.canary + " was found: " + strings.Join(v.canary, ", ")}
	var missing []string
	for _, rule := range canaryRules {
		if !slices.Contains(v.canary, rule) {
			missing = append(missing, rule)
		}
	}
	switch sent := len(canaryFrames()); {
	case v.unsent != nil:
		c.State, c.Says, c.Do = report.Wrong, "it was not sent: "+v.unsent.Error(), "see that "+v.flags.canary+" is up and that sending from it is permitted"
	case v.seen.canary == 0:
		c.State, c.Says = report.Wrong, fmt.Sprintf("none of %d frames sent from %s arrived", sent, v.flags.canary)
		c.Do = "see that the port that " + v.flags.canary + " is plugged into is one that the mirror port copies: no verdict means anything before"
	case len(missing) > 0:
		c.State = report.Wrong
		c.Says = fmt.Sprintf("%d of %d frames arrived; not found: %s", v.seen.canary, sent, strings.Join(missing, ", "))
		c.Do = "have both directions copied and nothing filtered; if all frames arrived, this is a fault of spanaudit"
	}
	return c
}

func (v *visit) replayFound() report.Check {
	c := report.Check{Name: "replay", State: report.Right, Says: "found in " + v.flags.replay + ": " + strings.Join(v.replayed, ", ")}
	if len(v.replayed) == 0 {
		c.State, c.Says, c.Do = report.Wrong, "no violation was found in "+v.flags.replay, "replay a capture that holds a violation of this policy"
	}
	return c
}
