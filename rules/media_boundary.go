package rules

import (
	"fmt"

	"spanaudit/classify"
)

// mediaBoundary judges whether the media itself stays inside the site.
type mediaBoundary struct{}

func (mediaBoundary) Doc() Doc {
	return Doc{
		ID:          "media-boundary",
		Title:       "Media crosses the internet boundary",
		Severity:    Critical,
		Kind:        Prohibition,
		Checks:      "RTP and RTCP that an RTSP session set up (over UDP, multicast or interleaved), and RTP told by a run of packets, have both ends in local zones",
		Fails:       "signalled media that crosses is critical; media told by its packets alone is high; multicast beyond the site's scope is high",
		NotSeen:     "no media was seen",
		Remediation: "Block UDP media at the border, restrict multicast by IGMP snooping and scope, and mend the sender's configuration.",
		Source:      "AWS Panorama security page: do not allow streams to go out to or come in from the internet",
	}
}

func (mediaBoundary) Judge(c *Case) {
	signalled := c.RTP != nil && c.RTP.SetupBy != "" || c.RTSP != nil && c.RTSP.Interleaved
	if !signalled && c.Facts.Protocol != classify.ProtoRTP && c.Facts.Protocol != classify.ProtoRTCP {
		return
	}
	switch {
	case c.Between() == Group:
		c.judgeMulticast()
	case c.crossesVideo():
		device, peer := c.Parties()
		severity, how := Critical, "set up by RTSP"
		if !signalled {
			severity, how = High, "told by its packets; no RTSP was seen to set it up"
		}
		c.Fail(Violation{
			Severity: &severity, Device: device, Peer: peer,
			Message: fmt.Sprintf("%s between %s and %s, %s; media must stay inside the site", c.mediaWords(), device, peer, how),
		})
	case c.Between() == Outside:
		c.Undecided("media between two addresses outside every local zone: declare the zones")
	default:
		c.Examine()
	}
}

func (c *Case) mediaWords() string {
	switch {
	case c.RTSP != nil:
		return "media interleaved in RTSP"
	case c.Facts.Protocol == classify.ProtoRTCP:
		return "RTCP"
	default:
		return "RTP"
	}
}

// judgeMulticast lets media go to groups that routers keep inside: link-local
// and administratively scoped ones (RFC 2365; RFC 7346).
func (c *Case) judgeMulticast() {
	group := c.Server.Addr.Addr()
	if !group.IsMulticast() || staysLocal(group) {
		c.Examine()
		return
	}
	high := High
	device, peer := c.Parties()
	c.Fail(Violation{
		Severity: &high, Device: device, Peer: peer,
		Message: fmt.Sprintf("%s sends media to %s, a multicast group of global scope; a scoped group (239.0.0.0/8, ff05::/16 or less) is wanted", device, peer.IP),
	})
}
