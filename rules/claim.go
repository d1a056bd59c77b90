package rules

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"spanaudit/flow"
)

// claimKey is an address in one VLAN: another may use the same one.
type claimKey struct {
	ip   netip.Addr
	vlan uint16
}

// claimant is a MAC that said, in ARP or Neighbour Discovery, that an address is
// its own.
type claimant struct {
	mac         flow.MAC
	first       flow.Frame
	last        flow.Frame
	interrupted bool // another one claimed the address between two claims of its own
}

const (
	maxClaimants = 8                           // of one address
	mirrorWindow = flow.Time(time.Millisecond) // within which a claim that is repeated is a copy
)

// learnClaim notes who says that he has a local address.
func (s *Site) learnClaim(c flow.ARP) {
	if s.policy.ZoneOf(c.IP).Trust != Local {
		return
	}
	k := claimKey{c.IP, c.VLAN}
	list := s.claims[k]
	for i := range list {
		if list[i].mac != c.MAC {
			continue
		}
		if c.Frame.Time-list[i].last.Time <= mirrorWindow {
			return // a mirror port delivered the claim twice
		}
		for j := range list {
			list[i].interrupted = list[i].interrupted || list[j].first.Time > list[i].last.Time
		}
		list[i].last = c.Frame
		return
	}
	if len(list) == 0 && !s.room(len(s.claims), maxHosts) {
		return
	}
	if len(list) >= maxClaimants {
		s.Forgotten++
		return
	}
	s.claims[k] = append(list, claimant{mac: c.MAC, first: c.Frame, last: c.Frame})
}

// claimed returns the addresses that were claimed, in order.
func (s *Site) claimed() []claimKey {
	return slices.SortedFunc(maps.Keys(s.claims), func(a, b claimKey) int {
		return cmp.Or(a.ip.Compare(b.ip), cmp.Compare(a.vlan, b.vlan))
	})
}
