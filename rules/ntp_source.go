package rules

import (
	"fmt"
	"net/netip"
	"slices"
)

// ntpSource judges whom local hosts take the time from: local servers first,
// public ones only where there is no local one.
type ntpSource struct {
	servers map[netip.Addr]bool // local hosts that gave the time to another local host
	asked   []Case              // requests to the internet, kept until all local servers are known
}

// maxTimeRequests bounds the requests that wait for the end of the capture.
const maxTimeRequests = 4096

func (*ntpSource) Doc() Doc {
	return Doc{
		ID:          "ntp-source",
		Title:       "Time taken from a source that is not allowed",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "where ntp.local_servers is declared, hosts ask those only; where it is not, a public server is allowed only if no local one was seen to answer",
		Fails:       "a request to any other server; a local time server's own upstream is none",
		NotSeen:     "no NTP request was seen",
		Remediation: "Point the device at the local server (DHCP option 42, or its settings) and block UDP port 123 outward.",
		Source:      "AWS Panorama security page: NTP local; public servers if the network runs none",
	}
}

func (r *ntpSource) Judge(c *Case) {
	n := c.NTP
	if n == nil || n.Requests == 0 && n.Responses == 0 {
		return
	}
	client, server := c.Client.Addr.Addr(), c.Server.Addr.Addr()
	if c.Policy.ZoneOf(client).Trust != Local {
		return
	}
	if c.Between() == Inside && n.Responses > 0 && slices.ContainsFunc(n.Strata, func(s uint8) bool { return s >= 1 && s <= 15 }) {
		if r.servers == nil {
			r.servers = map[netip.Addr]bool{}
		}
		if len(r.servers) < maxHosts {
			r.servers[server] = true
		}
	}
	name := c.ServerName()
	policy := c.Policy.NTP
	declared := len(policy.LocalServers) > 0
	switch {
	case c.Between() == Group: // broadcast and multicast NTP is heard, not asked
	case policy.LocalServers.Has(server, name) || policy.PublicServers.Has(server, name) && !declared:
		c.Examine()
	case c.Between() == Inside && !declared:
		c.Examine()
	case c.Between() == Inside:
		r.fail(c, "a local server that is not declared; a declared one is wanted")
	case len(r.asked) < maxTimeRequests:
		r.asked = append(r.asked, *c)
	default:
		c.Undecided("more requests to public servers than are kept until the end of the capture")
	}
}

func (r *ntpSource) fail(c *Case, because string) {
	device, peer := c.Parties()
	c.Fail(Violation{Device: device, Peer: peer, Message: fmt.Sprintf("%s asked %s for the time, %s", device, peer, because)})
}

// Conclude judges the requests to the internet, now that all local servers are
// known.
func (r *ntpSource) Conclude(c *Conclusion) {
	for i := range r.asked {
		q := &r.asked[i]
		client := q.Client.Addr.Addr()
		local, seen := r.localServer(client)
		switch {
		case r.servers[client] || c.Policy.NTP.LocalServers.Has(client, ""):
			q.Examine() // a local time server has its own time from outside
		case len(c.Policy.NTP.LocalServers) > 0:
			r.fail(q, "a public server; the policy declares local ones")
		case c.Policy.NTP.PublicServers != nil:
			r.fail(q, "a public server that is not declared")
		case seen:
			r.fail(q, fmt.Sprintf("a public server, although the local server %s answers", local))
		default:
			q.Examine()
		}
	}
}

// localServer returns the first, by address, of the local servers that gave
// the time to another host than client.
func (r *ntpSource) localServer(client netip.Addr) (netip.Addr, bool) {
	var list []netip.Addr
	for a := range r.servers {
		if a != client {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return netip.Addr{}, false
	}
	return slices.MinFunc(list, netip.Addr.Compare), true
}
