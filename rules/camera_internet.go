package rules

import (
	"fmt"

	"spanaudit/flow"
)

// cameraInternet judges whether cameras keep to the site.
type cameraInternet struct{}

func (cameraInternet) Doc() Doc {
	return Doc{
		ID:          "camera-internet",
		Title:       "Camera talks to the internet",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "no declared camera and no host on the internet exchange anything, whoever began it: cloud services, updates, telemetry, STUN, the vendor's time servers",
		Why:         "A camera that talks to the internet can send its picture there, and take orders from there.",
		Fails:       "an exchange is high; an attempt that came to nothing is low",
		NotSeen:     "no declared camera sent or received anything",
		Remediation: "Give cameras no default route, or deny egress on their VLAN; host updates and the time locally.",
		Source:      "AWS Panorama security page: do not allow streams to go out to or come in from the internet",
	}
}

// NotApplicable leaves the rule out where nothing says which hosts are cameras.
func (cameraInternet) NotApplicable(p *Policy) string {
	if p.declaresRole(RoleCamera) {
		return ""
	}
	return "the policy declares no camera: declare devices with role camera"
}

func (cameraInternet) Judge(c *Case) {
	if !c.clientDevice.is(RoleCamera) && !c.serverDevice.is(RoleCamera) || isICMPError(c.Record) {
		return
	}
	if !c.Internet() || c.Between() != Outbound && c.Between() != Inbound {
		c.Examine()
		return
	}
	severity, did := High, "exchanged packets"
	switch {
	case c.RTP != nil && c.RTP.Packets > 0:
		did = "exchanged media"
	case c.attempted() || c.Flow.Protocol == flow.UDP && !c.Answered():
		severity, did = Low, "tried to exchange packets"
	}
	camera := c.clientDevice
	if c.Between() == Inbound {
		camera = c.serverDevice
	}
	c.failOnce(&severity, uint32(severity)|camera.mark(), func() Violation { return cameraViolation(c, severity, did) })
}

func cameraViolation(c *Case, severity Severity, did string) Violation {
	device, peer := c.Parties()
	v := Violation{Severity: &severity, Device: device, Peer: peer}
	v.Message = fmt.Sprintf("camera %s %s with %s over %s; a camera is to keep to the site", device, did, peer, c.egressWords())
	if c.Between() == Inbound && c.Ground >= flow.Message {
		v.Message += ", which the other side began"
	}
	return v
}
