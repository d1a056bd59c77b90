package rules

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

const (
	maxTold      = 65_536 // clients and names
	maxToldAddrs = 16     // of one name
)

// toldKey is a client and a name that it asked for, or that its question led to
// by a chain of CNAMEs.
type toldKey struct {
	client netip.Addr
	name   string
}

// toldAddr is an address that was given for a name, the first answer that gave
// it, and until when the last held by its TTL, the smallest of its chain.
type toldAddr struct {
	addr  netip.Addr
	first flow.Frame
	until flow.Time
}

// learnTold notes where client was told that a name is.
func (s *Site) learnTold(client netip.Addr, n classify.Name, at flow.Frame) {
	until := at.Time.Add(time.Duration(n.TTL) * time.Second)
	s.tell(toldKey{client, n.Query}, n.Address, at, until)
	if n.Canonical != n.Query {
		s.tell(toldKey{client, n.Canonical}, n.Address, at, until)
	}
}

func (s *Site) tell(k toldKey, a netip.Addr, at flow.Frame, until flow.Time) {
	if s.reads {
		return
	}
	known, _ := s.told.get(k)
	i := slices.IndexFunc(known, func(t toldAddr) bool { return t.addr == a })
	switch {
	case i >= 0:
		known[i].until = max(known[i].until, until)
	case len(known) >= maxToldAddrs:
		s.Forgotten++
		oldest := slices.MinFunc(known, func(x, y toldAddr) int { return cmp.Compare(x.until, y.until) })
		known[slices.Index(known, oldest)] = toldAddr{a, at, until}
	default:
		known = append(known, toldAddr{a, at, until})
	}
	s.Forgotten += s.told.set(k, known)
}

// address returns an address at which client was told that a name is; invalid
// when it was told none.
func (s *Site) address(client netip.Addr, name string) netip.Addr {
	if known, _ := s.told.get(toldKey{client, name}); len(known) > 0 {
		return known[0].addr
	}
	return netip.Addr{}
}

// vouch says what the DNS answers that client had before the time say of a
// server that it addresses by name: Yes when one gave this address, No when those
// that hold gave others of its family, all that there were are remembered, and
// nobody was told this one. An answer holds for its TTL and an allowance for
// caches (dns.correlate_window).
func (s *Site) vouch(client, server netip.Addr, name string, at flow.Time) (agree classify.Trit, elsewhere netip.Addr) {
	server = server.Unmap()
	told, _ := s.told.get(toldKey{client, name})
	for _, t := range told {
		holds := t.first.Time <= at && at <= t.until.Add(s.policy.DNS.CorrelateWindow)
		switch {
		case t.addr == server && holds:
			return classify.Yes, netip.Addr{}
		case t.addr == server:
			return classify.UnknownTrit, netip.Addr{}
		case holds && t.addr.Is4() == server.Is4() && !elsewhere.IsValid():
			elsewhere = t.addr
		}
	}
	known := func(k knownName) bool { return k.name == name }
	named, _ := s.names.get(nameKey{server: server})
	if elsewhere.IsValid() && len(told) < maxToldAddrs && !slices.ContainsFunc(named, known) {
		return classify.No, elsewhere
	}
	return classify.UnknownTrit, netip.Addr{}
}
