package record

import (
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

// kind is what an event is. The numbers stand in records that were written.
type kind uint8

const (
	learned kind = 1 + iota
	arp
	known
	session
	ended
	early    // a flow that goes on, as it stood
	counters // what was counted since the ones before
)

// event is one call of a rules.Witness, or one of the last two kinds.
type event struct {
	kind     kind
	at       flow.Frame
	start    flow.Time // of a session
	client   netip.Addr
	learned  classify.Learned
	arp      flow.ARP
	record   *classify.Record
	tls      *classify.TLS
	counters Counters
}

// code codes the event. One that is read is given a record and facts of its own,
// which a witness may keep.
func (e *event) code(c *flow.Codec) {
	flow.Uint(c, &e.kind)
	if c.Reading() {
		*e = event{kind: e.kind}
		switch e.kind {
		case known, ended, early:
			e.record = &classify.Record{}
		case session:
			e.tls = &classify.TLS{}
		}
	}
	switch e.kind {
	case learned:
		c.Frame(&e.at)
		c.Addr(&e.client)
		e.learned.Code(c)
	case arp:
		c.ARP(&e.arp)
	case known:
		c.Frame(&e.at)
		e.record.Code(c)
	case session:
		c.Frame(&e.at)
		c.Time(&e.start)
		e.tls.Code(c)
	case ended, early:
		e.record.Code(c)
	case counters:
		c.Time(&e.at.Time)
		e.counters.code(c)
	default:
		c.Check(false, "a kind of event")
	}
}

// time places the event: a flow belongs to the time of its last packet.
func (e *event) time() flow.Time {
	switch e.kind {
	case arp:
		return e.arp.Frame.Time
	case ended, early:
		return e.record.End
	}
	return e.at.Time
}

// tell tells the event once more.
func (e *event) tell(to rules.Witness) {
	switch e.kind {
	case learned:
		to.Learned(e.client, e.at, e.learned)
	case arp:
		to.ARP(e.arp)
	case known:
		to.Known(e.record, e.at)
	case session:
		to.Session(e.tls, e.start, e.at)
	case ended:
		to.Ended(e.record)
	}
}
