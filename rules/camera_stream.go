package rules

import (
	"fmt"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// cameraStream judges whether the streams of declared cameras come about.
type cameraStream struct {
	cameras map[string]*stream // by device id
}

// stream is what came of reading one camera.
type stream struct {
	tried    *Case // the first attempt that failed
	failures int
	playing  int // connections in which PLAY was asked and media came
	asked    int // connections in which PLAY was asked and media came apart, if at all
	media    int // flows of media that came apart from their connection
	statuses []int
	refused  bool
}

func (*cameraStream) Doc() Doc {
	return Doc{
		ID:          "camera-stream",
		Title:       "Camera stream not working",
		Severity:    Info,
		Kind:        Obligation,
		Checks:      "of each declared camera that somebody tried to read by RTSP, at least one PLAY was followed by media",
		Why:         "A camera whose stream does not come about guards nothing, and nobody may notice.",
		Fails:       "attempts only: refused connections, refused credentials (401), wrong addresses (404), sessions without media",
		NotSeen:     "nobody tried to read a declared camera by RTSP",
		Remediation: "Mend the route, the URL or the credentials.",
		Source:      "AWS Panorama security page: the appliance needs access to cameras",
	}
}

// NotApplicable leaves the rule out where nothing says which hosts are cameras.
func (*cameraStream) NotApplicable(p *Policy) string {
	if p.declaresRole(RoleCamera) {
		return ""
	}
	return "the policy declares no camera: declare devices with role camera"
}

func (r *cameraStream) Judge(c *Case) {
	camera := c.serverDevice
	media := c.RTP != nil && (c.Facts.Protocol == classify.ProtoRTP || c.RTP.SetupBy != "")
	if media && c.clientDevice.is(RoleCamera) {
		camera = c.clientDevice
	}
	if !camera.is(RoleCamera) {
		return
	}
	knocked := c.Flow.Protocol == flow.TCP && c.Policy.servesRTSP(c.Server.Addr.Port()) && !c.Established() && !c.OneSided()
	switch {
	case c.RTSP != nil:
		r.of(camera).connection(c)
	case media && c.Facts.Protocol != classify.ProtoRTCP && c.Client.Packets+c.Server.Packets > 2:
		r.of(camera).media++
	case knocked:
		s := r.of(camera)
		s.refused = true
		s.fail(c)
	}
}

func (r *cameraStream) of(d *Device) *stream {
	if r.cameras == nil {
		r.cameras = map[string]*stream{}
	}
	if r.cameras[d.ID] == nil {
		r.cameras[d.ID] = &stream{}
	}
	return r.cameras[d.ID]
}

func (s *stream) connection(c *Case) {
	play := slices.Contains(c.RTSP.Methods, "PLAY")
	switch {
	case c.RTSP.Interleaved:
		s.playing++
	case play:
		s.asked++
		s.tried = earlier(s.tried, c)
	default:
		for _, code := range c.RTSP.StatusCodes {
			if code >= 400 && !slices.Contains(s.statuses, code) && len(s.statuses) < 8 {
				s.statuses = append(s.statuses, code)
			}
		}
		s.fail(c)
	}
}

func (s *stream) fail(c *Case) {
	s.failures++
	s.tried = earlier(s.tried, c)
}

// earlier returns the one of two cases that began first; c is copied.
func earlier(kept, c *Case) *Case {
	if kept == nil || c.Start < kept.Start {
		return c.keep()
	}
	return kept
}

// Conclude judges each declared camera.
func (r *cameraStream) Conclude(c *Conclusion) {
	for _, d := range c.Policy.Devices {
		s := r.cameras[d.ID]
		switch {
		case s == nil:
		case s.playing > 0 || s.asked > 0 && s.media > 0:
			c.ledger.examined++
		case s.tried == nil || s.media > 0:
			c.ledger.undecide("a camera whose media was seen and whose set-up was not")
		default:
			device, peer := s.tried.Host(&s.tried.Server), s.tried.peer(&s.tried.Client, 0)
			s.tried.Fail(Violation{
				Device: device, Peer: peer,
				Message: fmt.Sprintf("no stream of camera %s came about: %s; PLAY and media are wanted", device, s.reasons()),
			})
		}
	}
}

func (s *stream) reasons() string {
	var words []string
	if s.refused {
		words = append(words, "its RTSP port did not answer")
	}
	slices.Sort(s.statuses)
	for _, code := range s.statuses {
		words = append(words, fmt.Sprintf("RTSP status %d", code))
	}
	if s.asked > 0 {
		words = append(words, "PLAY without media")
	}
	if len(words) == 0 {
		words = append(words, "no PLAY was seen")
	}
	return strings.Join(words, ", ")
}
