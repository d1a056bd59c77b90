package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A score counts where flow records and truth agree.
//
//   - A protocol is found where the truth names it and a record of the flow
//     does; it is false where a record names it and the truth another. What the
//     truth leaves open (unknown, other:…, …?) is neither.
//   - A field is asked of flows whose protocol the truth names, and where the
//     truth knows it: right, wrong or missing. A value where the truth says
//     that the capture shows none is invented, and listed.
//   - No more than 40 flows of a protocol in a capture count, so that one large
//     capture does not decide.
type score struct {
	t               *testing.T
	found           map[string]*detection
	fields          map[string]*tally
	secrecyInvented int
	unused          map[difference]bool
}

type detection struct{ right, missed, wrong int }

type tally struct{ right, wrong, missing, invented int }

const flowsThatCount = 40

func newScore(t *testing.T) *score {
	s := &score{t: t, found: map[string]*detection{}, fields: map[string]*tally{}, unused: map[difference]bool{}}
	for _, d := range differences() {
		s.unused[d] = true
	}
	return s
}

// capture counts one capture.
func (s *score) capture(name string, truth, records []object) {
	seen, invented := map[string]int{}, map[string]int{}
	for i, ours := range pairs(truth, records) {
		c := comparison{s, name, truth[i], ours, truthProtocols(truth[i]), recordProtocols(ours)}
		c.ends()
		for _, p := range scoredProtocols() {
			c.protocol(p, seen, invented)
		}
		for _, f := range fields() {
			protocol, _, _ := strings.Cut(f.name, ".")
			if c.theirs[protocol] && seen[protocol] <= flowsThatCount {
				c.field(f, protocol)
			}
		}
	}
}

func scoredProtocols() []string {
	return []string{"tls", "dtls", "quic", "mqtt", "rtsp", "rtp", "rtcp", "ntp", "dns", "mdns", "llmnr", "dhcp", "dhcpv6", "http"}
}

// truthProtocols is what the truth names of a flow.
func truthProtocols(o object) map[string]bool {
	named := map[string]bool{}
	for _, p := range o.words("protocols") {
		named[strings.Replace(p, "gquic", "quic", 1)] = true
	}
	return named
}

// recordProtocols is what our records name of it. What is inside encryption is
// inferred, and the truth has only what is in clear.
func recordProtocols(records []object) map[string]bool {
	named := map[string]bool{}
	for _, r := range records {
		for _, p := range r.words("network.protocol") {
			named[p] = true
		}
		if r.at("network.wrapped_by") == nil {
			named[r.text("network.wrapped")] = true
		}
	}
	return named
}

// comparison is of one flow.
type comparison struct {
	*score
	capture string
	truth   object
	records []object
	theirs  map[string]bool
	ours    map[string]bool
}

// ends compares the Community ID and, where the truth saw who opened the
// connection, the client.
func (c *comparison) ends() {
	for _, r := range c.records {
		if got, want := r.text("network.community_id"), c.truth.text("community_id"); got != want {
			c.t.Errorf("%s: %s: Community ID %s, want %s", c.capture, truthTuple(c.truth), got, want)
		}
		if got, want := r.text("source.ip"), address(c.truth.text("client.ip")); c.truth.text("initiator") == "syn" && (got != want || r.number("source.port") != c.truth.number("client.port")) {
			c.t.Errorf("%s: %s: client %s, want %s", c.capture, truthTuple(c.truth), got, want)
		}
	}
}

func (c *comparison) protocol(p string, seen, invented map[string]int) {
	d := c.found[p]
	if d == nil {
		d = &detection{}
		c.found[p] = d
	}
	switch {
	case c.theirs[p]:
		if seen[p]++; seen[p] > flowsThatCount || c.known(p, c.ours[p]) {
			return
		}
		if c.ours[p] {
			d.right++
			return
		}
		d.missed++
		c.tell(p, "missed", keys(c.theirs), keys(c.ours))
	case c.ours[p] && !c.related(p):
		if invented[p]++; invented[p] > flowsThatCount || c.open() || c.known(p, false) {
			return
		}
		d.wrong++
		c.tell(p, "false", keys(c.theirs), keys(c.ours))
	}
}

// related reports that the truth calls p by the name of its kin.
func (c *comparison) related(p string) bool {
	for _, kin := range [][]string{{"dns", "mdns", "llmnr"}, {"rtp", "rtcp"}} {
		if slices.Contains(kin, p) && slices.ContainsFunc(kin, func(k string) bool { return c.theirs[k] }) {
			return true
		}
	}
	return false
}

// open reports that the truth does not know what the flow is.
func (c *comparison) open() bool {
	for p := range c.theirs {
		if p == "unknown" || strings.HasPrefix(p, "other:") || strings.HasSuffix(p, "?") {
			return true
		}
	}
	return false
}

func (c *comparison) field(f field, protocol string) {
	n := c.fields[f.name]
	if n == nil {
		n = &tally{}
		c.fields[f.name] = n
	}
	holed := c.holed()
	if holed && c.truth.text("proto") == "tcp" && f.count {
		return // nobody can vouch for counts across a hole
	}
	want, known := canonical(f.truth(c.truth))
	got, told := canonical(f.merged(c.records))
	right := told && got == want
	if f.optional && got == "" && want == "" {
		right = c.ours[protocol]
	}
	switch {
	case !known && (holed || got == "" || got == "false"):
	case c.known(f.name, known && right):
	case !known:
		n.invented++
		c.tell(f.name, "invented", want, got)
	case right:
		n.right++
	case got == "":
		n.missing++
		c.tell(f.name, "missing", want, got)
	default:
		n.wrong++
		if strings.HasSuffix(f.name, ".forward_secrecy") && got == "true" {
			c.secrecyInvented++
		}
		c.tell(f.name, "wrong", want, got)
	}
}

// holed reports that bytes of the flow are not in the capture, or not sound:
// absence proves nothing there.
func (c *comparison) holed() bool {
	return slices.ContainsFunc(c.truth.list("quality"), func(q any) bool {
		return q == "gap" || q == "snapped" || q == "malformed"
	})
}

// known reports that a disagreement about what is one of the differences.
func (c *comparison) known(what string, agreed bool) bool {
	for _, d := range differences() {
		if d.capture == c.capture && d.flow == truthTuple(c.truth) && !agreed && (d.what == what || strings.HasPrefix(what, d.what+".")) {
			delete(c.unused, d)
			return true
		}
	}
	return false
}

func (c *comparison) tell(what, how string, want, got any) {
	c.t.Logf("%s: %s: %s %s: truth %v, ours %v", c.capture, truthTuple(c.truth), what, how, want, got)
}

func keys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// atLeast wants recall and precision of protocols to reach a figure.
func (s *score) atLeast(least float64, protocols ...string) {
	for _, p := range protocols {
		d := s.found[p]
		if d == nil || d.right == 0 {
			s.t.Errorf("%s: none was found", p)
			continue
		}
		recall, precision := ratio(d.right, d.missed), ratio(d.right, d.wrong)
		s.t.Logf("%-5s %3d right, %d missed, %d false", p, d.right, d.missed, d.wrong)
		if recall < least || precision < least {
			s.t.Errorf("%s: recall %.3f and precision %.3f, want %.3f", p, recall, precision, least)
		}
	}
}

// fieldsAtLeast wants the share of fields that are right to reach a figure.
func (s *score) fieldsAtLeast(least float64, prefixes ...string) {
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		n := s.fields[name]
		s.t.Logf("%-22s %3d right, %d wrong, %d missing, %d invented", name, n.right, n.wrong, n.missing, n.invented)
		if got := ratio(n.right, n.wrong+n.missing); n.right == 0 || got < least {
			s.t.Errorf("%s: %.3f right, want %.3f", name, got, least)
		}
	}
}

func ratio(right, not int) float64 { return float64(right) / float64(max(right+not, 1)) }

// differencesHold wants every known difference to be one still.
func (s *score) differencesHold() {
	for d := range s.unused {
		s.t.Errorf("%s: no longer differs from the truth; take it off the list", fmt.Sprint(d))
	}
}
