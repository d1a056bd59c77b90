package rules

import (
	"strings"

	"spanaudit/classify"
)

// contact is whom a flow is meant for: the server's name, as ServerName gives
// it, in lower case, and what the allow-list says of it.
type contact struct {
	name  string
	match EndpointMatch
	known bool
}

// contact looks the flow's server up, once for all rules.
func (c *Case) contact() *contact {
	if m := &c.met; !m.known {
		client := c.Client.Addr.Addr()
		m.known, m.name = true, strings.ToLower(strings.TrimSuffix(c.ServerName(), "."))
		if c.Policy.endpoints.empty() {
			return m
		}
		m.match = c.Policy.Endpoint(m.name, c.Server.Addr, c.Transport(), client, c.Policy.Device(c.Client.MAC, client))
	}
	return &c.met
}

// asksNames reports whether the flow is DNS by which a local host asks for
// itself: a resolver of the site asks for others.
func (c *Case) asksNames() bool {
	if c.DNS == nil || c.Facts.Protocol != classify.ProtoDNS || c.clientTrust != Local {
		return false
	}
	client := c.Client.Addr.Addr()
	if c.Policy.DNS.Resolvers.Has(client, "") {
		return false
	}
	d := c.Policy.Device(c.Client.MAC, client)
	return d == nil || d.Role != RoleResolver
}

// namesContact reports whether the flow may say whom a local host contacts by
// name: it carries a name of its own.
func (c *Case) namesContact() bool {
	return c.clientTrust == Local && (c.TLS != nil && !c.TLS.ECH || c.HTTP != nil)
}

// mention returns how the flow speaks of a name, for a sentence, and as whose: it
// contacts the server, or asks DNS for it.
func (c *Case) mention(name string) (what string, peer Peer) {
	switch {
	case c.asksNames():
		return "asked DNS for", Peer{IP: c.Site.address(c.Client.Addr.Addr(), name), Name: name}
	case c.Established():
		what = "contacted"
	default:
		what = "tried to contact"
	}
	_, peer = c.Parties()
	return what, peer
}
