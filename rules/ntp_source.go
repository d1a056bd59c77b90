package rules

import (
	"fmt"
	"net/netip"
	"slices"

	"spanaudit/classify"
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
		Why:         "Whoever gives a device the time decides which certificates it takes as valid and what its logs are worth as evidence.",
		Fails:       "a request to any other server; a local time server's own upstream is none",
		NotSeen:     "no NTP request was seen",
		Remediation: "Point the device at the local server (DHCP option 42, or its settings) and block UDP port 123 outward.",
		Source:      "AWS Panorama security page: NTP local; public servers if the network runs none",
	}
}

func (r *ntpSource) Judge(c *Case) {
	n := c.NTP
	if n == nil || !asksTime(n) || c.Policy.ZoneOf(c.Client.Addr.Addr()).Trust != Local {
		return
	}
	r.learnServer(c)
	server, name, policy := c.Server.Addr.Addr(), c.ServerName(), c.Policy.NTP
	declared := len(policy.LocalServers) > 0
	switch {
	case c.Between() == Group: // broadcast and multicast NTP is heard, not asked
	case policy.LocalServers.Has(server, name) || policy.PublicServers.Has(server, name) && !declared:
		c.Examine()
	case !c.Internet() && !declared:
		c.Examine()
	case !c.Internet() && name == "" && policy.LocalServers.named():
		c.Undecided(timeServerNameless)
	case !c.Internet():
		r.fail(c, "a server that is not declared; a declared local one is wanted")
	case len(r.asked) < maxTimeRequests:
		r.asked = append(r.asked, c.keep())
	default:
		c.Undecided("more requests to public servers than are kept until the end of the capture")
	}
}

const timeServerNameless = "a time server whose name was not seen (no DNS answer), where the policy declares names"

// asksTime reports whether the flow is about the time. Control messages, as
// monitoring sends them, are not (RFC 9327).
func asksTime(n *classify.NTP) bool {
	const control = 6
	return n.Requests+n.Responses > 0 && slices.ContainsFunc(n.Modes, func(mode uint8) bool { return mode < control })
}

// learnServer remembers a local server that gives the time to another local
// host.
func (r *ntpSource) learnServer(c *Case) {
	synchronised := func(stratum uint8) bool { return stratum >= 1 && stratum <= 15 }
	if c.Between() != Inside || c.NTP.Responses == 0 || !slices.ContainsFunc(c.NTP.Strata, synchronised) {
		return
	}
	if r.servers == nil {
		r.servers = map[netip.Addr]bool{}
	}
	if len(r.servers) < maxHosts {
		r.servers[c.Server.Addr.Addr()] = true
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
			r.fail(q, "a public server; the policy declares local ones, and one of them is wanted")
		case q.ServerName() == "" && c.Policy.NTP.PublicServers.named():
			q.Undecided(timeServerNameless)
		case c.Policy.NTP.PublicServers != nil:
			r.fail(q, "a public server that is not declared; a declared one is wanted")
		case seen:
			r.fail(q, fmt.Sprintf("a public server, although the local server %s answers; a local one is wanted", local))
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
