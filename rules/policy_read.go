package rules

import (
	"fmt"
	"maps"
	"slices"
)

// policyReader reads a resolved tree into a Policy and notes every problem on
// the way. where names what is being read, such as zone "cameras".
type policyReader struct {
	policy   *Policy
	where    string
	key      string // of the value being read; empty where where says it all
	problems []Problem

	vars     map[string]*node // where each variable is set
	blamed   map[*node]bool   // those of them with which a problem was noted
	varsUsed map[string]bool
	names    int // expanded so far

	declaredZones map[string]Zone
	endpointByID  map[string]*Endpoint
	deviceByID    map[string]*Device
}

// fields are the keys that a mapping may have and what reads each.
type fields map[string]func(*node)

func readPolicy(file string, root *node) (*Policy, []Problem) {
	r := &policyReader{
		policy:        &Policy{File: file, Vars: map[string][]string{}, Rules: map[string]RuleSetting{}, tree: root},
		vars:          map[string]*node{},
		blamed:        map[*node]bool{},
		varsUsed:      map[string]bool{},
		declaredZones: map[string]Zone{},
		endpointByID:  map[string]*Endpoint{},
		deviceByID:    map[string]*Device{},
	}
	p := r.policy
	p.zones = newZoneTable(nil, Zone{"internet", Internet})
	p.endpoints, p.retired = newEndpointIndex(), newEndpointIndex()
	r.mapping(root, fields{
		"apiVersion": func(n *node) { r.constant(n, "apiVersion", "spanaudit/v1") },
		"kind":       func(n *node) { r.constant(n, "kind", "Policy") },
		"extends":    func(n *node) { r.problem(n, "is a key of metadata; write it there") },
		"metadata":   r.metadata,
		"capture":    r.capture,
		"ntp":        r.ntp, "dns": r.dns, "dhcp": r.dhcp, "tls": r.tls,
		"rules": r.rules, "report": r.report,

		// These refer to one another and are read in the order below.
		"vars": nil, "zones": nil, "devices": nil, "endpoints": nil, "video": nil, "waivers": nil,
	})
	r.section(root, "vars", r.readVars)
	r.section(root, "zones", r.zones)
	r.section(root, "devices", r.devices)
	r.section(root, "endpoints", r.endpoints)
	r.section(root, "video", r.video)
	r.section(root, "waivers", r.waivers)
	r.unusedVars()
	p.devices = newDeviceIndex(p.Devices)
	return p, r.problems
}

func (r *policyReader) section(root *node, key string, read func(*node)) {
	if n := root.get(key); n != nil && n.kind != nullNode {
		r.where, r.key = key, ""
		read(n)
		r.where = ""
	}
}

// problem notes a problem at a node. What is wrong with an inherited node is
// wrong because of the file's variables or zones; callers place it there.
func (r *policyReader) problem(n *node, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if r.where != "" {
		message = r.where + ": " + message
	}
	r.problems = append(r.problems, Problem{n.line, n.column, message})
}

func (r *policyReader) warn(n *node, format string, args ...any) {
	r.policy.Warnings = append(r.policy.Warnings,
		fmt.Sprintf("%s:%d:%d: %s: %s", r.policy.File, n.line, n.column, r.where, fmt.Sprintf(format, args...)))
}

// mapping reads a mapping's known keys and refuses the others. A key without a
// value says nothing and is skipped; a nil reader leaves the key to the caller.
func (r *policyReader) mapping(n *node, known fields) {
	if !r.is(n, mappingNode) {
		return
	}
	where := r.where
	for _, f := range n.fields {
		read, ok := known[f.key]
		if !ok {
			at := &node{line: f.line, column: f.column}
			r.problem(at, "unknown key %q; %s", f.key, suggest(f.key, slices.Sorted(maps.Keys(known))))
			continue
		}
		if read == nil || f.value.kind == nullNode {
			continue
		}
		r.key = f.key
		if where == "" {
			r.where, r.key = f.key, ""
		}
		read(f.value)
		r.where = where
	}
}

// each reads a list's items.
func (r *policyReader) each(n *node, read func(*node)) {
	if !r.is(n, sequenceNode) {
		return
	}
	where := r.where
	for _, item := range n.items {
		read(item)
		r.where = where
	}
}

func (r *policyReader) is(n *node, kind nodeKind) bool {
	if n.kind != kind {
		what := n.kind.String()
		if r.key != "" {
			what = r.key + " is " + what
		}
		r.problem(n, "%s where %s is wanted", what, kind)
	}
	return n.kind == kind
}

// itemName names an item of a list by its id, for messages.
func itemName(kind string, n *node) string {
	if id := n.get("id"); id != nil && id.kind == textNode {
		return kind + " " + quote(id.text)
	}
	return kind
}
