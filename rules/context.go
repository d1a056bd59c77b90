package rules

import (
	"slices"
	"strings"

	"spanaudit/flow"
)

// What the frames of a finding's context are.
const (
	contextAnswer    = "DNS answer"      // gave an address for a name
	contextLease     = "DHCP lease"      // gave an address to a host
	contextMedia     = "media set-up"    // agreed on ports of media
	contextHandshake = "first handshake" // of a session that is resumed
)

// explain adds the frames by which the site knows what it knows of the flow:
// without them the same flow would be judged otherwise.
func (c *Case) explain(f *Finding) {
	add := func(what string, at flow.Frame) {
		known := func(e Evidence) bool { return e.Frame == at }
		if at.Number > 0 && len(f.Context) < maxFindingContext && !slices.ContainsFunc(f.Context, known) {
			f.Context = append(f.Context, Evidence{Frame: at, What: what})
		}
	}
	if len(f.Context) == maxFindingContext {
		return
	}
	client, server := c.Client.Addr.Addr(), c.Server.Addr.Addr()
	_, answer := c.Site.named(client, server, c.Start)
	add(contextAnswer, answer)
	known, _ := c.Site.told.get(toldKey{client, strings.ToLower(c.ServerName())})
	for _, told := range known {
		add(contextAnswer, told.first)
	}
	if leg, ok := c.Site.mediaLeg(c.Record); ok {
		add(contextMedia, leg.at)
	}
	if c.TLS != nil {
		if first, known := c.Site.parent(c.TLS); known {
			add(contextHandshake, first.at)
		}
	}
	for _, h := range []*flow.Half{&c.Client, &c.Server} {
		if c.Host(h).KnownBy == "lease" {
			add(contextLease, c.Site.holderOf(h.Addr.Addr(), c.Start).since)
		}
		if lease := c.Site.leases[h.MAC]; lease != nil && c.NTP != nil {
			add(contextLease, lease.ntpAt)
		}
	}
}
