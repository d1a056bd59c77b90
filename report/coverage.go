package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Coverage is what the verdicts rest on: what was seen, what was not, and what
// was given up. rules.Coverage says what each count means. Counts are written
// even when they are zero: they say that something was looked for.
type Coverage struct {
	Packets      uint64            `json:"packets"`
	Flows        uint64            `json:"flows"`
	TCPFlows     uint64            `json:"tcp_flows"`
	Protocols    map[string]uint64 `json:"protocols"` // flows
	Devices      []Device          `json:"devices"`   // local hosts that were seen
	MoreDevices  int               `json:"more_devices,omitempty"`
	OneSided     uint64            `json:"one_sided"`
	Midstream    uint64            `json:"midstream"`
	Unknown      uint64            `json:"unknown"`
	Gapped       uint64            `json:"gapped"`
	Evicted      uint64            `json:"evicted"`
	Starved      uint64            `json:"starved"`
	Forgotten    uint64            `json:"forgotten"`
	Clipped      uint64            `json:"clipped"`
	Panics       uint64            `json:"panics"`
	Outside      uint64            `json:"outside"`
	BadChecksums uint64            `json:"bad_checksums"`
	Capture      CaptureLoss       `json:"capture"`

	// Of an audit by the record of a watch.
	Blind      []Blind `json:"blind,omitempty"`
	Open       uint64  `json:"open,omitempty"`       // flows, judged as they stood when the watch was killed, or when they were asked for
	Unrecorded uint64  `json:"unrecorded,omitempty"` // events
	Running    bool    `json:"running,omitempty"`    // the watch went on, and the time that was asked for was not over
}

// Blind is a time in which the sensor saw nothing, or of which nothing is kept.
type Blind struct {
	From  Instant `json:"from"`
	To    Instant `json:"to"`
	Cause string  `json:"cause"`
}

// CaptureLoss is what the capture itself lost, cut or could not decode.
type CaptureLoss struct {
	Dropped          uint64            `json:"dropped"`
	Cut              uint64            `json:"cut"`
	TCPBytes         uint64            `json:"tcp_bytes"`
	Unseen           uint64            `json:"unseen_tcp_bytes"`
	Undecoded        map[string]uint64 `json:"undecoded"`
	FragmentsGivenUp uint64            `json:"fragments_given_up"`
	Late             uint64            `json:"late"`
	Filter           string            `json:"filter,omitempty"`
	Filtered         uint64            `json:"filtered,omitempty"`
	Broken           int               `json:"broken_inputs"`
	Outages          uint64            `json:"outages,omitempty"`
	BlindMillis      uint64            `json:"blind_milliseconds,omitempty"`
}

func newCoverage(c *rules.Coverage) Coverage {
	loss := &c.Capture
	return Coverage{
		Packets: c.Packets, Flows: c.Flows, TCPFlows: c.TCPFlows, Protocols: counts(c.Protocols),
		Devices: mapped(c.Devices, newDevice), MoreDevices: c.MoreDevices,
		OneSided: c.OneSided, Midstream: c.Midstream, Unknown: c.Unknown, Gapped: c.Gapped,
		Evicted: c.Evicted, Starved: c.Starved, Forgotten: c.Forgotten, Clipped: c.Clipped, Panics: c.Panics, Outside: c.Outside, BadChecksums: c.BadChecksums,
		Capture: CaptureLoss{
			Dropped: loss.Dropped, Cut: loss.Cut, TCPBytes: loss.TCPBytes, Unseen: loss.Unseen,
			Undecoded: counts(loss.Undecoded), FragmentsGivenUp: loss.FragmentsGivenUp, Late: loss.Late,
			Filter: loss.Filter, Filtered: loss.Filtered, Broken: loss.Broken,
			Outages: loss.Outages, BlindMillis: uint64(max(loss.Blind.Milliseconds(), 0)),
		},
	}
}

// counts makes an empty object of none.
func counts(m map[string]uint64) map[string]uint64 {
	if m == nil {
		return map[string]uint64{}
	}
	return m
}

// Bounds of the lists in a line of the coverage.
const (
	maxProtocols = 12
	maxReasons   = 6
	maxBlind     = 20
)

// Lines says in sentences what the verdicts rest on, then what limits them, written
// as by the function Line. There is always a first.
func (c *Coverage) Lines() []string { return coverageLines(c) }

// coverageLines says what the verdicts rest on, then what limits them; nothing is
// said of what was in order.
func coverageLines(c *Coverage) []string {
	if c.Packets == 0 {
		return append([]string{"No packet could be judged: nothing is shown about this network."}, limits(c)...)
	}
	seen := fmt.Sprintf("Judged: %s in %s", count(c.Packets, "packet"), count(c.Flows, "flow"))
	if hosts := len(c.Devices) + c.MoreDevices; hosts > 0 {
		seen += ", " + count(hosts, "local host")
	}
	lines := []string{seen + "."}
	if known := knownBy(c.Devices); known != "" {
		lines = append(lines, known)
	}
	if len(c.Protocols) > 0 {
		lines = append(lines, "Flows by protocol: "+tally(c.Protocols, maxProtocols)+".")
	}
	limited := limits(c)
	if len(limited) > 0 {
		lines = append(lines, "What follows limits what can be believed; a violation in traffic that was not seen is not in this report.")
	}
	return append(lines, limited...)
}

// knownBy says by what the declared devices were told, "" where none was seen.
func knownBy(hosts []Device) string {
	var words []string
	for _, way := range []struct{ key, words string }{
		{"mac", "by MAC"}, {"lease", "by the MAC that a lease gave their address to"}, {"address", "by address alone"},
	} {
		devices := map[string]bool{}
		for _, h := range hosts {
			if h.KnownBy == way.key {
				devices[h.ID] = true
			}
		}
		if n := len(devices); n > 0 {
			words = append(words, fmt.Sprintf("%s %s", count(uint64(n), "declared device"), way.words))
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "Known: " + strings.Join(words, ", ") + "."
}

// limits lists what was not seen, or seen and not understood.
func limits(c *Coverage) []string {
	var lines []string
	for i, b := range c.Blind {
		if i == maxBlind {
			lines = append(lines, fmt.Sprintf("And %s more in which nothing was seen.", count(len(c.Blind)-i, "time")))
			break
		}
		lines = append(lines, Line(fmt.Sprintf("Nothing was seen from %s to %s UTC (%s): %s.", b.From.UTC().Format(time.DateTime), b.To.UTC().Format(time.DateTime),
			duration(flow.Time(b.To).Sub(flow.Time(b.From))), b.Cause)))
	}
	if c.Running {
		lines = append(lines, "The watch went on when this report was made: what it saw later is not in it.")
	}
	say := func(n uint64, format string, args ...any) {
		if n > 0 {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	say(c.Open, "%s under way when the watch was killed, or when this report was made: judged as far as they had come.", were(c.Open, "flow"))
	say(c.Unrecorded, "%s not recorded for lack of room: flows that ended, names that were learned.", were(c.Unrecorded, "event"))
	loss := &c.Capture
	if loss.Filter != "" {
		lines = append(lines, fmt.Sprintf("A filter hid %s on purpose: %s", count(loss.Filtered, "frame"), Line(loss.Filter)))
	}
	say(uint64(loss.Broken), "%s not be read whole: the rest is missing here.", count(uint64(loss.Broken), "input")+" could")
	say(loss.Outages, "The interface was down or without carrier %s, %.1f s in all: what passed then was not seen.", count(loss.Outages, "time"), float64(loss.BlindMillis)/1000)
	say(loss.Dropped, "The capture itself lost %s, as its writer or the kernel counted.", count(loss.Dropped, "packet"))
	say(loss.Cut, "%s cut short by the capture's snap length: capture whole packets.", were(loss.Cut, "packet"))
	say(loss.Unseen, "%s passed without being seen%s.", count(loss.Unseen, "byte")+" of TCP", share(loss.Unseen, loss.Unseen+loss.TCPBytes))
	say(uint64(len(loss.Undecoded)), "Frames that could not be decoded: %s.", tally(loss.Undecoded, maxReasons))
	say(loss.FragmentsGivenUp, "%s never put together: the rest did not come.", were(loss.FragmentsGivenUp, "IP fragment"))
	say(loss.Late, "%s stored too late to be put in order.", were(loss.Late, "packet"))
	say(c.OneSided, "%s seen in one direction only%s: make sure that the mirror port copies both.", were(c.OneSided, "TCP flow"), share(c.OneSided, c.Flows))
	say(c.Midstream, "%s under way when the capture began: the handshake was not seen.", were(c.Midstream, "TCP flow"))
	say(c.Gapped, "%s bytes that were never seen.", have(c.Gapped, "TCP flow"))
	say(c.Unknown, "%s a protocol that is not known here%s.", carried(c.Unknown), share(c.Unknown, c.Flows))
	say(c.Outside, "%s no end at the site: check the zones of the policy.", have(c.Outside, "flow"))
	say(c.Evicted, "%s ended early for lack of memory.", were(c.Evicted, "flow"))
	say(c.Starved, "%s not examined to the end for lack of memory.", were(c.Starved, "flow"))
	say(c.Forgotten, "%s not remembered for lack of memory: names and media ports may be missing.", were(c.Forgotten, "fact"))
	say(c.Clipped, "%s more than is kept of one: names that were asked for, requests or streams are missing.", count(c.Clipped, "flow")+" said")
	say(c.Panics, "%s not classified, because the decoder failed on a message: please report it.", were(c.Panics, "flow"))
	say(c.BadChecksums, "%s a wrong checksum, as offload makes it on the machine that captures; they were judged all the same.", have(c.BadChecksums, "packet"))
	return lines
}

func were(n uint64, noun string) string {
	if n == 1 {
		return count(n, noun) + " was"
	}
	return count(n, noun) + " were"
}

func have(n uint64, noun string) string {
	if n == 1 {
		return count(n, noun) + " has"
	}
	return count(n, noun) + " have"
}

func carried(n uint64) string { return count(n, "flow") + " carried" }

// share writes a part of a whole in per cent, or nothing where there is no
// whole.
func share(part, whole uint64) string {
	if whole == 0 {
		return ""
	}
	percent := 100 * float64(part) / float64(whole)
	switch {
	case percent < 0.1:
		return " (less than 0.1%)"
	case percent < 10:
		return fmt.Sprintf(" (%.1f%%)", percent)
	}
	return fmt.Sprintf(" (%.0f%%)", percent)
}

// tally lists what was counted, most first, at most limit of it.
func tally(counts map[string]uint64, limit int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(len(names), limit)] {
		parts = append(parts, thousands(counts[name])+" "+Line(name))
	}
	if more := len(names) - limit; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more kinds", more))
	}
	return strings.Join(parts, ", ")
}
