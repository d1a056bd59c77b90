package rules

import (
	"fmt"
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

// draftHost is a local address that sent something, and what it did.
type draftHost struct {
	addr   netip.Addr
	mac    flow.MAC
	roles  map[Role]bool // that it was seen to have
	reads  bool          // it read a camera
	aws    bool          // it spoke with AWS
	iot    bool          // it spoke MQTT or CoAP
	known  bool          // it did something that a person can recognise it by
	leased bool
	flows  int
	did    []doing
	ports  map[uint16]string // at which it answered local hosts, and what was spoken there
	rtsp   map[uint16]bool   // of those, where it answered RTSP
}

// doing is something that a host did, in how many flows.
type doing struct {
	what  string
	flows int
}

// contactKey is a service on the internet that a local host began to talk to.
type contactKey struct {
	client netip.Addr
	name   string     // empty where none was seen
	server netip.Addr // the zero Addr where there is a name
	port   uint16
	proto  string
}

type draftContact struct {
	contactKey
	app     string // what was spoken; empty where that is not known
	at      netip.AddrPort
	flows   int
	worked  bool // the service answered
	clients []netip.Addr
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

// host returns the host at one end of a flow, nil where it is none of the
// site's or sent nothing.
func (d *Draft) host(c *Case, h *flow.Half, t Trust) *draftHost {
	addr := h.Addr.Addr().Unmap().WithZone("")
	if t != Local || !isAssigned(addr) {
		return nil
	}
	if len(d.silent) < maxDraftHosts {
		d.silent[addr] = true
	}
	if h.Packets == 0 {
		return nil
	}
	x := d.hosts[addr]
	if x == nil {
		if len(d.hosts) >= maxDraftHosts {
			d.more++
			return nil
		}
		x = &draftHost{addr: addr, roles: map[Role]bool{}, ports: map[uint16]string{}, rtsp: map[uint16]bool{}}
		d.hosts[addr] = x
	}
	if x.mac == (flow.MAC{}) {
		x.mac = h.MAC
	}
	x.flows++
	return x
}

// commonPrefix is the prefix that a network commonly has around an address.
func commonPrefix(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// does notes a thing that the host did.
func (h *draftHost) does(format string, args ...any) {
	if h == nil {
		return
	}
	h.known = true
	what := fmt.Sprintf(format, args...)
	if i := slices.IndexFunc(h.did, func(x doing) bool { return x.what == what }); i >= 0 {
		h.did[i].flows++
	} else if len(h.did) < maxDoings {
		h.did = append(h.did, doing{what, 1})
	}
}

func (h *draftHost) is(r Role) {
	if h != nil {
		h.roles[r] = true
	}
}

func (h *draftHost) serves(port uint16, what string) {
	if h == nil || port == 0 {
		return
	}
	if _, known := h.ports[port]; known || len(h.ports) < maxDraftPorts {
		h.ports[port] = what
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

// worked reports whether both sides said something, and a handshake that began
// went through.
func (c *Case) worked() bool {
	if c.TLS != nil {
		return c.TLS.ServerHello && c.TLS.Alert == ""
	}
	return c.Client.Payload > 0 && c.Server.Payload > 0
}

// spoken names what a flow carries, for a reader, and as endpoints.app knows it.
func (c *Case) spoken() (what, app string) {
	what = string(c.Facts.Protocol)
	if c.Wrapped != "" {
		what = string(c.Wrapped) + " in " + what
	}
	switch {
	case c.MQTT != nil || c.Wrapped == classify.ProtoMQTT:
		app = "mqtt"
	case c.TLS != nil && (c.Wrapped == classify.ProtoHTTP || c.Facts.Protocol == classify.ProtoQUIC):
		app = "https"
	case c.HTTP != nil:
		app = "http"
	}
	if c.Facts.Protocol == classify.Unknown {
		what = c.Transport() + " of an unknown protocol"
	}
	return what, app
}

func (d *Draft) contact(c *Case, app string, worked bool) {
	name := strings.ToLower(strings.TrimSuffix(c.ServerName(), "."))
	key := contactKey{client: c.Client.Addr.Addr().Unmap(), name: name, port: c.Server.Addr.Port(), proto: c.Transport()}
	if name == "" {
		key.server = c.Server.Addr.Addr().Unmap()
	}
	x := d.contacts[key]
	if x == nil {
		if len(d.contacts) >= maxDraftContacts {
			d.more++
			return
		}
		x = &draftContact{contactKey: key, at: c.Server.Addr}
		d.contacts[key] = x
	}
	x.flows++
	x.worked = x.worked || worked
	if app != "" {
		x.app = app
	}
	if suffix, _ := awsSuffix(name); suffix != nil && worked {
		d.hosts[key.client].aws = true
	}
}

// public notes that a server on the internet was asked.
func (d *Draft) public(list map[string]*draftContact, c *Case, name string, worked bool) {
	id := strings.ToLower(strings.TrimSuffix(name, "."))
	if id == "" || checkName(id) != "" {
		id = c.Server.Addr.Addr().Unmap().String()
	}
	x := list[id]
	if x == nil {
		if len(list) >= maxDraftContacts {
			d.more++
			return
		}
		x = &draftContact{at: c.Server.Addr}
		list[id] = x
	}
	x.flows++
	x.worked = x.worked || worked
	if a := c.Client.Addr.Addr().Unmap(); !slices.Contains(x.clients, a) && len(x.clients) < maxDoings {
		x.clients = append(x.clients, a)
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
