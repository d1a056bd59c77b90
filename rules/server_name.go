package rules

import (
	"net/netip"
	"strings"

	"spanaudit/classify"
)

// ServerName returns the name by which the client knows the server: the TLS
// server name, unless ECH makes it a cover or a proxy stands between, the HTTP
// host, or the question whose DNS answer gave the address. Empty when no name was
// seen.
//
// The HTTP host is what the client says and nobody verifies. It counts where
// the client was told it for this address, or was told nothing: a resolver that
// the host has asked before the capture began leaves no other trace. Where DNS
// answers say otherwise they hold, so that a header alone opens no allow-list.
func (c *Case) ServerName() string {
	if c.TLS != nil && !c.proxied() && c.TLS.ServerName != "" && !c.TLS.ECH {
		return c.TLS.ServerName
	}
	client, server := c.Client.Addr.Addr(), c.Server.Addr.Addr()
	if host := c.httpHost(); host != "" && c.Site.mayName(client, server, host) {
		return host
	}
	return c.Site.NameOf(client, server, c.Start)
}

// proxied reports whether the handshake is with a server behind the proxy that the
// flow goes to (RFC 9110, section 9.3.6; RFC 1928).
func (c *Case) proxied() bool {
	return c.TLS != nil && (c.Facts.Protocol == classify.ProtoHTTP || c.TLS.UpgradedFrom == classify.ProtoHTTP || c.TLS.UpgradedFrom == classify.ProtoSOCKS)
}

// httpHost returns the name that an HTTP request gives its server; none where it
// gives an address, which is no name, or where it asks a proxy to connect to
// another server.
func (c *Case) httpHost() string {
	if c.HTTP == nil || c.connects() {
		return ""
	}
	if _, err := netip.ParseAddr(c.HTTP.Host); err == nil {
		return ""
	}
	return strings.TrimSuffix(c.HTTP.Host, ".")
}
