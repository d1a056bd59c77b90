package rules

import (
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Bounds of what a Site remembers. What is beyond them is forgotten, oldest
// claims kept, and counted in Site.Forgotten.
const (
	maxAnswers  = 200_000
	maxNameAges = 8 // answers kept for one client and address
	maxHosts    = 65_536
	maxSessions = 200_000
	maxMedia    = 65_536
)

// Site is what is known across flows: names from DNS answers, media ports from
// RTSP, sessions that may be resumed, hosts and their link-layer addresses. It
// is filled in the order of the packets, by one goroutine.
type Site struct {
	policy *Policy

	names    map[nameKey][]knownName
	sessions map[[32]byte]classify.Trit
	media    map[mediaKey]mediaLeg
	hosts    map[netip.Addr]flow.MAC
	leases   map[flow.MAC]*leaseHistory

	Forgotten uint64 // facts dropped because a bound was reached
}

type nameKey struct{ client, server netip.Addr }

type knownName struct {
	since flow.Time
	name  string
}

func newSite(p *Policy) *Site {
	return &Site{
		policy:   p,
		names:    map[nameKey][]knownName{},
		sessions: map[[32]byte]classify.Trit{},
		media:    map[mediaKey]mediaLeg{},
		hosts:    map[netip.Addr]flow.MAC{},
		leases:   map[flow.MAC]*leaseHistory{},
	}
}

// room reports whether a map of n entries may grow, and counts a refusal.
func (s *Site) room(n, limit int) bool {
	if n >= limit {
		s.Forgotten++
		return false
	}
	return true
}

// learnName notes that client was told that name is at address. It is kept for
// any client too, because an answer that one host was given names the address
// for a reader.
func (s *Site) learnName(client netip.Addr, n classify.Name, at flow.Time) {
	for _, k := range []nameKey{{client, n.Address}, {netip.Addr{}, n.Address}} {
		known := s.names[k]
		if len(known) > 0 && known[len(known)-1].name == n.Query {
			continue
		}
		if len(known) >= maxNameAges || known == nil && !s.room(len(s.names), maxAnswers) {
			continue
		}
		s.names[k] = append(known, knownName{at, n.Query})
	}
}

// NameOf returns the name under which client knew server at the time: the
// question of the last DNS answer before it that gave this address to this
// client, else to any client. Empty when there was none.
func (s *Site) NameOf(client, server netip.Addr, at flow.Time) string {
	for _, k := range []nameKey{{client, server}, {netip.Addr{}, server}} {
		known := s.names[k]
		for i := len(known) - 1; i >= 0; i-- {
			if known[i].since <= at || i == 0 {
				return known[i].name
			}
		}
	}
	return ""
}

// learnHost notes the link-layer address that a local host was first seen with.
func (s *Site) learnHost(a netip.Addr, mac flow.MAC) {
	if s.policy.ZoneOf(a).Trust != Local {
		return
	}
	if known, ok := s.hosts[a]; ok && known != (flow.MAC{}) {
		return
	}
	if _, ok := s.hosts[a]; ok || s.room(len(s.hosts), maxHosts) {
		s.hosts[a] = mac
	}
}

// Host returns how a finding names the host at one end of a flow.
func (s *Site) Host(h *flow.Half) Host { return s.host(h.Addr.Addr(), h.MAC) }

func (s *Site) host(a netip.Addr, mac flow.MAC) Host {
	if mac == (flow.MAC{}) {
		mac = s.hosts[a]
	}
	host := Host{IP: a}
	if s.policy.ZoneOf(a).Trust == Local && mac != (flow.MAC{}) {
		host.MAC = mac.String()
	}
	if d := s.policy.Device(mac, a); d != nil {
		host.ID, host.Role = d.ID, string(d.Role)
	}
	return host
}

// learnSessions remembers by what a TLS session can be resumed and whether it
// was forward secret.
func (s *Site) learnSessions(t *classify.TLS) {
	if t == nil || t.ForwardSecrecy == classify.UnknownTrit {
		return
	}
	for _, k := range t.SessionKeys {
		if _, ok := s.sessions[k]; ok || s.room(len(s.sessions), maxSessions) {
			s.sessions[k] = t.ForwardSecrecy
		}
	}
}

// inherit gives an abbreviated TLS 1.2 handshake the forward secrecy of the
// handshake that it resumes, where that was seen: its keys are derived from the
// other's.
func (s *Site) inherit(t *classify.TLS) {
	if t == nil || t.Resumed != classify.Yes || t.ForwardSecrecy != classify.UnknownTrit {
		return
	}
	for _, k := range t.ResumedKeys {
		if parent, ok := s.sessions[k]; ok {
			t.ForwardSecrecy = parent
			return
		}
	}
}
