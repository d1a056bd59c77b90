package rules

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// ntpSource judges whom local hosts take the time from: local servers first,
// public ones only where there is no local one.
type ntpSource struct {
	servers map[netip.Addr]bool // local hosts that gave the time to another local host
	asked   map[pair]*request   // of the internet, kept until all local servers are known
}

type pair struct{ client, server netip.Addr }

// request is what one host asked of one server of the internet: the flow that
// began first, and what there was besides.
type request struct {
	first *Case
	more  int       // flows
	last  flow.Time // end of the last
}

// maxTimeRequests bounds the pairs that wait for the end of the capture.
const maxTimeRequests = 65_536

func (*ntpSource) Doc() Doc {
	return Doc{
		ID:          "ntp-source",
		Title:       "Time taken from a source that is not allowed",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "where ntp.local_servers is declared, hosts ask those only, by NTP or for keys of NTS; where it is not, a public server of ntp.public_servers (any, where that is not declared) is allowed only if no local one was seen to answer or is named by DHCP (option 42)",
		Why:         "Whoever gives a device the time decides which certificates it takes as valid and what its logs are worth as evidence.",
		Fails:       "a request to any other server; a local time server's own upstream is none",
		NotSeen:     "no NTP request was seen",
		Remediation: "Point the device at the local server (DHCP option 42, or its settings) and block UDP port 123 outward.",
		Source:      "AWS Panorama security page: NTP local; public servers if the network runs none",
	}
}

func (r *ntpSource) Judge(c *Case) {
	switch {
	case c.clientTrust != Local:
		return
	case c.NTP != nil && asksTime(c.NTP):
		r.learnServer(c)
	case c.Wrapped == classify.ProtoNTSKE || c.Facts.Protocol == classify.ProtoNTSKE:
	default:
		return
	}
	server, name, policy := c.Server.Addr.Addr(), c.ServerName(), c.Policy.NTP
	declared := len(policy.LocalServers) > 0
	switch {
	case c.Between() == Group: // broadcast and multicast NTP is heard, not asked
	case policy.LocalServers.Has(server, name) || policy.PublicServers.Has(server, name) && !declared:
		c.Examine()
	case !c.Internet() && !declared:
		c.Examine()
		noteDHCP(c)
	case !c.Internet() && name == "" && policy.LocalServers.named():
		c.Undecided(timeServerNameless)
	case !c.Internet():
		r.fail(c, "a server that is not declared; a declared local one is wanted")
	case !r.keep(c):
		c.Undecided("more requests to public servers than are kept until the end of the capture")
	}
}

// noteDHCP remarks that a host asks another local server than DHCP names to it,
// which nothing forbids.
func noteDHCP(c *Case) {
	if len(c.Site.leases) == 0 || c.Between() == Group {
		return
	}
	named := c.Site.namedByDHCP(&c.Client, c.Start)
	if len(named) == 0 || slices.Contains(named, c.Server.Addr.Addr()) || len(c.ledger.notes) >= maxNotes {
		return
	}
	c.ledger.note(fmt.Sprintf("%s asks %s for the time; DHCP names %s", c.Host(&c.Client), c.Server.Addr.Addr(), addrList(named)))
}

// keep remembers a request to the internet; it reports false where there is no
// room.
func (r *ntpSource) keep(c *Case) bool {
	k := pair{c.Client.Addr.Addr(), c.Server.Addr.Addr()}
	q := r.asked[k]
	switch {
	case q != nil:
		if c.Start < q.first.Start {
			q.first = c.keep()
		}
		q.more, q.last = q.more+1, max(q.last, c.End)
	case len(r.asked) >= maxTimeRequests:
		return false
	default:
		if r.asked == nil {
			r.asked = map[pair]*request{}
		}
		r.asked[k] = &request{first: c.keep(), last: c.End}
	}
	return true
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

func (r *ntpSource) fail(c *Case, because string) *Finding {
	device, peer := c.Parties()
	what := "for the time"
	if c.NTP == nil {
		what = "for keys of NTS"
	}
	if named := c.Site.namedByDHCP(&c.Client, c.Start); len(named) > 0 {
		because += fmt.Sprintf(" (DHCP names %s)", addrList(named))
	}
	return c.Fail(Violation{Device: device, Peer: peer, Message: fmt.Sprintf("%s asked %s %s, %s", device, peer, what, because)})
}

// awaitsDHCP reports whether the host at an end of a flow asked DHCP and was not
// seen to be answered: what it was told is not known.
func (s *Site) awaitsDHCP(h *flow.Half) bool {
	lease := s.leases[h.MAC]
	return s.policy.Capture.Layer2 && lease != nil && lease.asks > 0 && lease.acks == 0
}

// namedByDHCP returns the time servers that DHCP named to the host at an end of a
// flow (option 42), as far as the capture shows its lease.
func (s *Site) namedByDHCP(h *flow.Half, at flow.Time) []netip.Addr {
	mac := s.holderOf(h.Addr.Addr(), at).mac
	if mac == (flow.MAC{}) && s.policy.Capture.Layer2 {
		mac = h.MAC
	}
	if lease := s.leases[mac]; lease != nil {
		return lease.ntpServers
	}
	return nil
}

func addrList(list []netip.Addr) string {
	var words []string
	for _, a := range list {
		words = append(words, a.String())
	}
	return orList(words)
}

// Conclude judges the requests to the internet, now that all local servers are
// known.
func (r *ntpSource) Conclude(c *Conclusion) {
	order := func(a, b pair) int { return cmp.Or(a.client.Compare(b.client), a.server.Compare(b.server)) }
	for _, k := range slices.SortedFunc(maps.Keys(r.asked), order) {
		q := r.asked[k]
		r.conclude(c.Policy, q)
	}
}

func (r *ntpSource) conclude(p *Policy, q *request) {
	because, undecided := r.judge(p, q.first)
	ledger := q.first.ledger
	switch {
	case undecided != "":
		for range q.more + 1 {
			q.first.Undecided(undecided)
		}
	case because == "":
		ledger.examined += q.more + 1
	default:
		f := r.fail(q.first, because)
		ledger.examined, ledger.failed = ledger.examined+q.more, ledger.failed+q.more
		f.Count, f.Last = f.Count+q.more, max(f.Last, q.last)
	}
}

// judge says why a request to the internet breaks the rule, or why that cannot be
// said; both are empty where it does not.
func (r *ntpSource) judge(p *Policy, c *Case) (because, undecided string) {
	client := c.Client.Addr.Addr()
	local, seen := r.localServer(client)
	named := slices.ContainsFunc(c.Site.namedByDHCP(&c.Client, c.Start), func(a netip.Addr) bool { return p.InScope(a) && a != client })
	switch {
	case r.servers[client] || p.NTP.LocalServers.Has(client, "") || c.clientDevice.is(RoleNTPServer):
		return "", "" // a local time server has its own time from outside
	case len(p.NTP.LocalServers) > 0:
		return "a public server; the policy declares local ones, and one of them is wanted", ""
	case c.ServerName() == "" && p.NTP.PublicServers.named() && !p.NTP.PublicServers.Has(c.Server.Addr.Addr(), ""):
		return "", timeServerNameless
	case p.NTP.PublicServers != nil && !p.NTP.PublicServers.Has(c.Server.Addr.Addr(), c.ServerName()):
		return "a public server that is not declared; a declared one is wanted", ""
	case seen:
		return fmt.Sprintf("a public server, although the local server %s answers; a local one is wanted", local), ""
	case named:
		return "a public server, although DHCP names a local one; that one is wanted", ""
	case c.Site.awaitsDHCP(&c.Client):
		return "", "a public server, asked by a host that DHCP was not seen to answer: it may have named a local one"
	}
	return "", ""
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
