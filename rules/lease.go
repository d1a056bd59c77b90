package rules

import (
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
)

// DHCP message types (RFC 2132, section 9.6).
const (
	dhcpDiscover = 1
	dhcpOffer    = 2
	dhcpRequest  = 3
	dhcpDecline  = 4
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

	declines []decline // addresses refused because somebody else had them

	ntpServers []netip.Addr // option 42 of the last DHCPACK that had one, else of a DHCPOFFER
	ntpAt      flow.Frame   // of that
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
	case dhcpOffer:
		s.learnDHCPServer(l, at)
		if h.acks == 0 && len(h.ntpServers) == 0 {
			h.ntpServers, h.ntpAt = l.NTPServers, at
		}
	case dhcpDecline:
		h.declined(l, at)
	case dhcpDiscover:
		h.wished, h.asked = l.Requested, at
	case dhcpRequest:
		if l.Requested.IsValid() && !l.Server.IsValid() {
			h.wished, h.asked = l.Requested, at // INIT-REBOOT
		}
	case dhcpAck:
		s.learnDHCPServer(l, at)
		s.learnHolder(l, at)
		h.ack(l, at)
	}
}

func (h *leaseHistory) ack(l classify.Lease, at flow.Frame) {
	if !l.YourIP.IsValid() || l.YourIP.IsUnspecified() {
		return // an answer to DHCPINFORM grants nothing
	}
	h.acks++
	if len(l.NTPServers) > 0 {
		h.ntpServers, h.ntpAt = l.NTPServers, at
	}
	if n := len(h.granted); n > 0 && h.granted[n-1].address == l.YourIP || n >= maxGrants {
		return
	}
	h.granted = append(h.granted, grant{l.YourIP, h.wished, h.asked, at})
	h.wished = netip.Addr{}
}

// decline is an address that a client found in use (RFC 2131, section 4.3.3).
type decline struct {
	address netip.Addr
	at      flow.Frame
}

const maxDeclines = 4 // kept of one client

func (h *leaseHistory) declined(l classify.Lease, at flow.Frame) {
	if len(h.declines) < maxDeclines {
		h.declines = append(h.declines, decline{l.Requested, at})
	}
}

// dhcpServer is a server that offered or granted addresses.
type dhcpServer struct {
	first  flow.Frame
	last   flow.Time
	client flow.MAC // of the first message
}

const maxDHCPServers = 256

// learnDHCPServer notes who gives out addresses, by the server identifier, which
// a relay does not change (RFC 2131, section 4.3.1).
func (s *Site) learnDHCPServer(l classify.Lease, at flow.Frame) {
	if !l.Server.IsValid() {
		return
	}
	server := s.dhcp[l.Server]
	if server == nil {
		if !s.room(len(s.dhcp), maxDHCPServers) {
			return
		}
		server = &dhcpServer{first: at, client: l.ClientMAC}
		s.dhcp[l.Server] = server
	}
	server.last = max(server.last, at.Time)
}
