package rules

import (
	"slices"
	"time"
)

// agree refuses what sections of a policy say against one another, and against
// the profile. Each problem stands where the file, not the profile, says it.
func (r *policyReader) agree(root *node) {
	r.where = ""
	r.agreeClock(root)
	r.agreeVideo(root)
	if r.policy.profile == "aws-panorama" {
		r.agreePanorama(root)
	}
}

// own returns the first of these values that the file itself gives.
func own(values ...*node) *node {
	for _, v := range values {
		if v != nil && !v.inherited {
			return v
		}
	}
	return nil
}

// at returns the value at the end of a path of keys, or nil.
func (n *node) at(path ...string) *node {
	for _, key := range path {
		if n == nil {
			return nil
		}
		n = n.get(key)
	}
	return n
}

// agreeClock refuses an offset finer than the clock that measures it.
func (r *policyReader) agreeClock(root *node) {
	offset, err := r.policy.NTP.MaxOffset, r.policy.Capture.ClockMaxError
	if n := own(root.at("ntp", "max_offset"), root.at("capture", "clock", "max_error")); n != nil && offset > 0 && err > offset {
		r.problem(n, "ntp.max_offset %s is smaller than capture.clock.max_error %s; what the capture's clock cannot measure cannot be judged", offset, err)
	}
}

// agreeVideo refuses viewers that nobody is, and RTSP ports of cameras that
// video does not know.
func (r *policyReader) agreeVideo(root *node) {
	for key, list := range map[string][]Selector{"viewers": r.policy.Video.Viewers, "cameras": r.policy.Video.Cameras} {
		n := own(root.at("video", key))
		for _, s := range list {
			has := func(d *Device) bool { return string(d.Role) == s.Value }
			if n != nil && s.Kind == "role" && len(r.policy.Devices) > 0 && !slices.ContainsFunc(r.policy.Devices, has) {
				r.problem(n, "video: %q in %s selects no declared device; declare one, or remove it", s, key)
			}
		}
	}
	devices := root.get("devices")
	for i, d := range r.policy.Devices {
		for _, port := range rtspPortNumbers() {
			contains := func(p PortRange) bool { return p.Contains(port) }
			if d.Role == RoleCamera && slices.ContainsFunc(d.InboundPorts, contains) && !slices.ContainsFunc(r.policy.Video.RTSPPorts, contains) {
				r.problem(devices.items[i], "device %s: inbound port %d is RTSP's, but video.rtsp_ports does not have it; add it there", quote(d.ID), port)
			}
		}
	}
}

// rtspPortNumbers are the ports of RTSP and RTSPS, as registered and as used.
func rtspPortNumbers() []uint16 { return []uint16{554, 322, 8554} }

// panoramaPorts are the ports that a Panorama Appliance opens where an
// application is configured to.
func panoramaPorts() PortRange { return PortRange{8000, 9000} }

// agreePanorama holds what AWS's guide says of the appliance: it opens none but
// the ports of applications, and forward secrecy is not optional.
func (r *policyReader) agreePanorama(root *node) {
	applications := panoramaPorts()
	devices := root.get("devices")
	for i, d := range r.policy.Devices {
		for _, p := range d.InboundPorts {
			if d.Role == RoleAppliance && (p.First < applications.First || p.Last > applications.Last) {
				r.problem(devices.items[i], "device %s: inbound port %s is outside %s, the appliance's ports for applications; correct it, or extend edge-camera", quote(d.ID), p, applications)
			}
		}
	}
	if n := own(root.at("tls", "require_pfs")); n != nil && !r.policy.TLS.RequirePFS {
		r.problem(n, "tls: require_pfs cannot be false with aws-panorama; waive single violations instead")
	}
	approved, err := time.Parse(time.DateOnly, r.policy.Metadata.ApprovedOn)
	for i, e := range r.policy.Endpoints {
		n := root.get("endpoints").items[i]
		if err == nil && e.Required && e.Enabled && !e.EndOfSupport.IsZero() && e.EndOfSupport.Before(approved) && !n.inherited {
			r.problem(n, "endpoint %s: required: true, but its support ended on %s, before the policy was approved; write required: false", quote(e.ID), e.EndOfSupport.Format(time.DateOnly))
		}
	}
}
