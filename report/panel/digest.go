package panel

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"spanaudit/report"
	"spanaudit/rules"
)

// digest is what the page and the metrics show of an audit. It is made once of
// each; its text is as report.Line writes it.
type digest struct {
	headline     string
	severities   [rules.Critical + 1]int // findings that no waiver excuses
	waived       int
	findings     map[ofRule]int // the same, by rule
	excused      map[ofRule]int // findings that a waiver excuses
	requirements []requirement
	traffic      []traffic
	coverage     []string
}

// ofRule is what findings are counted by.
type ofRule struct {
	rule     string
	severity rules.Severity
}

// requirement is the verdict on one rule.
type requirement struct {
	Class    string `json:"class"`
	Verdict  string `json:"verdict"` // in words
	Rule     string `json:"rule"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Ground   string `json:"ground"` // what it rests on
	rank     int
}

// traffic is what was seen of a protocol.
type traffic struct {
	Protocol string `json:"protocol"`
	Amount   string `json:"amount"`
	Share    int    `json:"share"` // of the most that any has, in per cent
	bytes    uint64
	flows    uint64
}

const (
	maxTraffic      = 14
	maxRequirements = 200
	maxLines        = 30
)

// newDigest makes one of an audit and the counts of its findings, nil where they
// are all there, and an empty one of none.
func newDigest(a *report.Audit, counts []FindingCount) *digest {
	d := &digest{findings: map[ofRule]int{}, excused: map[ofRule]int{}, headline: "Nothing was audited yet."}
	if a == nil {
		return d
	}
	if counts == nil {
		counts = countsOf(a)
	}
	all := 0
	for _, c := range counts {
		if c.Severity < rules.Info || c.Severity > rules.Critical {
			continue
		}
		by := ofRule{c.Rule, c.Severity}
		d.severities[c.Severity] += c.Findings
		d.findings[by] += c.Findings
		d.waived += c.Waived
		d.excused[by] += c.Waived
		all += c.Findings + c.Waived
	}
	d.headline = headline(a, all)
	for _, q := range a.Requirements[:min(len(a.Requirements), maxRequirements)] {
		d.requirements = append(d.requirements, newRequirement(&q))
	}
	slices.SortStableFunc(d.requirements, func(x, y requirement) int { return cmp.Compare(x.rank, y.rank) })
	d.traffic = newTraffic(a)
	lines := a.Coverage.Lines()
	for _, line := range lines[:min(len(lines), maxLines)] {
		d.coverage = append(d.coverage, clip(line, 600))
	}
	return d
}

// countsOf counts each finding of an audit.
func countsOf(a *report.Audit) (counts []FindingCount) {
	for i := range a.Findings {
		f := &a.Findings[i]
		c := FindingCount{Rule: f.Rule, Severity: f.Severity, Findings: 1}
		if f.Waiver != nil {
			c.Findings, c.Waived = 0, 1
		}
		counts = append(counts, c)
	}
	return counts
}

func headline(a *report.Audit, findings int) string {
	failed := 0
	for _, q := range a.Requirements {
		if q.Verdict == rules.Fail {
			failed++
		}
	}
	switch {
	case a.Coverage.Packets == 0:
		return "No packet could be judged yet: nothing is shown about this network."
	case failed > 0:
		return fmt.Sprintf("%d of %s failed, with %s.", failed, counted(len(a.Requirements), "requirement"), counted(findings, "finding"))
	case findings > 0:
		return fmt.Sprintf("Of %s none failed; of %s it could not be decided.", counted(len(a.Requirements), "requirement"), counted(findings, "finding"))
	}
	return fmt.Sprintf("No violation was observed in %s. What was not observed is not shown to hold.", counted(a.Coverage.Flows, "flow"))
}

func newRequirement(q *report.Requirement) requirement {
	rank, v := verdictOf(q.Verdict)
	r := requirement{Class: v.class, Verdict: v.words, Rule: clip(q.Rule, 80), Title: clip(q.Title, 160), Severity: q.Severity.String(), rank: rank}
	if q.Examined+q.Undecided > 0 {
		r.Ground = number(q.Examined) + " examined"
		if q.Failed > 0 {
			r.Ground += ", " + number(q.Failed) + " failed"
		}
		if q.Undecided > 0 {
			r.Ground += ", " + number(q.Undecided) + " undecided"
		}
		r.Ground += ". "
	}
	if q.Excused {
		r.Ground += "Every violation is waived."
		return r // which is what its reason says, too
	}
	r.Ground += clip(q.Reason, 300)
	return r
}

// newTraffic lists protocols by the bytes that crossed or stayed within zones,
// then by flows.
func newTraffic(a *report.Audit) []traffic {
	by := map[string]*traffic{}
	of := func(protocol string) *traffic {
		if by[protocol] == nil {
			by[protocol] = &traffic{Protocol: protocol}
		}
		return by[protocol]
	}
	for _, x := range a.Crossings {
		of(x.Protocol).bytes += x.Bytes
	}
	for protocol, flows := range a.Coverage.Protocols {
		of(protocol).flows += flows
	}
	list := slices.SortedFunc(maps.Values(by), func(x, y *traffic) int {
		return cmp.Or(cmp.Compare(y.bytes, x.bytes), cmp.Compare(y.flows, x.flows), cmp.Compare(x.Protocol, y.Protocol))
	})
	var shown []traffic
	for _, t := range list[:min(len(list), maxTraffic)] {
		if most := list[0].bytes; most > 0 {
			t.Share = int(100 * float64(t.bytes) / float64(most))
		}
		t.Protocol, t.Amount = clip(t.Protocol, 40), scaled(float64(t.bytes), "B")+", "+counted(t.flows, "flow")
		shown = append(shown, *t)
	}
	if more := len(list) - len(shown); more > 0 {
		shown = append(shown, traffic{Protocol: "others", Amount: counted(more, "protocol")})
	}
	return shown
}
