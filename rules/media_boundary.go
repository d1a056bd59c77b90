package rules

import (
	"fmt"
	"net/netip"

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
		Checks:      "RTP and RTCP that an RTSP session set up (over UDP, multicast or interleaved), and RTP told by a run of packets, have both ends in local zones; DTLS, or too few packets to tell, across the boundary leave it undecided",
		Why:         "Media packets are the picture itself: outside the site anybody on their way can watch.",
		Fails:       "signalled media that crosses is critical; media told by its packets alone is high; multicast to a group of global scope is high, and to a scoped one with a TTL above 31, which lets routers pass it on, low",
		NotSeen:     "no media was seen",
		Remediation: "Block UDP media at the border, restrict multicast by IGMP snooping and scope, and mend the sender's configuration.",
		Source:      "AWS Panorama security page: do not allow streams to go out to or come in from the internet",
	}
}

func (mediaBoundary) Judge(c *Case) {
	signalled := c.RTP != nil && c.RTP.SetupBy != "" || c.RTSP != nil && c.RTSP.Interleaved
	if !signalled && c.Facts.Protocol != classify.ProtoRTP && c.Facts.Protocol != classify.ProtoRTCP {
		switch {
		case c.Facts.Protocol == classify.ProtoDTLS && c.crossesVideo():
			c.Undecided("DTLS across the boundary: it may key SRTP (RFC 5764)")
		case c.mayBeMedia():
			c.Undecided("a few datagrams across the boundary that look like RTP: too few to tell")
		}
		return
	}
	switch {
	case c.Between() == Group:
		c.judgeMulticast()
	case c.crossesVideo():
		c.failMedia(signalled)
	case !c.keepsVideo():
		c.Undecided("media between two addresses outside every local zone: declare the zones")
	default:
		c.Examine()
	}
}

// mayBeMedia reports whether all of the few datagrams of a flow across the
// boundary have the header of RTP.
func (c *Case) mayBeMedia() bool {
	return c.RTP != nil && c.RTP.Packets >= 3 && uint64(c.RTP.Packets) == c.Client.Packets+c.Server.Packets && c.crossesVideo()
}

func (c *Case) failMedia(signalled bool) {
	device, peer := c.Parties()
	severity, how := Critical, "set up by RTSP"
	if !signalled {
		severity, how = High, "told by its packets, as no RTSP was seen to set it up"
	}
	c.Fail(Violation{
		Severity: &severity, Device: device, Peer: peer,
		Message: fmt.Sprintf("%s between %s and %s, %s; media must stay inside the site", c.mediaWords(), device, peer, how),
	})
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

// maxSiteTTL is the TTL below the threshold that multicast routers have had at the
// border of a site (RFC 2365, section 2).
const maxSiteTTL = 31

// judgeMulticast lets local media go to groups that routers keep inside:
// link-local and administratively scoped ones (RFC 2365; RFC 7346).
func (c *Case) judgeMulticast() {
	group := c.Server.Addr.Addr()
	switch {
	case group.IsMulticast() && !staysLocal(group):
		high := High
		device, peer := c.Parties()
		c.Fail(Violation{
			Severity: &high, Device: device, Peer: peer,
			Message: fmt.Sprintf("%s sends media to %s, a multicast group of global scope; a scoped group (239.0.0.0/8, ff05::/16 or less) is wanted", device, group),
		})
	case group.IsMulticast() && c.Client.TTL > maxSiteTTL:
		low := Low
		device, peer := c.Parties()
		c.Fail(Violation{
			Severity: &low, Device: device, Peer: peer, Variant: "ttl",
			Message: fmt.Sprintf("%s sends media to %s with TTL %d; at most %d keeps it inside the site", device, group, c.Client.TTL, maxSiteTTL),
		})
	case !c.Policy.keeps(c.clientTrust):
		c.Undecided("multicast media from a sender outside every local zone: declare the zones")
	default:
		c.Examine()
	}
}

// staysLocal reports whether routers keep a multicast group inside the site.
func staysLocal(a netip.Addr) bool {
	if a.Is4() {
		b := a.As4()
		return b[0] == 239 || b[0] == 224 && b[1] == 0 && b[2] == 0
	}
	return a.As16()[1]&0x0f <= 8 // organisation-local scope (RFC 7346)
}
