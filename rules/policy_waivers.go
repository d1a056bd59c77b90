package rules

import (
	"net/netip"
	"slices"
)

// maxWaiverDays bounds how long a waiver may hold.
const maxWaiverDays = 365

func (r *policyReader) waivers(n *node) {
	seen := map[string]bool{}
	r.each(n, func(item *node) {
		var w Waiver
		r.where = itemName("waiver", item)
		matched := false
		r.mapping(item, fields{
			"id": r.into(&w.ID), "rule": r.into(&w.Rule),
			"reason": r.into(&w.Reason), "owner": r.into(&w.Owner),
			"approved_by": r.into(&w.ApprovedBy), "ticket": r.into(&w.Ticket),
			"created": r.date(&w.Created), "expires": r.date(&w.Expires),
			"match": func(v *node) { matched = r.waiverMatch(v, &w) },
		})
		if item.kind != mappingNode {
			return
		}
		r.checkWaiver(item, &w, matched)
		if seen[w.ID] && w.ID != "" {
			r.problem(item, "a second waiver with this id")
		}
		seen[w.ID] = true
		r.policy.Waivers = append(r.policy.Waivers, w)
	})
}

// waiverMatch reads what a waiver applies to and reports whether it is narrowed
// to anything.
func (r *policyReader) waiverMatch(n *node, w *Waiver) bool {
	before := len(r.problems)
	r.mapping(n, fields{
		"device": func(v *node) {
			if w.Device = r.text(v); w.Device != "" && r.deviceByID[w.Device] == nil {
				r.problem(v, "device %q is not declared", w.Device)
			}
		},
		"endpoint": func(v *node) {
			if w.Endpoint = r.text(v); w.Endpoint != "" && r.endpointByID[w.Endpoint] == nil {
				r.problem(v, "endpoint %q is not declared", w.Endpoint)
			}
		},
		"peer": func(v *node) { w.Peer, _ = r.prefix(v) },
	})
	return w.Device != "" || w.Endpoint != "" || w.Peer != netip.Prefix{} || len(r.problems) > before
}

func (r *policyReader) checkWaiver(n *node, w *Waiver, matched bool) {
	for _, must := range []struct {
		key     string
		missing bool
	}{
		{"id", w.ID == ""}, {"rule", w.Rule == ""}, {"reason", w.Reason == ""},
		{"owner", w.Owner == ""}, {"expires", w.Expires.IsZero()},
	} {
		if v := n.get(must.key); must.missing && (v == nil || v.kind == nullNode || v.kind == textNode && v.text == "") {
			r.problem(n, "has no %s; add it", must.key)
		}
	}
	if v := n.get("rule"); w.Rule != "" && !slices.Contains(ruleIDs(), w.Rule) {
		r.problem(v, "unknown rule %q; %s", w.Rule, suggestRule(w.Rule))
	}
	if !matched {
		r.problem(n, "matches everything; narrow it by device, endpoint or peer under match")
	}
	if v := n.get("expires"); !w.Expires.IsZero() && !w.Created.IsZero() {
		switch days := w.Expires.Sub(w.Created).Hours() / 24; {
		case days < 0:
			r.problem(v, "expires before it was created")
		case days > maxWaiverDays:
			r.problem(v, "holds for %.0f days; at most %d are allowed", days, maxWaiverDays)
		}
	}
}
