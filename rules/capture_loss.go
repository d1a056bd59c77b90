package rules

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// captureLoss judges whether the capture holds all that passed.
type captureLoss struct{}

// defaultMaxLoss is the share, in percent, that may be lost where the policy
// does not say.
const defaultMaxLoss = 0.1

func (captureLoss) Doc() Doc {
	return Doc{
		ID:          "capture-loss",
		Title:       "Capture lost or cut packets",
		Severity:    High,
		Kind:        CoverageOf,
		Checks:      "packets dropped by the kernel or interface, TCP bytes acknowledged but never seen, packets cut by the snap length, fragments and inputs that could not be read whole, malformed frames, and the time in which the interface was down or without carrier stay within capture.max_loss_percent (0.1)",
		Why:         "A violation in a packet that was lost is not in the report; where packets are missing, nothing found is not nothing there.",
		Fails:       "more than that; a capture without counters of drops and without TCP is undecided",
		NotSeen:     "nothing was captured",
		Remediation: "Use a faster disk, a larger buffer or a filter; a TAP instead of a SPAN port; snap length 0.",
		Source:      "evidence quality: NIST SP 800-53 AU-12, SI-4",
	}
}

func (captureLoss) Judge(*Case) {}

func (captureLoss) Conclude(c *Conclusion) {
	c.ledger.examined = int(c.Coverage.Packets)
	if lost := captureLosses(c.Coverage, c.Policy); len(lost) > 0 {
		c.fail(fmt.Sprintf("the capture is not whole (%s); at most %g%% of loss is wanted", strings.Join(lost, ", "), maxLoss(c.Policy)))
		return
	}
	if loss := &c.Coverage.Capture; c.Coverage.Packets > 0 && !loss.Counted && loss.TCPBytes == 0 {
		c.ledger.undecide("a capture that has no counters of dropped packets, and no TCP to measure by")
	}
}

func maxLoss(p *Policy) float64 { return cmp.Or(p.Capture.MaxLossPercent, defaultMaxLoss) }

// captureLosses says what was lost beyond the policy's share.
func captureLosses(c *Coverage, p *Policy) (lost []string) {
	loss, limit := &c.Capture, maxLoss(p)
	over := func(n, of uint64, what string) {
		if n > 0 && 100*float64(n) > limit*float64(n+of) {
			lost = append(lost, fmt.Sprintf("%s: %d", what, n))
		}
	}
	over(loss.Dropped, c.Packets, "packets dropped before they were captured")
	over(loss.Unseen, loss.TCPBytes, "TCP bytes that passed and were never seen")
	over(loss.Cut, c.Packets, "packets cut by the snap length")
	over(loss.FragmentsGivenUp, c.Packets, "fragments never made whole")
	over(loss.Late, c.Packets, "packets too late to be put in order")
	over(malformed(loss.Undecoded), c.Packets, "frames cut or malformed")
	if loss.Blind > 0 && 100*loss.Blind.Seconds() > limit*loss.Watched.Seconds() {
		lost = append(lost, fmt.Sprintf("interface down or without carrier: %s of %s", brief(loss.Blind), brief(loss.Watched)))
	}
	if loss.Broken > 0 {
		lost = append(lost, fmt.Sprintf("inputs that could not be read whole: %d", loss.Broken))
	}
	return lost
}

// brief is a time to be read, to the tenth of a second.
func brief(d time.Duration) time.Duration {
	return max(d.Round(100*time.Millisecond), 100*time.Millisecond)
}

// malformed counts the frames that should have been decoded. Others are of
// protocols that this program does not know.
func malformed(undecoded map[string]uint64) (n uint64) {
	for reason, frames := range undecoded {
		if strings.HasPrefix(reason, "malformed ") || reason == "cut by snaplen" || reason == "decoder failure" {
			n += frames
		}
	}
	return n
}

// fail records a violation by the capture as a whole.
func (c *Conclusion) fail(message string) {
	c.ledger.failed++
	f := c.ledger.finding(Violation{Message: message}, 0)
	f.Count++
}
