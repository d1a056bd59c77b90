package rules

import (
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
)

// DHCP message types (RFC 2132, section 9.6).
const (
	dhcpDiscover = 1
	dhcpRequest  = 3
	dhcpAck      = 5
)

// maxGrants bounds the leases remembered of one client.
const maxGrants = 32

// leaseHistory is what one DHCP client asked for and was granted.
type leaseHistory struct {
	wished  netip.Addr // option 50 of the last DISCOVER or INIT-REBOOT
	asked   flow.Frame
	granted []grant // address changes only, in order
	asks    int     // DISCOVER and REQUEST messages
	acks    int     // that granted an address
}

// grant is one address that a DHCPACK gave.
type grant struct {
	address netip.Addr
	wished  netip.Addr // what the client had asked for; invalid when nothing
	asked   flow.Frame
	at      flow.Frame
}

// learnLease follows the exchange of RFC 2131, section 3.1: a client may wish
// for an address in its DISCOVER; the REQUEST that selects an offer repeats the
// offered one and is no wish of its own.
func (s *Site) learnLease(l classify.Lease, at flow.Frame) {
	h := s.leases[l.ClientMAC]
	if h == nil {
		if !s.room(len(s.leases), maxHosts) {
			return
		}
		h = &leaseHistory{}
		s.leases[l.ClientMAC] = h
	}
	if l.MessageType == dhcpDiscover || l.MessageType == dhcpRequest {
		h.asks++
	}
	switch l.MessageType {
	case dhcpDiscover:
		h.wished, h.asked = l.Requested, at
	case dhcpRequest:
		if l.Requested.IsValid() && !l.Server.IsValid() {
			h.wished, h.asked = l.Requested, at // INIT-REBOOT
		}
	case dhcpAck:
		h.ack(l, at)
	}
}

func (h *leaseHistory) ack(l classify.Lease, at flow.Frame) {
	if !l.YourIP.IsValid() || l.YourIP.IsUnspecified() {
		return // an answer to DHCPINFORM grants nothing
	}
	h.acks++
	if n := len(h.granted); n > 0 && h.granted[n-1].address == l.YourIP || n >= maxGrants {
		return
	}
	h.granted = append(h.granted, grant{l.YourIP, h.wished, h.asked, at})
	h.wished = netip.Addr{}
}
