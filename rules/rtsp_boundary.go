package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// rtspBoundary judges whether RTSP stays inside the site, in either direction,
// on any port, in clear, inside HTTP or inside TLS.
type rtspBoundary struct{}

func (rtspBoundary) Doc() Doc {
	return Doc{
		ID:          "rtsp-boundary",
		Title:       "RTSP crosses the internet boundary",
		Severity:    Critical,
		Kind:        Prohibition,
		Checks:      "RTSP, told by its content on any port, also tunnelled in HTTP or known inside TLS, has both ends in local zones, and names no host beyond them",
		Fails:       "any crossing, whoever began it; local RTSP that names an external host in SETUP, a redirect, Content-Base or SDP is high",
		NotSeen:     "no RTSP was seen",
		Remediation: "Remove the port forward or NAT rule, block 554, 322, 8554 and tunnels at the border, and use a VPN for remote viewing.",
		Source:      "AWS Panorama security page: do not allow streams to go out to or come in from the internet",
	}
}

func (rtspBoundary) Judge(c *Case) {
	if c.RTSP == nil && c.Wrapped != classify.ProtoRTSP {
		if c.mayHideRTSP() {
			c.Undecided("a TCP flow across the boundary whose beginning was not seen: it may be RTSP")
		}
		return
	}
	switch {
	case c.crossesVideo():
		c.failRTSP(nil, "")
	case c.Between() == Outside:
		c.Undecided("RTSP between two addresses outside every local zone: declare the zones")
	default:
		c.judgeNamedHosts()
	}
}

// crossesVideo reports whether the flow leaves the zones in which the policy
// keeps video.
func (c *Case) crossesVideo() bool {
	client, server := c.Policy.KeepsVideo(c.Client.Addr.Addr()), c.Policy.KeepsVideo(c.Server.Addr.Addr())
	return client != server && c.Between() != Group
}

// mayHideRTSP reports whether the flow crosses the boundary with bytes that no
// classifier could look at.
func (c *Case) mayHideRTSP() bool {
	return c.Flow.Protocol == flow.TCP && c.Facts.Protocol == classify.Unknown && c.crossesVideo() &&
		c.Client.Payload+c.Server.Payload > 0 &&
		(c.Midstream() || c.OneSided() || c.Starved || c.Client.Unseen()+c.Server.Unseen() > 0)
}

func (c *Case) failRTSP(severity *Severity, detail string) {
	device, peer := c.Parties()
	c.Fail(Violation{
		Severity: severity, Device: device, Peer: peer,
		Message: fmt.Sprintf("%s %s; RTSP must stay inside the site%s", c.whoAsks(device, peer), c.rtspWords(), detail),
	})
}

// whoAsks says who opened the flow towards whom.
func (c *Case) whoAsks(device Host, peer Peer) string {
	if c.Between() == Inbound {
		return fmt.Sprintf("%s reached %s port %d by", peer, device, c.Server.Addr.Port())
	}
	return fmt.Sprintf("%s reached %s by", device, peer)
}

func (c *Case) rtspWords() string {
	if c.RTSP == nil {
		return "RTSP inside TLS (named by " + strings.ReplaceAll(c.WrappedBy, "_", " ") + ")"
	}
	words := "RTSP"
	if c.RTSP.Tunnel {
		words = "RTSP tunnelled in HTTP"
	}
	if len(c.RTSP.Methods) > 0 {
		words += " (" + strings.Join(c.RTSP.Methods, ", ") + ")"
	}
	return words
}

// judgeNamedHosts looks for a host beyond the site that local RTSP sends the
// stream, or the reader, to.
func (c *Case) judgeNamedHosts() {
	if c.RTSP != nil {
		for _, host := range c.RTSP.External {
			if a, err := netip.ParseAddr(host); err == nil && c.Policy.ZoneOf(a).Trust == Internet {
				high := High
				c.failRTSP(&high, fmt.Sprintf(", but it names %s", a))
				return
			}
		}
	}
	c.Examine()
}
