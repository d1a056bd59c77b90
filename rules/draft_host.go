package rules

import (
	"fmt"
	"net/netip"
	"slices"

	"spanaudit/flow"
)

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
