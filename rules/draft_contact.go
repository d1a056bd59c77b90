package rules

import (
	"net/netip"
	"slices"
	"strings"

	"spanaudit/classify"
)

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
	clear   bool // in clear text
	clients []netip.Addr
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
	x.clear = x.clear || c.TLS == nil && (c.HTTP != nil || c.MQTT != nil)
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
