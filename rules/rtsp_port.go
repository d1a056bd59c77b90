package rules

import (
	"fmt"
	"slices"

	"spanaudit/flow"
)

// rtspPort judges whether RTSP is where the firewall's rules expect it.
type rtspPort struct{}

func (rtspPort) Doc() Doc {
	return Doc{
		ID:          "rtsp-port",
		Title:       "RTSP on an undeclared port",
		Severity:    Low,
		Kind:        Obligation,
		Checks:      "RTSP inside the site, told by its content, is served at a port of video.rtsp_ports (554)",
		Why:         "Firewall rules and reviews look for RTSP at its declared ports; elsewhere it is overlooked.",
		Fails:       "RTSP at any other port",
		NotSeen:     "no RTSP inside the site was seen",
		Remediation: "Move the camera to 554, or declare the port, so that firewall rules match what is there.",
		Source:      "AWS Panorama security page: allow the appliance to connect to port 554 of cameras",
	}
}

func (rtspPort) Judge(c *Case) {
	if c.RTSP == nil || !c.keepsVideo() {
		return
	}
	declared := func(h *flow.Half) bool { return c.Policy.servesRTSP(h.Addr.Port()) }
	switch {
	case declared(&c.Server):
		c.Examine()
	case c.Ground < flow.Message && declared(&c.Client):
		c.Examine()
	case c.Ground < flow.Message:
		c.Undecided("RTSP of which only media was seen: it is not known which end is the server")
	default:
		c.failOnce(nil, 0, func() Violation {
			device, peer := c.Host(&c.Server), c.peer(&c.Client, 0)
			return Violation{
				Device: device, Peer: peer, Variant: fmt.Sprint(c.Server.Addr.Port()),
				Message: fmt.Sprintf("%s serves RTSP at port %d to %s; %s is wanted", device, c.Server.Addr.Port(), peer, portList(c.Policy.Video.RTSPPorts)),
			}
		})
	}
}

// servesRTSP reports whether the policy expects RTSP at the port.
func (p *Policy) servesRTSP(port uint16) bool {
	return slices.ContainsFunc(p.Video.RTSPPorts, func(r PortRange) bool { return r.Contains(port) })
}
