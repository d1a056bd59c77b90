package rules

import (
	"fmt"

	"spanaudit/classify"
)

// videoEncryption records where video can be looked at on the way.
type videoEncryption struct{}

func (videoEncryption) Doc() Doc {
	return Doc{
		ID:          "video-encryption",
		Title:       "Local video is not encrypted",
		Severity:    Info,
		Kind:        Obligation,
		Checks:      "RTSP inside the site is inside TLS; what RTSP in clear sets up counts with it",
		Why:         "Whoever can listen inside the site can watch a stream in clear text.",
		Fails:       "RTSP in clear: a residual risk on record, because the appliance is documented to read cameras so",
		NotSeen:     "no video inside the site was seen",
		Remediation: "Keep cameras on an isolated VLAN; use RTSPS and SRTP where both ends can.",
		Source:      "AWS Panorama guide: RTSP is not encrypted; ETSI EN 303 645, 5.8",
	}
}

func (videoEncryption) Judge(c *Case) {
	switch {
	case c.RTSP == nil && c.RTP == nil && c.TLS == nil || !c.keepsVideo() || c.Between() != Inside:
	case c.RTSP != nil:
		c.failOnce(nil, 0, func() Violation { return unencrypted(c) })
	case c.TLS != nil:
		if c.isRTSP() {
			c.Examine()
		}
	case c.RTP.SetupBy == "" && c.Facts.Protocol == classify.ProtoRTP:
		c.Undecided("media whose set-up was not seen: the headers of RTP and SRTP are the same")
	}
}

func unencrypted(c *Case) Violation {
	device, peer := c.Parties()
	media := ""
	for _, s := range c.RTSP.Setups {
		if s.Secure {
			media = ", with media in SRTP whose keys may have passed here"
		}
	}
	return Violation{
		Device: device, Peer: peer,
		Message: fmt.Sprintf("%s and %s speak RTSP in clear%s; RTSPS and SRTP are wanted where both can", device, peer, media),
	}
}
