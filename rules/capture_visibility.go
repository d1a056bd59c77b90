package rules

import (
	"fmt"
	"strings"

	"spanaudit/classify"
)

// captureVisibility judges whether what was captured could be understood.
type captureVisibility struct {
	bytes, tunnelled uint64
	ech              int // TLS flows
}

// The shares, in percent of the flows, beyond which a capture shows too little
// to rest verdicts on.
const (
	maxOneSided  = 5
	maxMidstream = 25
	maxUnknown   = 50
	maxTunnelled = 25 // of the bytes
)

func (*captureVisibility) Doc() Doc {
	return Doc{
		ID:          "capture-visibility",
		Title:       "One-sided, mid-stream or opaque traffic",
		Severity:    Medium,
		Kind:        CoverageOf,
		Checks:      "of the TCP flows, at most 5% show one direction only and 25% begin before the capture; of all flows, at most 50% are of no known protocol; at most 25% of the bytes are inside tunnels that hide what they carry (IPsec, WireGuard, OpenVPN). How many TLS flows hide their server's name (ECH) is told",
		Why:         "What shows one direction only, began before the capture, or speaks an unknown protocol cannot be judged.",
		Fails:       "more than that",
		NotSeen:     "no flow was seen",
		Remediation: "Mirror both directions, capture before the tunnel, and begin before the devices start.",
		Source:      "evidence quality: NIST SP 800-53 SI-4(10)",
	}
}

func (r *captureVisibility) Judge(c *Case) {
	size := c.Client.Bytes + c.Server.Bytes
	r.bytes += size
	if c.Flow.Protocol == esp || isTunnel(c.Facts.Protocol) {
		r.tunnelled += size
	}
	if c.TLS != nil && c.TLS.ECH {
		r.ech++
	}
}

const esp = 50 // IP protocol number of IPsec's payload (RFC 4303)

// isTunnel reports whether the protocol carries others where nobody can see.
func isTunnel(p classify.Protocol) bool {
	switch p {
	case classify.ProtoWireGuard, classify.ProtoOpenVPN, classify.ProtoESP:
		return true
	}
	return false
}

func (r *captureVisibility) Conclude(c *Conclusion) {
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
	over(r.tunnelled, r.bytes, maxTunnelled, "bytes are inside tunnels")
	if r.ech > 0 {
		c.ledger.note(fmt.Sprintf("TLS flows that offer to hide their server's name (ECH): %d", r.ech))
	}
	if len(blind) > 0 {
		c.fail("the capture shows too little: " + strings.Join(blind, ", "))
	}
}
