package rules

import (
	"net/netip"
	"strconv"

	"spanaudit/flow"
)

// Role is what a device is for.
type Role string

// The roles that a policy may give.
const (
	RoleAppliance  Role = "appliance"   // the camera-AI appliance
	RoleCamera     Role = "camera"      // a video source
	RoleRecorder   Role = "recorder"    // a network video recorder
	RoleViewer     Role = "viewer"      // another consumer of video
	RoleGateway    Role = "gateway"     // a router or firewall: its MAC carries the traffic of others
	RoleResolver   Role = "resolver"    // a DNS resolver
	RoleNTPServer  Role = "ntp-server"  // a time server
	RoleDHCPServer Role = "dhcp-server" // a DHCP server
	RoleAdmin      Role = "admin"       // a host from which devices are administered
	RoleOther      Role = "other"
)

// Roles returns the names of the roles.
func Roles() []string {
	return []string{"appliance", "camera", "recorder", "viewer", "gateway", "resolver",
		"ntp-server", "dhcp-server", "admin", "other"}
}

// Device is a device that the policy declares.
type Device struct {
	ID           string
	Role         Role   // RoleOther where none is given
	Zone         string // empty where none is given
	Interfaces   []Interface
	InboundPorts []PortRange // ports on which it may answer; nil where the policy does not say

	Product, SoftwareVersion string
}

// Interface is one network interface of a device. At least one of MAC and
// Addrs is set.
type Interface struct {
	Name   string
	MAC    flow.MAC // zero where none is declared
	Addrs  []netip.Addr
	Method string // "dhcp", "static", "slaac", "unused" or empty
}

// PortRange is the ports First to Last, both included; First is at least 1.
type PortRange struct{ First, Last uint16 }

// Contains reports whether the port is in the range.
func (r PortRange) Contains(port uint16) bool { return r.First <= port && port <= r.Last }

func (r PortRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(int(r.First))
	}
	return strconv.Itoa(int(r.First)) + "-" + strconv.Itoa(int(r.Last))
}

// deviceIndex finds a device by what a packet shows of it.
type deviceIndex struct {
	byMAC  map[flow.MAC]*Device
	byAddr map[netip.Addr]*Device
}

func newDeviceIndex(devices []*Device) deviceIndex {
	x := deviceIndex{map[flow.MAC]*Device{}, map[netip.Addr]*Device{}}
	for _, d := range devices {
		for _, i := range d.Interfaces {
			// A gateway's MAC is on every frame that it forwards.
			if i.MAC != (flow.MAC{}) && d.Role != RoleGateway {
				x.byMAC[i.MAC] = d
			}
			for _, a := range i.Addrs {
				x.byAddr[a] = d
			}
		}
	}
	return x
}

// Device returns the declared device behind a packet's MAC and address, or nil.
// Where the capture shows the MACs of end devices (capture.layer2), the MAC of
// a local host decides, so that a device is known at an address that it should
// not have; otherwise the address does. The MAC may be zero. A gateway is known
// by its addresses only, and a host that is not local by its address only,
// because its frames carry a router's MAC.
func (p *Policy) Device(mac flow.MAC, a netip.Addr) *Device {
	a = a.Unmap().WithZone("")
	if p.Capture.Layer2 && mac != (flow.MAC{}) {
		if t := p.ZoneOf(a).Trust; t == Local || t == Special {
			if d := p.devices.byMAC[mac]; d != nil {
				return d
			}
		}
	}
	return p.devices.byAddr[a]
}
