package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"spanaudit/flow"
)

// rtspParties judges who reads whose streams inside the site.
type rtspParties struct{}

func (rtspParties) Doc() Doc {
	return Doc{
		ID:          "rtsp-parties",
		Title:       "RTSP between undeclared parties",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "inside the site, the client of RTSP is one of video.viewers (appliance, recorder, viewer) and its server one of video.cameras (camera)",
		Why:         "Whoever is not meant to look at a camera should not be able to.",
		Fails:       "any other client or server: a laptop that looks at a camera, a camera that pushes its stream, an appliance that serves one, a stream that a viewer has sent to another host",
		NotSeen:     "no RTSP inside the site was seen",
		Remediation: "Let cameras accept RTSP from the appliance's address only, or declare the viewer.",
		Source:      "AWS Panorama guide: an application can connect to any camera stream that is routable",
	}
}

// NotApplicable leaves the rule out where nobody is declared.
func (rtspParties) NotApplicable(p *Policy) string {
	if len(p.Devices) > 0 {
		return ""
	}
	return "the policy declares no devices: declare cameras and viewers"
}

func (rtspParties) Judge(c *Case) {
	if !c.isRTSP() || !c.keepsVideo() {
		return
	}
	viewer := c.Policy.selectsAny(c.Policy.Video.Viewers, c.Client.Addr.Addr(), c.clientDevice)
	camera := c.Policy.selectsAny(c.Policy.Video.Cameras, c.Server.Addr.Addr(), c.serverDevice)
	third := c.sentElsewhere()
	switch {
	case viewer && camera && third.IsValid():
		device, peer := c.Parties()
		c.Fail(Violation{
			Device: device, Peer: peer, Variant: third.String(),
			Message: fmt.Sprintf("%s had %s send the stream to %s, which is no declared viewer (%s)", device, peer, third, selectorList(c.Policy.Video.Viewers)),
		})
	case viewer && camera:
		c.Examine()
	case c.Ground < flow.Message:
		c.Undecided("RTSP of which only media was seen: it is not known which end is the viewer")
	default:
		c.failOnce(nil, 0, func() Violation { return partiesViolation(c, viewer, camera) })
	}
}

// sentElsewhere returns the host of the site to which a SETUP sends the stream
// (destination, RFC 2326, section 12.39), where that is neither an end of the
// connection nor a viewer. What leaves the site rtsp-boundary judges.
func (c *Case) sentElsewhere() netip.Addr {
	if c.RTSP == nil {
		return netip.Addr{}
	}
	for i := range c.RTSP.Setups {
		a := c.RTSP.Setups[i].Destination
		if !a.IsValid() || a == c.Client.Addr.Addr() || a == c.Server.Addr.Addr() || c.Policy.ZoneOf(a).Trust != Local {
			continue
		}
		if d, _ := c.Site.identify(flow.MAC{}, a, c.Start); !c.Policy.selectsAny(c.Policy.Video.Viewers, a, d) {
			return a
		}
	}
	return netip.Addr{}
}

func partiesViolation(c *Case, viewer, camera bool) Violation {
	device, peer := c.Parties()
	var wrong []string
	if !viewer {
		wrong = append(wrong, fmt.Sprintf("%s is no declared viewer (%s)", device, selectorList(c.Policy.Video.Viewers)))
	}
	if !camera {
		wrong = append(wrong, fmt.Sprintf("%s is no declared camera (%s)", c.Host(&c.Server), selectorList(c.Policy.Video.Cameras)))
	}
	return Violation{
		Device: device, Peer: peer,
		Message: fmt.Sprintf("%s %s; %s", c.whoAsks(device, peer), c.rtspWords(), strings.Join(wrong, ", ")),
	}
}

// selectsAny reports whether one of the selectors picks the host; an empty list picks every host. Once a declared device is picked, a role
// picks declared devices only: who declares one viewer means that one.
func (p *Policy) selectsAny(list []Selector, a netip.Addr, d *Device) bool {
	if len(list) == 0 {
		return true
	}
	named := slices.ContainsFunc(p.Devices, func(d *Device) bool {
		return slices.ContainsFunc(list, func(s Selector) bool {
			return s.Kind == "role" && s.Value == string(d.Role) || s.Kind == "device" && s.Value == d.ID
		})
	})
	return slices.ContainsFunc(list, func(s Selector) bool {
		return (s.Kind == "zone" || d != nil || !named) && p.Selects(s, a, d)
	})
}

func selectorList(list []Selector) string {
	var words []string
	for _, s := range list {
		words = append(words, s.String())
	}
	return orList(words)
}
