package classify

// names returns the addresses that a response gives for its question, along the
// chain of CNAMEs that leads there. What is not on a chain is not believed; a
// message without a question, as mDNS sends, vouches for each of its own names.
func (m *dnsMessage) names() []Name {
	if !m.response || m.rcode != 0 {
		return nil
	}
	var names []Name
	if len(m.questions) == 0 {
		for _, r := range m.addresses {
			names = append(names, Name{Query: r.owner, Canonical: r.owner, Address: r.address, TTL: r.ttl})
		}
	}
	for _, q := range m.questions[:min(len(m.questions), 8)] {
		owner, ttl := m.canonical(q.name)
		for _, r := range m.addresses {
			if r.owner == owner {
				names = append(names, Name{Query: q.name, Canonical: owner, Address: r.address, TTL: min(ttl, r.ttl)})
			}
		}
	}
	return names[:min(len(names), maxNames)]
}

const (
	maxNames   = 256 // of one message
	maxAliases = 16  // of one chain
)

// canonical follows the CNAMEs from name and returns where they end, with the
// smallest TTL on the way.
func (m *dnsMessage) canonical(name string) (owner string, ttl uint32) {
	owner, ttl = name, ^uint32(0)
	for range maxAliases {
		next := false
		for _, r := range m.aliases {
			if r.owner == owner && r.target != owner {
				owner, ttl, next = r.target, min(ttl, r.ttl), true
				break
			}
		}
		if !next {
			break
		}
	}
	return owner, ttl
}
