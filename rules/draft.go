package rules

import (
	"net/netip"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Bounds of what a Draft remembers. What is beyond them is counted and said.
const (
	maxDraftHosts    = 512
	maxDraftContacts = 512
	maxDoings        = 4  // of a host
	maxDraftPorts    = 64 // at which a host answered
)

// Draft watches an audit and writes the policy that what it saw suggests. It is
// a Rule that finds nothing, for NewAudit to have beside the catalogue's. The
// audit's policy must be one without zones, so that private addresses are local.
type Draft struct {
	hosts    map[netip.Addr]*draftHost
	silent   map[netip.Addr]bool // local addresses that were spoken to, whether or not they sent anything
	routers  map[flow.MAC]bool   // link-layer addresses behind which the internet is
	routed   map[flow.MAC]bool   // those of local hosts that speak beyond their own prefix: theirs, or a router's
	contacts map[contactKey]*draftContact
	times    map[string]*draftContact // public time servers, by name, else address
	resolver map[string]*draftContact // public resolvers, by address
	foreign  map[netip.Addr]int       // flows in which an address that is not local answered RTSP
	more     int                      // hosts and contacts beyond the bounds
}

// NewDraft returns a Draft that has seen nothing yet.
func NewDraft() *Draft {
	return &Draft{
		hosts: map[netip.Addr]*draftHost{}, silent: map[netip.Addr]bool{}, routers: map[flow.MAC]bool{}, routed: map[flow.MAC]bool{}, contacts: map[contactKey]*draftContact{},
		times: map[string]*draftContact{}, resolver: map[string]*draftContact{}, foreign: map[netip.Addr]int{},
	}
}

// Doc implements Rule.
func (d *Draft) Doc() Doc { return Doc{ID: "draft", Kind: CoverageOf} }

// Judge implements Rule.
func (d *Draft) Judge(c *Case) {
	client, server := d.host(c, &c.Client, c.clientTrust), d.host(c, &c.Server, c.serverTrust)
	for _, h := range []*flow.Half{&c.Client, &c.Server} {
		if c.Policy.ZoneOf(h.Addr.Addr()).Trust == Internet && h.Packets > 0 && h.MAC != (flow.MAC{}) {
			d.routers[h.MAC] = true
		}
	}
	if client != nil && server != nil && commonPrefix(client.addr) != commonPrefix(server.addr) {
		d.routed[c.Client.MAC], d.routed[c.Server.MAC] = true, true
	}
	switch {
	case c.DHCP != nil:
		d.dhcp(c)
	case c.RTSP != nil:
		d.rtsp(c, client, server)
	case c.isRTSP() && c.worked():
		d.camera(c, client, server, "RTSP in TLS, told by its port,")
	case c.NTP != nil && asksTime(c.NTP):
		d.time(c, client, server)
	case c.Facts.Protocol == classify.ProtoDNS:
		d.dns(c, client, server)
	case c.Facts.Protocol == classify.ProtoRTP, c.Facts.Protocol == classify.ProtoRTCP, c.RTP != nil:
	default:
		d.service(c, client, server)
	}
}

// rtsp tells cameras from who reads them: who answers is a camera, unless the
// other side pushes its stream to it.
func (d *Draft) rtsp(c *Case, client, server *draftHost) {
	if len(c.RTSP.StatusCodes) == 0 {
		return
	}
	from, to, port := c.Client.Addr.Addr(), c.Server.Addr.Addr(), c.Server.Addr.Port()
	if slices.Contains(c.RTSP.Methods, "ANNOUNCE") || slices.Contains(c.RTSP.Methods, "RECORD") {
		client.does("pushed a stream by RTSP to %s", to)
		server.does("took a stream by RTSP from %s at port %d", from, port)
		server.serves(port, "rtsp")
		return
	}
	d.camera(c, client, server, "RTSP")
}

// camera notes that the server answered what only cameras do.
func (d *Draft) camera(c *Case, client, server *draftHost, what string) {
	from, to, port := c.Client.Addr.Addr(), c.Server.Addr.Addr(), c.Server.Addr.Port()
	if server == nil {
		d.foreign[to]++
	}
	server.is(RoleCamera)
	server.does("answered %s at port %d for %s", what, port, from)
	client.does("read %s by RTSP", to)
	if client != nil {
		client.reads = true
	}
	if server != nil && client != nil && port != 0 {
		server.rtsp[port] = true
		server.serves(port, "rtsp")
	}
}

// time tells time servers.
func (d *Draft) time(c *Case, client, server *draftHost) {
	synchronised := func(stratum uint8) bool { return stratum >= 1 && stratum <= 15 }
	worked := c.NTP.Responses > 0 && slices.ContainsFunc(c.NTP.Strata, synchronised)
	switch {
	case server != nil && worked:
		server.is(RoleNTPServer)
		server.does("gave the time to %s", c.Client.Addr.Addr())
	case server == nil && c.serverTrust == Internet && client != nil:
		d.public(d.times, c, c.ServerName(), worked)
	}
}

// dns tells resolvers.
func (d *Draft) dns(c *Case, client, server *draftHost) {
	worked := c.DNS.Responses > 0
	switch {
	case server != nil && worked:
		server.is(RoleResolver)
		server.does("answered DNS for %s", c.Client.Addr.Addr())
	case server == nil && c.serverTrust == Internet && client != nil:
		d.public(d.resolver, c, "", worked)
	}
}

// dhcp tells DHCP servers, by the port from which they answer.
func (d *Draft) dhcp(c *Case) {
	const serverPort, offer, ack = 67, 2, 5
	gives := func(t uint8) bool { return t == offer || t == ack }
	for _, h := range []*flow.Half{&c.Client, &c.Server} {
		x := d.hosts[h.Addr.Addr().Unmap()]
		if x != nil && h.Addr.Port() == serverPort && h.Packets > 0 && slices.ContainsFunc(c.DHCP.MessageTypes, gives) {
			x.is(RoleDHCPServer)
			x.does("gave out addresses by DHCP")
		}
	}
}

// service notes what a host answers inside, and contacts outside.
func (d *Draft) service(c *Case, client, server *draftHost) {
	what, app := c.spoken()
	port := c.Server.Addr.Port()
	worked := c.worked() || c.Flow.Protocol == flow.UDP && c.Server.Payload > 0
	switch {
	case c.Facts.Protocol == classify.ProtoMDNS && c.DNS != nil && c.DNS.Responses > 0 && c.serverTrust == Special:
		client.does("answered multicast DNS")
		client.serves(port, what)
		return
	case c.clientTrust == Special || c.serverTrust == Special || c.Transport() != "tcp" && c.Transport() != "udp" || !worked && c.serverTrust == Local:
		return
	case c.clientTrust == Local && server != nil && c.beginnerKnown(): // who asked a group is not heard here
		server.serves(port, what)
		server.does("answered %s at port %d for %s", what, port, c.Client.Addr.Addr())
	case client != nil && c.serverTrust == Internet && c.beginnerKnown() && port != 0:
		d.contact(c, app, worked)
	}
	if client != nil && (strings.HasPrefix(what, "mqtt") || c.Facts.Protocol == classify.ProtoCoAP) {
		client.does("spoke %s with %s", what, c.peer(&c.Server, port))
		client.iot = true
	}
}

// Conclude takes what DHCP clients were granted.
func (d *Draft) Conclude(c *Conclusion) {
	for mac, h := range c.Site.leases {
		for _, g := range h.granted {
			if x := d.hosts[g.address]; x != nil && (x.mac == mac || x.mac == (flow.MAC{})) {
				x.leased = true
			}
		}
	}
}
