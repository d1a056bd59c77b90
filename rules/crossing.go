package rules

import (
	"cmp"
	"slices"

	"spanaudit/classify"
)

// Crossing is what flowed from clients of one zone to servers of one, which may
// be the same, by one protocol.
type Crossing struct {
	From, To Zone
	Protocol string // as Coverage.Protocols names it

	Flows, Packets, Bytes uint64 // of IP packets on the wire, both directions
	Failed                uint64 // flows that broke a rule
}

type crossingKey struct {
	from, to Zone
	protocol string
}

// crossings are bounded by the policy's zones and the protocols that are told
// apart.
type crossings map[crossingKey]*Crossing

func (x crossings) add(c *Case, protocol string, failed bool) {
	k := crossingKey{c.Policy.ZoneOf(c.Client.Addr.Addr()), c.Policy.ZoneOf(c.Server.Addr.Addr()), protocol}
	on := x[k]
	if on == nil {
		on = &Crossing{From: k.from, To: k.to, Protocol: protocol}
		x[k] = on
	}
	on.Flows++
	on.Packets += c.Client.Packets + c.Server.Packets
	on.Bytes += c.Client.Bytes + c.Server.Bytes
	if failed {
		on.Failed++
	}
}

func (x crossings) list() []Crossing {
	list := make([]Crossing, 0, len(x))
	for _, on := range x {
		list = append(list, *on)
	}
	slices.SortFunc(list, func(a, b Crossing) int {
		return cmp.Or(cmp.Compare(a.From.Name, b.From.Name), cmp.Compare(a.To.Name, b.To.Name), cmp.Compare(a.Protocol, b.Protocol))
	})
	return list
}

// protocolOf names what a flow speaks: its application protocol or, where it is
// neither TCP nor UDP, the transport.
func protocolOf(r *classify.Record) string {
	switch transport := transportName(r.Flow.Protocol); transport {
	case "tcp", "udp":
		return string(r.Facts.Protocol)
	default:
		return transport
	}
}
