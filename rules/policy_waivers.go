package rules

import (
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a waiver: how long it may hold, and the characters of its reason.
const (
	maxWaiverDays = 365
	minReason     = 10
)

// ticketRules are the rules whose violations nobody may accept by the policy
// alone: what they find is an open door.
func ticketRules() []string {
	return []string{"tls-broken-cipher", "aws-cleartext-request", "rtsp-boundary", "media-boundary"}
}

// waiverTarget is what a waiver applies to.
type waiverTarget struct {
	rule, device, endpoint string
	peer                   netip.Prefix
}

func (r *policyReader) waivers(n *node) {
	seen := map[string]bool{}
	targets := map[waiverTarget]string{}
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
			r.problem(item, "a second waiver with this id; give it another")
		}
		seen[w.ID] = true
		target := waiverTarget{w.Rule, w.Device, w.Endpoint, w.Peer}
		if other, taken := targets[target]; taken && matched {
			r.problem(item, "waives the same as waiver %s; keep one", quote(other))
		}
		targets[target] = w.ID
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
				r.problem(v, "device %q is not declared; %s", w.Device, declare(w.Device, "devices", r.deviceByID))
			}
		},
		"endpoint": func(v *node) {
			w.Endpoint = r.text(v)
			switch e := r.endpointByID[w.Endpoint]; {
			case w.Endpoint == "":
			case e == nil:
				r.problem(v, "endpoint %q is not declared; %s", w.Endpoint, declare(w.Endpoint, "endpoints", r.endpointByID))
			case !e.Enabled:
				r.problem(v, "endpoint %q is disabled; match the peer by its prefix", w.Endpoint)
			}
		},
		"peer": func(v *node) {
			if w.Peer, _ = r.prefix(v); w.Peer.IsValid() && w.Peer.Bits() == 0 {
				r.problem(v, "peer %s is everybody; write the peer's prefix", w.Peer)
			}
		},
	})
	return w.Device != "" || w.Endpoint != "" || w.Peer != netip.Prefix{} || len(r.problems) > before
}

func (r *policyReader) checkWaiver(n *node, w *Waiver, matched bool) {
	for _, must := range []struct {
		key     string
		missing bool
	}{
		{"id", w.ID == ""}, {"rule", w.Rule == ""}, {"reason", w.Reason == ""}, {"owner", w.Owner == ""},
		{"approved_by", w.ApprovedBy == ""}, {"created", w.Created.IsZero()}, {"expires", w.Expires.IsZero()},
		{"ticket, which a waiver of " + w.Rule + " needs", w.Ticket == "" && slices.Contains(ticketRules(), w.Rule)},
	} {
		key, _, _ := strings.Cut(must.key, ",")
		if must.missing && n.lacks(key) {
			r.problem(n, "has no %s; add it", must.key)
		}
	}
	switch v := n.get("rule"); {
	case w.Rule == "":
	case !slices.Contains(ruleIDs(), w.Rule):
		r.problem(v, "unknown rule %q; %s", w.Rule, suggestRule(w.Rule))
	case strings.HasPrefix(w.Rule, "capture-"):
		r.problem(v, "%s judges the capture, not a device, and cannot be waived; remove the waiver", w.Rule)
	}
	if v := n.get("reason"); w.Reason != "" && utf8.RuneCountInString(strings.TrimSpace(w.Reason)) < minReason {
		r.problem(v, "reason %s says too little; write at least %d characters", quote(w.Reason), minReason)
	}
	if !matched {
		r.problem(n, "matches everything; narrow it by device, endpoint or peer under match")
	}
	r.checkWaiverTime(n.get("expires"), w)
}

func (r *policyReader) checkWaiverTime(n *node, w *Waiver) {
	if w.Expires.IsZero() || w.Created.IsZero() {
		return
	}
	switch days := w.Expires.Sub(w.Created).Hours() / 24; {
	case days < 0:
		r.problem(n, "expires before it was created; correct one of the days")
	case days > maxWaiverDays:
		r.problem(n, "holds for %.0f days; at most %d are allowed", days, maxWaiverDays)
	}
}
