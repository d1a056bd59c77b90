package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"spanaudit/classify"
)

// videoDisguised judges whether video leaves in another wrapping than RTSP.
type videoDisguised struct{}

func (videoDisguised) Doc() Doc {
	return Doc{
		ID:          "video-disguised",
		Title:       "Possible video leaving in another wrapping",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "declared appliances, cameras and recorders, or all local hosts where no device is declared, exchange no RTMP, SRT, WebRTC, uploads of HLS or DASH, or contacts with Kinesis Video Streams with the internet",
		Why:         "Video that leaves in another wrapping is as visible outside as any other, and harder to notice.",
		Fails:       "any of those; STUN without media, and an upload faster than video.max_uplink_kbps to what is no endpoint, are undecided",
		NotSeen:     "none of those hosts exchanged anything with the internet",
		Remediation: "Find the program that sends, declare it if it is meant to, and block it otherwise.",
		Source:      "AWS Panorama security page: do not allow streams to go out to the internet",
	}
}

func (videoDisguised) Judge(c *Case) {
	if !c.Internet() || c.Between() != Outbound && c.Between() != Inbound {
		return
	}
	d := c.clientDevice
	if c.Between() == Inbound {
		d = c.serverDevice
	}
	if len(c.Policy.Devices) > 0 && !d.is(RoleAppliance, RoleCamera, RoleRecorder) {
		return
	}
	if wrapping := c.wrapping(); wrapping != "" {
		c.failOnce(nil, 0, func() Violation {
			device, peer := c.Parties()
			return Violation{
				Device: device, Peer: peer, Variant: wrapping,
				Message: fmt.Sprintf("%s and %s exchange media by %s; video must stay inside the site", device, peer, wrapping),
			}
		})
		return
	}
	switch {
	case c.STUN || c.Facts.Protocol == classify.ProtoSTUN:
		c.Undecided("STUN with the internet: it may open the way for media of which nothing was seen")
	case c.uploads():
		c.Undecided("an upload faster than video.max_uplink_kbps to what is no endpoint of the policy: it may be video")
	default:
		c.Examine()
	}
}

// wrapping names what shows that the flow carries video, "" for nothing.
func (c *Case) wrapping() string {
	switch p := c.Facts.Protocol; {
	case p == classify.ProtoRTMP:
		return "RTMP"
	case p == classify.ProtoSRT:
		return "SRT"
	case c.STUN && (p == classify.ProtoDTLS || p == classify.ProtoRTP || p == classify.ProtoRTCP):
		return "WebRTC (media behind STUN)"
	case c.TLS != nil && isKinesisVideo(c.TLS.ServerName):
		return "Kinesis Video Streams"
	case c.HTTP != nil && isSegment(c.HTTP):
		return "an upload of HLS or DASH segments"
	}
	return ""
}

// isKinesisVideo knows kinesisvideo.<region>.amazonaws.com and the data endpoints
// below it.
func isKinesisVideo(name string) bool {
	return strings.Contains(name, "kinesisvideo") && slices.Contains(strings.Split(strings.ToLower(name), "."), "kinesisvideo")
}

// isSegment reports whether playlists or segments of HLS (RFC 8216) or DASH are
// sent rather than asked for.
func isSegment(h *classify.HTTP) bool {
	if !slices.Contains(h.Methods, "PUT") && !slices.Contains(h.Methods, "POST") {
		return false
	}
	switch strings.ToLower(path.Ext(h.Path)) {
	case ".m3u8", ".ts", ".m4s", ".mpd", ".cmfv":
		return true
	}
	return false
}

const sustained = 30 * time.Second // of sending that a rate is judged over, at least

// uploads reports whether the local end sends faster, over a time, than the
// policy expects of anything but video.
func (c *Case) uploads() bool {
	limit := c.Policy.Video.MaxUplinkKbps
	duration := c.End.Sub(c.Start)
	if limit == 0 || duration < sustained {
		return false
	}
	sent := c.Client.Payload
	if c.Between() == Inbound {
		sent = c.Server.Payload
	}
	return float64(sent)*8/1000 > float64(limit)*duration.Seconds() && (c.Between() == Inbound || c.endpoint() == nil)
}
