package record

import (
	"context"
	"net/netip"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Host is a link-layer address at which a local host was seen.
type Host struct {
	Address     netip.Addr
	MAC         string // empty where none was shown
	First, Last flow.Time
}

// Name is a name that a DNS answer gave for an address.
type Name struct {
	Address     netip.Addr
	Name        string
	First, Last flow.Time
}

// maxSeen bounds the hosts, and the names, that the record lists; those seen last
// are kept.
const maxSeen = 65_536

// fresh is for how long what was seen is not noted again, on the packets' clock.
const fresh = flow.Time(time.Minute)

type hostKey struct {
	address netip.Addr
	mac     flow.MAC
}

type nameKey struct {
	address netip.Addr
	name    string
}

// seen is what is to be noted of hosts and names: when each was seen first and
// last.
type seen struct {
	hosts map[hostKey][2]flow.Time
	names map[nameKey][2]flow.Time
}

func (s *seen) empty() bool { return len(s.hosts)+len(s.names) == 0 }

// recent tells when each was noted last.
type recent struct {
	hosts map[hostKey]flow.Time
	names map[nameKey]flow.Time
}

// sight notes that k was seen, unless that was noted lately. When there are too
// many to remember, all are noted anew.
func sight[K comparable](to *map[K][2]flow.Time, recent *map[K]flow.Time, k K, at flow.Time) {
	if last, ok := (*recent)[k]; ok && at-last < fresh && last-at < fresh {
		return
	}
	if *recent == nil || len(*recent) >= maxSeen {
		*recent = map[K]flow.Time{}
	}
	(*recent)[k] = at
	if *to == nil {
		*to = map[K][2]flow.Time{}
	}
	if span, ok := (*to)[k]; ok {
		(*to)[k] = [2]flow.Time{min(span[0], at), max(span[1], at)}
	} else if len(*to) < maxSeen {
		(*to)[k] = [2]flow.Time{at, at}
	}
}

// see notes the hosts and names of an event.
func (w *Writer) see(e *event) {
	switch e.kind {
	case learned:
		for _, n := range e.learned.Names {
			sight(&w.batch.seen.names, &w.recent.names, nameKey{n.Address, n.Query}, e.at.Time)
		}
	case arp:
		w.host(e.arp.IP, e.arp.MAC, e.arp.Frame.Time)
	case ended, early:
		w.host(e.record.Client.Addr.Addr(), e.record.Client.MAC, e.record.End)
		if e.record.Answered() { // else it need not exist
			w.host(e.record.Server.Addr.Addr(), e.record.Server.MAC, e.record.End)
		}
	}
}

func (w *Writer) host(a netip.Addr, mac flow.MAC, at flow.Time) {
	if w.policy != nil && w.policy.ZoneOf(a).Trust == rules.Local {
		sight(&w.batch.seen.hosts, &w.recent.hosts, hostKey{a, mac}, at)
	}
}

func (tx *transaction) see(s *seen) {
	for k, t := range s.hosts {
		mac := ""
		if k.mac != (flow.MAC{}) {
			mac = k.mac.String()
		}
		tx.do(`INSERT INTO host VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
			k.address.String(), mac, t[0], t[1])
	}
	for k, t := range s.names {
		tx.do(`INSERT INTO name VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
			k.address.String(), k.name, t[0], t[1])
	}
}

// Hosts returns the local hosts that were seen at the time or later, those seen
// last first, at most limit.
func (s *Store) Hosts(ctx context.Context, since flow.Time, limit int) ([]Host, error) {
	return query(ctx, s, func(scan func(...any) error) (h Host, err error) {
		var address string
		err = scan(&address, &h.MAC, (*int64)(&h.First), (*int64)(&h.Last))
		h.Address, _ = netip.ParseAddr(address)
		return h, err
	}, "SELECT * FROM host WHERE last >= ? ORDER BY last DESC, address, mac LIMIT ?", int64(since), limit)
}

// Names returns the names that DNS answers gave for an address, the last given
// first, at most limit.
func (s *Store) Names(ctx context.Context, address netip.Addr, limit int) ([]Name, error) {
	return query(ctx, s, func(scan func(...any) error) (n Name, err error) {
		n.Address = address
		return n, scan(&n.Name, (*int64)(&n.First), (*int64)(&n.Last))
	}, "SELECT name, first, last FROM name WHERE address = ? ORDER BY last DESC, name LIMIT ?", address.String(), limit)
}
