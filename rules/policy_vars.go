package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxNames bounds the names that the variables of a policy expand to.
const maxNames = 10_000

var (
	variableForm = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	valueForm    = regexp.MustCompile(`^[a-z0-9*_-]([a-z0-9*._-]*[a-z0-9*_-])?$`)
	placeholder  = regexp.MustCompile(`<[^<>]*>`)
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (r *policyReader) readVars(n *node) {
	if !r.is(n, mappingNode) {
		return
	}
	for _, f := range n.fields {
		at := &node{line: f.line, column: f.column, inherited: f.value.inherited}
		r.where = fmt.Sprintf("var %q", f.key)
		if !variableForm.MatchString(f.key) {
			r.problem(at, "a variable's name is of lower-case letters, digits and '-'; give it such a one")
			continue
		}
		if f.value.kind == nullNode {
			continue
		}
		values := []string{}
		read := func(v *node) {
			if s := r.text(v); v.kind == textNode && r.checkValue(v, f.key, s) {
				values = append(values, s)
			}
		}
		if f.value.kind == textNode || f.value.kind == numberNode {
			read(f.value)
		} else {
			r.each(f.value, read)
		}
		r.vars[f.key] = at
		r.policy.Vars[f.key] = values
	}
}

func (r *policyReader) checkValue(n *node, name, value string) bool {
	switch {
	case name == "region" && regionPartition(value) == nil:
		r.problem(n, "region %q is no AWS region; write one such as us-east-1", value)
	case name == "account-id" && value != "*" && (len(value) != 12 || strings.Trim(value, "0123456789") != ""):
		r.problem(n, "account id %q is not 12 digits; write all of them, quoted", value)
	case !valueForm.MatchString(value):
		r.problem(n, "value %s cannot be part of a name; use lower-case letters, digits, '-', '_', '.' or '*'", quote(value))
	default:
		return true
	}
	return false
}

func (r *policyReader) unusedVars() {
	for _, name := range sortedKeys(r.vars) {
		if at := r.vars[name]; !r.varsUsed[name] && !at.inherited {
			r.where = fmt.Sprintf("var %q", name)
			r.problem(at, "no endpoint name uses <%s>; remove it or correct its name", name)
		}
	}
}

// place is where a problem of an expanded name is to be mended: at the name, or
// if that is the profile's, at the file's own variable in it.
func (r *policyReader) place(n *node, pattern string) *node {
	if !n.inherited {
		return n
	}
	for _, v := range placeholder.FindAllString(pattern, -1) {
		if at := r.vars[v[1:len(v)-1]]; !at.inherited {
			return at
		}
	}
	return n
}

// expand replaces the variables of a pattern by each of their values. A
// variable without values makes no names.
func (r *policyReader) expand(n *node, pattern string) []string {
	names := []string{pattern}
	for _, v := range slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(pattern, -1)))) {
		values := r.policy.Vars[v[1:len(v)-1]]
		if r.names+len(names)*len(values) > maxNames {
			r.problem(r.place(n, pattern), "the variables expand to more than %d names; give them fewer values", maxNames)
			return nil
		}
		var next []string
		for _, name := range names {
			for _, value := range values {
				next = append(next, strings.ReplaceAll(name, v, value))
			}
		}
		names = next
	}
	r.names += len(names)
	return names
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("<%s>", strings.Join(names, ">, <"))
}
