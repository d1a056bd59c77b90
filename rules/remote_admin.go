package rules

import (
	"fmt"

	"spanaudit/classify"
	"spanaudit/flow"
)

// remoteAdmin judges from where devices are administered.
type remoteAdmin struct{}

func (remoteAdmin) Doc() Doc {
	return Doc{
		ID:          "remote-admin",
		Title:       "Remote administration from the wrong place",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "SSH, RDP, VNC, WinRM and Android's debug bridge reach declared devices, or any local host where none is declared, from an administrator only: a device of role admin or a host of a zone named admin",
		Why:         "Who can administer a device owns it; every place from which that works is a way to lose it.",
		Fails:       "any other source, the internet above all, and Telnet always; where the policy declares no administrator, what comes from inside the site is undecided",
		NotSeen:     "no remote administration was seen",
		Remediation: "Limit it to a jump host or a VPN, and remove Telnet.",
		Source:      "AWS Panorama security page: give each device only the access it needs; NIST SP 800-53 AC-17",
	}
}

func (remoteAdmin) Judge(c *Case) {
	protocol := c.adminProtocol()
	if protocol == "" || c.serverTrust != Local {
		return
	}
	switch {
	case c.clientTrust != Local:
		c.failAdmin(protocol, "from outside the site; an administrator inside it is wanted")
	case protocol == "Telnet":
		c.failAdmin(protocol, "which can be read and changed on the way; SSH is wanted")
	case c.clientDevice.is(RoleAdmin) || c.Policy.ZoneOf(c.Client.Addr.Addr()).Name == adminZone:
		c.Examine()
	case c.serverDevice == nil && len(c.Policy.Devices) > 0:
	case !c.Policy.declaresAdmin():
		c.Undecided("administration inside the site, where the policy declares no administrator (role admin, or a zone named admin)")
	default:
		c.failAdmin(protocol, "which is no declared administrator's; one is wanted")
	}
}

const adminZone = "admin"

func (p *Policy) declaresAdmin() bool {
	if p.declaresRole(RoleAdmin) {
		return true
	}
	for _, z := range p.Zones {
		if z.Zone.Name == adminZone {
			return true
		}
	}
	return false
}

// adminProtocol names the protocol of administration that the flow speaks, "" for
// none: by its bytes, and by its port those that no classifier knows.
func (c *Case) adminProtocol() string {
	switch c.loginProtocol() {
	case classify.ProtoSSH:
		return "SSH"
	case classify.ProtoTelnet:
		return "Telnet"
	case classify.ProtoRDP:
		return "RDP"
	case classify.ProtoVNC:
		return "VNC"
	case classify.ProtoHTTP, classify.ProtoTLS:
		if port := c.Server.Addr.Port(); port == 5985 || port == 5986 {
			return "WinRM"
		}
	case classify.Unknown:
		if c.Flow.Protocol == flow.TCP && c.Server.Addr.Port() == 5555 && c.Client.Payload > 0 && c.Server.Payload > 0 {
			return "ADB (told by its port)"
		}
	}
	return ""
}

func (c *Case) failAdmin(protocol, why string) {
	c.failOnce(nil, 0, func() Violation {
		device, client := c.Host(&c.Server), c.peer(&c.Client, 0)
		return Violation{
			Device: device, Peer: client, Variant: protocol,
			Message: fmt.Sprintf("%s reached %s port %d by %s, %s", client, device, c.Server.Addr.Port(), protocol, why),
		}
	})
}
