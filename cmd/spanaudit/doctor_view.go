package main

import (
	"net/netip"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/rules"
)

// The bounds of what is remembered of an interface.
const (
	maxViewVLANs = 4096
	maxViewPairs = 65536 // of a MAC and an address
)

// view is what doctor saw of the packets that an interface showed.
type view struct {
	policy   *rules.Policy
	packets  uint64
	unicast  uint64            // packets to one station
	vlans    map[uint16]uint64 // packets by outer tag; 0 is none
	pairs    map[viewPair]bool
	hosts    map[netip.Addr]bool  // local, by the policy
	carried  map[flow.MAC]int     // addresses beyond the site that it sent for
	declared map[string]bool      // devices of the policy, by id
	sizes    [len(sizeBounds)]int // packets beyond each
	largest  int                  // bytes of an IP packet
	canary   int                  // packets of the canary
}

// sizeBounds are the bytes of an IP packet that Ethernet carries, that jumbo
// frames do, and that nothing does but an adapter which merged segments.
var sizeBounds = [...]int{1500, 9216}

type viewPair struct {
	mac  flow.MAC
	addr netip.Addr
}

func newView(p *rules.Policy) *view {
	return &view{
		policy: p, vlans: map[uint16]uint64{}, pairs: map[viewPair]bool{}, hosts: map[netip.Addr]bool{},
		carried: map[flow.MAC]int{}, declared: map[string]bool{},
	}
}

// see looks at a batch of packets.
func (s *view) see(b *capture.Batch) {
	for i := range b.Packets {
		p := &b.Packets[i]
		if p.SrcMAC == canaryMAC || p.DstMAC == canaryMAC {
			s.canary++
			continue
		}
		s.packets++
		if p.DstMAC[0]&1 == 0 {
			s.unicast++
		}
		if _, known := s.vlans[p.VLAN]; known || len(s.vlans) < maxViewVLANs {
			s.vlans[p.VLAN]++
		}
		s.largest = max(s.largest, p.Length)
		for k, bound := range sizeBounds {
			if p.Length > bound {
				s.sizes[k]++
			}
		}
		s.meet(viewPair{p.SrcMAC, p.Src.Addr()})
	}
}

// meet notes who sent, once.
func (s *view) meet(who viewPair) {
	if s.pairs[who] || len(s.pairs) == maxViewPairs {
		return
	}
	s.pairs[who] = true
	switch s.policy.ZoneOf(who.addr).Trust {
	case rules.Local:
		s.hosts[who.addr] = true
	case rules.Internet, rules.External:
		if who.mac != (flow.MAC{}) {
			s.carried[who.mac]++
		}
	}
	if d := s.policy.Device(who.mac, who.addr); d != nil {
		s.declared[d.ID] = true
	}
}

// gateway returns the MAC that carries most addresses from beyond the site.
func (s *view) gateway() (mac flow.MAC, addrs int) {
	for m, n := range s.carried {
		if n > addrs || n == addrs && m.String() < mac.String() {
			mac, addrs = m, n
		}
	}
	return mac, addrs
}
