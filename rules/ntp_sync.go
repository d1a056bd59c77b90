package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

// ntpSync judges whether hosts that ask for the time get it, and often enough.
type ntpSync struct {
	clients map[netip.Addr]*timekeeping
}

// timekeeping is what one host's asking for the time came to. Of each kind the
// first flow is kept, because it proves what is said.
type timekeeping struct {
	flows    int
	good     flow.Time // when the time was got last; 0 when never
	gapFrom  flow.Time // begin of the longest stretch without the time
	gap      time.Duration
	offset   time.Duration // the largest, by magnitude
	worst    *Case         // the flow that showed it
	first    *Case
	problems []string // why the time was not got, each once
}

func (*ntpSync) Doc() Doc {
	return Doc{
		ID:          "ntp-sync",
		Title:       "Clock is not being kept",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "each local host that asks for the time is answered by a server of stratum 1 to 15 without alarm or kiss code, whose clock is within ntp.max_offset (1s) of the capture's, at least every ntp.max_gap (36h)",
		Why:         "A clock that is off makes valid certificates look expired and logs worthless as evidence.",
		Fails:       "no answer, none but such answers, a larger offset where the policy trusts the capture's clock (capture.clock), or a longer gap",
		NotSeen:     "no NTP request was seen",
		Remediation: "Mend the way to the server, or the server, and add a second source.",
		Source:      "AWS Panorama security page: NTP keeps the clock in sync; RFC 5905",
	}
}

const maxTimeProblems = 8

func (r *ntpSync) Judge(c *Case) {
	n := c.NTP
	if n == nil || c.clientTrust != Local || c.Between() == Group || n.Requests == 0 || !asksTime(n) {
		return
	}
	k := r.of(c)
	if k == nil {
		c.Undecided("more hosts that ask for the time than are remembered")
		return
	}
	k.flows++
	if k.first == nil || c.Start < k.first.Start {
		k.first = c.keep()
	}
	problem := timeProblem(n, c.Answered())
	if problem != "" {
		k.problems = addOnceTo(k.problems, fmt.Sprintf("%s of %s", problem, c.peer(&c.Server, c.Server.Addr.Port())), maxTimeProblems)
		return
	}
	if k.good > 0 && c.Start.Sub(k.good) > k.gap {
		k.gapFrom, k.gap = k.good, c.Start.Sub(k.good)
	}
	k.good = max(k.good, c.End)
	if n.Paired && (k.worst == nil || n.Offset.Abs() > k.offset.Abs()) {
		k.offset, k.worst = n.Offset, c.keep()
	}
}

// of returns what is remembered of the flow's client, nil where nothing more is.
func (r *ntpSync) of(c *Case) *timekeeping {
	client := c.Client.Addr.Addr()
	k := r.clients[client]
	if k == nil && len(r.clients) < maxHosts {
		k = &timekeeping{}
		if r.clients == nil {
			r.clients = map[netip.Addr]*timekeeping{}
		}
		r.clients[client] = k
	}
	return k
}

func addOnceTo(list []string, s string, limit int) []string {
	if len(list) >= limit || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// timeProblem says why the answers of a flow give no time, or is empty.
// Symmetric peers ask each other, and neither answers.
func timeProblem(n *classify.NTP, answered bool) string {
	synchronised := func(stratum uint8) bool { return stratum >= 1 && stratum <= 15 }
	symmetric := slices.Contains(n.Modes, 1) || slices.Contains(n.Modes, 2)
	switch {
	case n.Responses == 0 && !(symmetric && answered):
		return "no answer"
	case len(n.KissCodes) > 0 && !slices.ContainsFunc(n.Strata, synchronised):
		return fmt.Sprintf("kiss code %q", n.KissCodes[0])
	case !slices.ContainsFunc(n.Strata, synchronised):
		return "an unsynchronised answer (stratum 0 or 16)"
	case n.LeapIndicator == 3:
		return "an answer with alarm (leap indicator 3)"
	}
	return ""
}

// Conclude judges each client.
func (r *ntpSync) Conclude(c *Conclusion) {
	for _, a := range slices.SortedFunc(maps.Keys(r.clients), netip.Addr.Compare) {
		r.conclude(c, r.clients[a])
	}
}

func (r *ntpSync) conclude(c *Conclusion, k *timekeeping) {
	policy := c.Policy
	limit, maxGap := policy.NTP.MaxOffset, policy.NTP.MaxGap
	device, peer := k.first.Parties()
	gap, gapFrom := k.gap, k.gapFrom
	if silence := c.End.Sub(k.good); k.good > 0 && silence > gap {
		gap, gapFrom = silence, k.good
	}
	switch {
	case k.good == 0 && c.Coverage.OneSided > 0:
		k.first.Undecided("requests without answer, in a capture that shows other flows in one direction only")
	case k.good == 0 && len(captureLosses(c.Coverage, policy)) > 0:
		k.first.Undecided("requests without answer, in a capture that lost packets")
	case k.good == 0:
		slices.Sort(k.problems)
		k.first.Fail(Violation{
			Device: device, Peer: peer,
			Message: fmt.Sprintf("%s asked for the time and did not get it (%s); a synchronised answer is wanted", device, strings.Join(k.problems, ", ")),
		})
	case limit > 0 && k.worst != nil && k.offset.Abs() > limit+policy.Capture.ClockMaxError:
		r.judgeOffset(k, policy)
	case maxGap > 0 && gap > maxGap:
		k.first.Fail(Violation{
			Device: device, Peer: peer, Variant: "gap",
			Message: fmt.Sprintf("%s did not get the time for %s, from %s on; at most %s is wanted", device, gap.Round(time.Minute), gapFrom.UTC().Format(time.DateTime), maxGap),
		})
	default:
		k.first.Examine()
	}
	k.first.ledger.examined += k.flows - 1
}

// judgeOffset judges a server's clock that differs from the capture's: which of
// them is wrong only a policy that trusts the capture's can tell.
func (r *ntpSync) judgeOffset(k *timekeeping, p *Policy) {
	if p.Capture.ClockSource == "" {
		k.worst.Undecided("a server whose clock differs from the capture's by more than ntp.max_offset, where the policy does not say that the capture's is right (capture.clock)")
		return
	}
	device, peer := k.worst.Parties()
	k.worst.Fail(Violation{
		Device: device, Peer: peer, Variant: "offset",
		Message: fmt.Sprintf("%s was told a time by %s that is %s off; at most %s is wanted", device, peer, k.offset.Round(time.Millisecond), p.NTP.MaxOffset),
	})
}
