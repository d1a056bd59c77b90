package rules

import "spanaudit/classify"

// Between says how a flow lies to the boundary of the site.
type Between int8

const (
	Inside   Between = iota // both ends local
	Outbound                // a local client, a server beyond the boundary
	Inbound                 // a client beyond the boundary, a local server
	Outside                 // no local end
	Group                   // to or from a multicast, broadcast or unspecified address
)

// Between returns how the flow lies to the boundary that trusts nothing but
// the local zones.
func (c *Case) Between() Between {
	client, server := c.clientTrust == Local, c.serverTrust == Local
	switch {
	case c.clientTrust == Special || c.serverTrust == Special:
		return Group
	case client && server:
		return Inside
	case client:
		return Outbound
	case server:
		return Inbound
	}
	return Outside
}

// Internet reports whether an end of the flow is on the internet.
func (c *Case) Internet() bool { return c.clientTrust == Internet || c.serverTrust == Internet }

// trustOf returns what the two ends of a flow are to the site. A link-local
// address never passes a router (RFC 3927, section 2.7; RFC 4291, section
// 2.5.6), so whoever talks to one is on the site's own link, whatever its own
// address says.
func (p *Policy) trustOf(r *classify.Record) (client, server Trust) {
	a, b := r.Client.Addr.Addr().Unmap(), r.Server.Addr.Addr().Unmap()
	client, server = p.ZoneOf(a).Trust, p.ZoneOf(b).Trust
	switch {
	case client == Special || server == Special:
	case a.IsLinkLocalUnicast():
		server = Local
	case b.IsLinkLocalUnicast():
		client = Local
	}
	return client, server
}
