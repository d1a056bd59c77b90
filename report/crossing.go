package report

import "spanaudit/rules"

// Crossing is what flowed from clients of one zone to servers of one, which may
// be the same, by one protocol.
type Crossing struct {
	From     Zone   `json:"from"`
	To       Zone   `json:"to"`
	Protocol string `json:"protocol"`
	Flows    uint64 `json:"flows"`
	Packets  uint64 `json:"packets"`
	Bytes    uint64 `json:"bytes"`  // of IP packets, both directions
	Failed   uint64 `json:"failed"` // flows that broke a rule
}

func newCrossing(x rules.Crossing) Crossing {
	return Crossing{newZone(x.From), newZone(x.To), x.Protocol, x.Flows, x.Packets, x.Bytes, x.Failed}
}
