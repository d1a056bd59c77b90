package rules

import (
	"fmt"
	"strings"
)

// captureVisibility judges whether what was captured could be understood.
type captureVisibility struct{}

// The shares, in percent of the flows, beyond which a capture shows too little
// to rest verdicts on.
const (
	maxOneSided  = 5
	maxMidstream = 25
	maxUnknown   = 50
)

func (captureVisibility) Doc() Doc {
	return Doc{
		ID:          "capture-visibility",
		Title:       "One-sided, mid-stream or opaque traffic",
		Severity:    Medium,
		Kind:        CoverageOf,
		Checks:      "of the TCP flows, at most 5% show one direction only and 25% begin before the capture; of all flows, at most 50% are of no known protocol",
		Why:         "What shows one direction only, began before the capture, or speaks an unknown protocol cannot be judged.",
		Fails:       "more than that",
		NotSeen:     "no flow was seen",
		Remediation: "Mirror both directions, capture before the tunnel, and begin before the devices start.",
		Source:      "evidence quality: NIST SP 800-53 SI-4(10)",
	}
}

func (captureVisibility) Judge(*Case) {}

func (captureVisibility) Conclude(c *Conclusion) {
	v := c.Coverage
	c.ledger.examined = int(v.Flows)
	var blind []string
	over := func(n, of uint64, percent int, what string) {
		if n > 0 && 100*n > of*uint64(percent) {
			blind = append(blind, fmt.Sprintf("%d of %d %s (at most %d%% is wanted)", n, of, what, percent))
		}
	}
	over(v.OneSided, v.TCPFlows, maxOneSided, "TCP flows show one direction only")
	over(v.Midstream, v.TCPFlows, maxMidstream, "TCP flows began before the capture")
	over(v.Unknown, v.Flows, maxUnknown, "flows are of no known protocol")
	if len(blind) > 0 {
		c.fail("the capture shows too little: " + strings.Join(blind, ", "))
	}
}
