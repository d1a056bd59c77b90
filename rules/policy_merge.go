package rules

import "slices"

// mergePolicy lays a policy over the profile that it extends: keys override,
// the items of devices, endpoints and waivers join by id, other lists are
// replaced as a whole, and a key without a value says nothing. metadata is each
// file's own. An item with the id of one of the profile's overrides the keys
// that it gives.
func mergePolicy(profile, policy *node) *node {
	merged := mergeMapping(profile, policy, func(key string, p, q *node) *node {
		switch key {
		case "metadata":
			return q
		case "devices", "endpoints", "waivers":
			return mergeByID(p, q)
		}
		return merge(p, q)
	})
	if policy.get("metadata") == nil {
		merged.fields = slices.DeleteFunc(merged.fields, func(f field) bool { return f.key == "metadata" })
	}
	return merged
}

func merge(p, q *node) *node {
	switch {
	case q.kind == nullNode || q.kind != mappingNode && p.says(q):
		return p // and so still inherited
	case p.kind == mappingNode && q.kind == mappingNode:
		return mergeMapping(p, q, func(_ string, p, q *node) *node { return merge(p, q) })
	}
	return q
}

// says reports whether two values are the same, wherever they stand.
func (n *node) says(m *node) bool {
	if n.kind != m.kind || len(n.fields) != len(m.fields) || len(n.items) != len(m.items) {
		return false
	}
	for i, f := range n.fields {
		if f.key != m.fields[i].key || !f.value.says(m.fields[i].value) {
			return false
		}
	}
	for i, item := range n.items {
		if !item.says(m.items[i]) {
			return false
		}
	}
	return n.kind == mappingNode || n.kind == sequenceNode || n.text == m.text
}

// mergeMapping lays q over p; both decides about the keys that both have.
func mergeMapping(p, q *node, both func(key string, p, q *node) *node) *node {
	m := *q
	m.merged = true
	m.fields = slices.Clone(p.fields)
	for _, f := range q.fields {
		i := slices.IndexFunc(p.fields, func(g field) bool { return g.key == f.key })
		if i < 0 {
			m.fields = append(m.fields, f)
			continue
		}
		f.value = both(f.key, m.fields[i].value, f.value)
		m.fields[i] = f
	}
	return &m
}

func mergeByID(p, q *node) *node {
	if p.kind != sequenceNode || q.kind != sequenceNode {
		return merge(p, q)
	}
	m := *q
	m.items = slices.Clone(p.items)
	for _, item := range q.items {
		i := slices.IndexFunc(m.items[:len(p.items)], func(n *node) bool { return sameID(n, item) })
		if i < 0 || m.items[i].merged {
			m.items = append(m.items, item)
			continue
		}
		m.items[i] = merge(m.items[i], item)
	}
	return &m
}

func sameID(a, b *node) bool {
	x, y := a.get("id"), b.get("id")
	return x != nil && y != nil && x.kind == textNode && y.kind == textNode && x.text == y.text
}
