package rules

import "strings"

func (r *policyReader) endpoints(n *node) {
	r.each(n, func(item *node) {
		r.where = itemName("endpoint", item)
		if !r.is(item, mappingNode) {
			return
		}
		e := r.endpoint(item)
		switch {
		case e.ID == "" && item.get("id") == nil:
			r.problem(item, "has no id; add it")
		case r.endpointByID[e.ID] != nil && e.ID != "":
			r.problem(item, "a second endpoint with this id; give it another")
		}
		r.endpointByID[e.ID] = e
		r.policy.Endpoints = append(r.policy.Endpoints, e)
	})
}

func (r *policyReader) endpoint(n *node) *Endpoint {
	e := &Endpoint{Enabled: true, Proto: "tcp", Ports: []PortRange{{443, 443}}}
	var names, cidrs *node
	r.mapping(n, fields{
		"id": r.into(&e.ID), "service": r.into(&e.Service),
		"from":  r.selectors(&e.From),
		"names": func(v *node) { names = v },
		"cidrs": func(v *node) { cidrs = v },
		"ports": r.ports(&e.Ports),
		"proto": r.oneOf(&e.Proto, "proto", "tcp", "udp"),
		"app":   r.texts(&e.Apps), "alpn": r.alpn(e),
		"require_sni": r.boolean(&e.RequireSNI), "required": r.boolean(&e.Required), "enabled": r.boolean(&e.Enabled),
		"end_of_support": r.date(&e.EndOfSupport),
		"source":         r.into(&e.Source), "owner": r.into(&e.Owner), "reason": r.into(&e.Reason),
	})
	if names == nil && cidrs == nil {
		r.problem(n, "has no names; add them")
	}
	if v := n.get("ports"); v != nil && v.kind == sequenceNode && len(v.items) == 0 {
		r.problem(v, "has no ports; add them, or remove the key for 443")
	}
	if v := n.get("enabled"); !e.Enabled && n.merged && !v.inherited && e.Reason == "" {
		r.problem(v, "enabled: false for an endpoint of the profile without a reason; add reason")
	}
	if v := n.get("required"); e.Required && !e.Enabled && !v.inherited {
		r.problem(v, "required: true with enabled: false; keep one")
	}
	if names != nil {
		r.each(names, func(v *node) { r.endpointName(v, e) })
	}
	if cidrs != nil {
		r.endpointPrefixes(cidrs, e)
	}
	return e
}

func (r *policyReader) alpn(e *Endpoint) func(*node) {
	return func(n *node) {
		if !r.is(n, mappingNode) {
			return
		}
		e.ALPN = map[string][]string{}
		for _, f := range n.fields {
			var list []string
			r.texts(&list)(f.value)
			e.ALPN[f.key] = list
		}
	}
}

func (r *policyReader) endpointPrefixes(n *node, e *Endpoint) {
	if e.Reason == "" {
		r.problem(n, "cidrs without a reason; addresses do not say who is there, add reason")
	}
	r.each(n, func(v *node) {
		p, ok := r.prefix(v)
		switch {
		case !ok:
		case p.Bits() == 0:
			r.problem(v, "prefix %s is the whole internet; write the addresses that are needed", p)
		default:
			e.Prefixes = append(e.Prefixes, p)
			if e.Enabled {
				r.policy.endpoints.addrs = append(r.policy.endpoints.addrs, addrEndpoint{p, e})
			}
		}
	})
}

// endpointName reads one name: it is translated if it has the spelling of AWS's
// security page, checked in each of its expansions and, if the endpoint is
// enabled, entered into the index.
func (r *policyReader) endpointName(n *node, e *Endpoint) {
	pattern := r.text(n)
	if n.kind != textNode {
		return
	}
	if real, ok := realAWSName(pattern); ok {
		if service, rest, _ := strings.Cut(real, "."); service == accessPointLabel {
			real = r.accessPoints() + "." + service + "." + rest
		}
		r.warn(n, "%q is the spelling of AWS's security page; judged as the real name %q", pattern, real)
		pattern = real
		n.text = real // so that the resolved policy shows it
	}
	for _, v := range placeholder.FindAllString(pattern, -1) {
		name := v[1 : len(v)-1]
		if _, ok := r.policy.Vars[name]; !ok {
			r.problem(n, "name %s uses %s, which vars does not define; known are %s", quote(pattern), v,
				orNone(sortedKeys(r.policy.Vars)))
			return
		}
		r.varsUsed[name] = true
	}
	e.Names = append(e.Names, pattern)
	at := r.place(n, pattern)
	for _, name := range r.expand(n, pattern) {
		if problem := checkName(name); problem != "" {
			if !r.blamed[at] { // once, not for each of the profile's endpoints
				r.problem(at, "%s", problem)
			}
			r.blamed[at] = true
			return
		}
		if e.Enabled {
			r.policy.endpoints.add(name, e)
		}
		if !e.EndOfSupport.IsZero() {
			r.policy.retired.add(name, e)
		}
	}
}

// accessPoints is the left-most label that stands for the site's S3 access points.
func (r *policyReader) accessPoints() string {
	if _, ok := r.policy.Vars["account-id"]; ok {
		return "*-<account-id>"
	}
	return "*"
}
