package rules

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"spanaudit/flow"
)

// Prefixes returns every prefix in the policy, those of profiles too. An
// anonymizer that is to map it must keep them.
func (p *Policy) Prefixes() []netip.Prefix {
	var list []netip.Prefix
	p.tree.texts(func(n *node) {
		if prefix, err := netip.ParsePrefix(n.text); err == nil {
			list = append(list, prefix)
		}
	})
	return list
}

// Anonymized returns the policy with the addresses, prefixes and MACs in it
// mapped by a, which must have been made with p's Prefixes. SHA256 is that of its
// text, as WriteYAML writes it without its first comments; of a policy with no
// address in it, it is p itself. An error says that the result is no policy, which is
// a defect.
func (p *Policy) Anonymized(a *flow.Anonymizer) (*Policy, error) {
	changed := false
	tree := p.tree.clone(func(key string) string { // a zone's name, perhaps
		name := a.TextOf(key)
		changed = changed || name != key
		return name
	})
	tree.texts(func(n *node) {
		text := anonymized(n.text, a)
		changed = changed || text != n.text
		n.text = text
	})
	if !changed && a.TextOf(string(p.Text)) == string(p.Text) { // nor in a comment
		return p, nil
	}
	var text bytes.Buffer
	writeTree(&text, tree)
	q, err := Parse(a.TextOf(p.File), text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("policy %s, anonymized: %w", p.Name, err)
	}
	q.Extends = p.Extends
	return q, nil
}

// anonymized maps a value that is an address, a prefix or a MAC in whatever
// spelling, and addresses in other text.
func anonymized(s string, a *flow.Anonymizer) string {
	if ip, err := netip.ParseAddr(s); err == nil {
		return a.Addr(ip).String()
	}
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return a.Prefix(prefix).String()
	}
	if mac, err := net.ParseMAC(s); err == nil && len(mac) == len(flow.MAC{}) && strings.ContainsAny(s, ":-.") {
		return a.MAC(flow.MAC(mac)).String()
	}
	return a.TextOf(s)
}

// texts calls do with every text below n but versions, which may look like
// addresses.
func (n *node) texts(do func(*node)) {
	if n.kind == textNode {
		do(n)
	}
	for _, f := range n.fields {
		if f.key != "version" && f.key != "apiVersion" && f.key != "extends" {
			f.value.texts(do)
		}
	}
	for _, item := range n.items {
		item.texts(do)
	}
}

func (n *node) clone(rename func(key string) string) *node {
	m := *n
	m.fields, m.items = slices.Clone(n.fields), slices.Clone(n.items)
	for i := range m.fields {
		m.fields[i].key, m.fields[i].value = rename(m.fields[i].key), m.fields[i].value.clone(rename)
	}
	for i := range m.items {
		m.items[i] = m.items[i].clone(rename)
	}
	return &m
}
