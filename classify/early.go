package classify

import (
	"math/bits"
	"time"

	"spanaudit/flow"
)

// Bounds of when a flow that goes on is told of.
const (
	settled = time.Second     // age from which on it is, although more may follow at once
	touched = 3 * time.Second // for which after its last packet it is looked at

	// maxAttempts bounds the flows told of at a time that nobody answered and that
	// say nothing: in a flood of them each would be judged and recorded once more
	// than when it ends.
	maxAttempts = 5000
)

// Early tells the sink, by its Early method, of the flows of the table that say
// something new since they were told of last, as they stand at now on the packets'
// clock. Call it once a second.
func (a *Analyzer) Early(t *flow.Table, now flow.Time) {
	attempts := 0
	t.Touched(now.Add(-touched), func(f *flow.Flow) {
		c, ok := f.App.(*conversation)
		attempt := !f.Answered() && (!ok || c.spoken == 0)
		if attempt && attempts == maxAttempts {
			return
		}
		if a.early(f, now) && attempt {
			attempts++
		}
	})
}

// early tells of a flow if there is something new, and reports whether it did.
func (a *Analyzer) early(f *flow.Flow, now flow.Time) bool {
	c, ok := f.App.(*conversation)
	if !ok {
		c = &conversation{Record: Record{Flow: f, Facts: Facts{Protocol: Unknown}}}
	}
	payload := f.Client.Payload+f.Server.Payload > 0
	if f.Protocol == flow.TCP && ok && !c.done && !f.Starved && int32(len(f.Client.Head())+len(f.Server.Head())) > c.looked {
		c.looked = int32(len(f.Client.Head()) + len(f.Server.Head()))
		a.classify(f, c, newest(f), false)
	}
	switch {
	case c.done && c.spoken > 0: // its facts are complete
	case now.Sub(f.Start) < settled:
		return false
	case f.Protocol == flow.TCP && payload && c.spoken == 0 && !c.done:
		return false // what it speaks is not decided yet
	}
	says := c.says(f)
	if says == f.Told {
		return false
	}
	f.Told = says
	facts := c.Facts
	if !c.done {
		facts = facts.clone()
	} else { // they change no more, but for what the site knows of media
		facts.RTP = copied(facts.RTP)
	}
	a.sink.Early(a.snapshot(c, facts))
	return true
}

// says sums up what there is to say of a flow: another number, and there is more.
func (c *conversation) says(f *flow.Flow) uint32 {
	n := uint32(1 + len(c.Evidence)<<16 + int(c.spoken)<<8)
	n += uint32(bits.Len64(f.Client.Payload+f.Server.Payload)) << 2
	if c.done {
		n ^= 1 << 31
	}
	if f.Established() {
		n ^= 1 << 30
	}
	if f.Answered() {
		n ^= 1 << 29
	}
	return n
}
