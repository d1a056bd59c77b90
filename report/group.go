package report

import (
	"slices"

	"spanaudit/rules"
)

// ruleGroups lists what the rules are about, each by the rule with which it
// begins in the catalogue, in the catalogue's order.
func ruleGroups() []struct{ first, name string } {
	return []struct{ first, name string }{
		{"tls-version", "tls"},
		{"egress-allow-list", "boundary"},
		{"endpoint-reachable", "endpoint"},
		{"rtsp-boundary", "video"},
		{"ntp-source", "time"},
		{"device-address", "identity"},
		{"cleartext-credentials", "hygiene"},
		{"capture-loss", "coverage"},
	}
}

// groupsOf returns what each rule of the catalogue is about.
func groupsOf(docs []rules.Doc) map[string]string {
	groups, of, name := ruleGroups(), map[string]string{}, ""
	for _, d := range docs {
		if i := slices.IndexFunc(groups, func(g struct{ first, name string }) bool { return g.first == d.ID }); i >= 0 {
			name = groups[i].name
		}
		of[d.ID] = name
	}
	return of
}
