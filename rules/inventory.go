package rules

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// TLSUse is one way in which TLS, DTLS or QUIC is in use between a client and a
// service: what PCI DSS 12.3.3 wants listed, with its purpose and where.
type TLSUse struct {
	Client Host // none of uses that the inventory has no room for one by one
	Server Peer // likewise; of a named one, the address of its first handshake

	ClientZone, ServerZone string
	Purpose                string // the id of the policy's endpoint, else what is spoken inside, else empty: not known

	Protocol       string // tls, dtls or quic
	Version        classify.TLSVersion
	Cipher         classify.CipherSuite
	Group          classify.Group // 0 where it was not seen, as in most resumed handshakes
	ForwardSecrecy classify.Trit

	Flows       uint64
	First, Last flow.Time // begin of the first flow, end of the last
}

// maxInventory bounds the uses that are listed with client and server. Of those
// beyond it the versions, suites and groups are listed, as often again.
const maxInventory = 4096

// tlsUseKey is what makes two handshakes one use.
type tlsUseKey struct {
	client, server netip.Addr // server only where it has no name
	name           string
	port           uint16
	protocol       classify.Protocol
	version        classify.TLSVersion
	cipher         classify.CipherSuite
	group          classify.Group
	secrecy        classify.Trit
}

// inventory is the TLS in use, as far as servers were seen to answer.
type inventory struct {
	uses map[tlsUseKey]*TLSUse
	more uint64 // flows of uses beyond 2×maxInventory
}

// add takes a flow in.
func (v *inventory) add(c *Case) {
	t := c.TLS
	if t == nil || !t.ServerHello {
		return
	}
	k := tlsUseKey{
		client: c.Client.Addr.Addr(), name: strings.ToLower(c.ServerName()), port: c.Server.Addr.Port(),
		protocol: c.Facts.Protocol, version: t.Version, cipher: t.CipherSuite, group: t.Group, secrecy: t.ForwardSecrecy,
	}
	if k.name == "" {
		k.server = c.Server.Addr.Addr()
	}
	u := v.uses[k]
	if u == nil && len(v.uses) >= maxInventory {
		k.client, k.server, k.name, k.port = netip.Addr{}, netip.Addr{}, "", 0
		u = v.uses[k]
	}
	if u == nil {
		if len(v.uses) >= 2*maxInventory {
			v.more++
			return
		}
		if v.uses == nil {
			v.uses = map[tlsUseKey]*TLSUse{}
		}
		u = newTLSUse(c)
		if k.port == 0 {
			u.Client, u.Server, u.ClientZone, u.ServerZone, u.Purpose = Host{}, Peer{}, "", "", ""
		}
		v.uses[k] = u
	}
	u.Flows++
	u.First, u.Last = min(u.First, c.Start), max(u.Last, c.End)
}

func newTLSUse(c *Case) *TLSUse {
	u := &TLSUse{
		Client: c.Host(&c.Client), Server: c.peer(&c.Server, c.Server.Addr.Port()),
		ClientZone: c.Policy.ZoneOf(c.Client.Addr.Addr()).Name, ServerZone: c.Policy.ZoneOf(c.Server.Addr.Addr()).Name,
		Protocol: "tls", Version: c.TLS.Version, Cipher: c.TLS.CipherSuite, Group: c.TLS.Group, ForwardSecrecy: c.TLS.ForwardSecrecy,
		First: c.Start, Last: c.End,
	}
	switch {
	case c.QUIC != nil:
		u.Protocol = "quic"
	case c.TLS.Version.Protocol() == "dtls":
		u.Protocol = "dtls"
	}
	switch m := c.contact(); {
	case m.match.Endpoint != nil:
		u.Purpose = m.match.Endpoint.ID
	case c.Wrapped != "":
		u.Purpose = string(c.Wrapped)
	default:
		u.Purpose = string(c.TLS.UpgradedFrom)
	}
	return u
}

// list returns the uses in an order that does not depend on that of the flows.
func (v *inventory) list() []TLSUse {
	list := make([]TLSUse, 0, len(v.uses))
	for _, u := range v.uses {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(x, y TLSUse) int {
		return cmp.Or(
			x.Client.IP.Compare(y.Client.IP), cmp.Compare(x.Server.Name, y.Server.Name), x.Server.IP.Compare(y.Server.IP),
			cmp.Compare(x.Server.Port, y.Server.Port), cmp.Compare(x.Protocol, y.Protocol), cmp.Compare(x.Version, y.Version),
			cmp.Compare(x.Cipher, y.Cipher), cmp.Compare(x.Group, y.Group), cmp.Compare(x.ForwardSecrecy, y.ForwardSecrecy),
			cmp.Compare(x.First, y.First),
		)
	})
	return list
}
