package rules

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Bounds of what a Site remembers. What is beyond them is counted in
// Site.Forgotten: it is not learned or, of what a memory holds, takes the place of
// what was told longest ago.
const (
	maxAnswers   = 200_000
	maxToldNames = 8 // kept for one client and address; the one told longest ago makes room
	maxHosts     = 65_536
	maxSessions  = 200_000
	maxMedia     = 65_536
)

// Site is what is known across flows: names from DNS answers, media ports from
// RTSP, sessions that may be resumed, hosts and their link-layer addresses. It
// is filled in the order of the packets, by one goroutine.
type Site struct {
	policy *Policy

	names    *memory[nameKey, []knownName]
	told     *memory[toldKey, []toldAddr]
	sessions *memory[[32]byte, handshake] // the first of the session
	media    *memory[mediaKey, mediaLeg]
	hosts    map[netip.Addr]flow.MAC
	leases   map[flow.MAC]*leaseHistory
	holders  map[netip.Addr][]holder
	claims   map[claimKey][]claimant
	dhcp     map[netip.Addr]*dhcpServer

	reads     bool   // what another site learns of names, sessions and media, and learns none itself
	Forgotten uint64 // facts dropped because a bound was reached
}

type nameKey struct{ client, server netip.Addr }

// knownName is a name and the first and the last answer that gave it.
type knownName struct {
	name        string
	first, last flow.Frame
}

// handshake is one by which a session began: when, and the frame that completed
// what is known of it.
type handshake struct {
	start flow.Time
	at    flow.Frame
}

func newSite(p *Policy) *Site {
	return &Site{
		policy:   p,
		names:    newMemory[nameKey, []knownName](maxAnswers),
		told:     newMemory[toldKey, []toldAddr](maxTold),
		sessions: newMemory[[32]byte, handshake](maxSessions),
		media:    newMemory[mediaKey, mediaLeg](maxMedia),
		hosts:    map[netip.Addr]flow.MAC{},
		leases:   map[flow.MAC]*leaseHistory{},
		holders:  map[netip.Addr][]holder{},
		claims:   map[claimKey][]claimant{},
		dhcp:     map[netip.Addr]*dhcpServer{},
	}
}

// inherit takes over what another site knows of names, sessions and media, which is
// not to learn any more.
func (s *Site) inherit(from *Site) {
	s.names, s.told, s.sessions, s.media = from.names, from.told, from.sessions, from.media
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
func (s *Site) learnName(client netip.Addr, n classify.Name, at flow.Frame) {
	if s.reads {
		return
	}
	for _, k := range []nameKey{{client, n.Address}, {netip.Addr{}, n.Address}} {
		known, _ := s.names.get(k)
		i := slices.IndexFunc(known, func(name knownName) bool { return name.name == n.Query })
		switch {
		case i >= 0:
			known[i].last = later(known[i].last, at)
		case len(known) >= maxToldNames:
			s.Forgotten++
			oldest := slices.MinFunc(known, func(x, y knownName) int { return cmp.Compare(x.last.Time, y.last.Time) })
			known[slices.Index(known, oldest)] = knownName{n.Query, at, at}
		default:
			known = append(known, knownName{n.Query, at, at})
		}
		s.Forgotten += s.names.set(k, known)
	}
}

// NameOf returns the name under which client knew server at the time: the
// question of the last DNS answer before it that gave this address to this
// client, else to any client. An answer that came later names the server where
// none came before. Empty when there was none.
func (s *Site) NameOf(client, server netip.Addr, at flow.Time) string {
	name, _ := s.named(client, server, at)
	return name
}

// named is NameOf, with the frame of the answer.
func (s *Site) named(client, server netip.Addr, at flow.Time) (string, flow.Frame) {
	for _, k := range []nameKey{{client, server}, {netip.Addr{}, server}} {
		if known, _ := s.names.get(k); len(known) > 0 {
			best := slices.MaxFunc(known, func(x, y knownName) int {
				return cmp.Or(cmp.Compare(x.before(at).Time, y.before(at).Time), cmp.Compare(y.first.Time, x.first.Time))
			})
			if answer := best.before(at); answer.Number > 0 {
				return best.name, answer
			}
			return best.name, best.first
		}
	}
	return "", flow.Frame{}
}

// before returns the last answer that is known to have been given not after at,
// the zero Frame when there is none.
func (k knownName) before(at flow.Time) flow.Frame {
	switch {
	case k.last.Time <= at:
		return k.last
	case k.first.Time <= at:
		return k.first
	}
	return flow.Frame{}
}

// later returns the frame of the greater time, a where they are equal.
func later(a, b flow.Frame) flow.Frame {
	if b.Time > a.Time {
		return b
	}
	return a
}

// mayName reports whether client may know server by name: it was told so, or
// nothing was seen of what it was told.
func (s *Site) mayName(client, server netip.Addr, name string) bool {
	known, _ := s.names.get(nameKey{client, server})
	return len(known) == 0 || slices.ContainsFunc(known, func(k knownName) bool { return k.name == name })
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
func (s *Site) Host(h *flow.Half) Host { return s.hostAt(h.Addr.Addr(), h.MAC, h.First.Time) }

// host names a host as it was known last.
func (s *Site) host(a netip.Addr, mac flow.MAC) Host { return s.hostAt(a, mac, math.MaxInt64) }

func (s *Site) hostAt(a netip.Addr, mac flow.MAC, at flow.Time) Host {
	if mac == (flow.MAC{}) {
		mac = s.hosts[a]
	}
	host := Host{IP: a}
	if s.policy.ZoneOf(a).Trust == Local && mac != (flow.MAC{}) {
		host.MAC = mac.String()
	}
	if d, by := s.identify(mac, a, at); d != nil {
		host.ID, host.Role, host.KnownBy = d.ID, string(d.Role), by
	}
	return host
}

// learnSessions remembers by what the session of a TLS handshake may be resumed, if
// its first handshake was seen: a ticket renewed in an abbreviated one leads back no
// further than that.
func (s *Site) learnSessions(t *classify.TLS, h handshake) {
	if t == nil || len(t.SessionKeys) == 0 || s.reads {
		return
	}
	if t.Resumed != classify.No {
		var known bool
		if h, known = s.parent(t); !known {
			return
		}
	}
	for _, k := range t.SessionKeys {
		if first, ok := s.sessions.get(k); ok {
			s.Forgotten += s.sessions.set(k, first)
		} else {
			s.Forgotten += s.sessions.set(k, h)
		}
	}
}

// parent returns the first handshake of the session that t resumes, if it was
// seen.
func (s *Site) parent(t *classify.TLS) (h handshake, known bool) {
	for _, k := range t.ResumedKeys {
		if h, known = s.sessions.get(k); known {
			return h, true
		}
	}
	return handshake{}, false
}

// knowsParent reports whether the first handshake of the session that t resumes
// was seen.
func (s *Site) knowsParent(t *classify.TLS) bool {
	_, known := s.parent(t)
	return known
}
