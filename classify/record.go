package classify

import "spanaudit/flow"

// Record is a flow with the facts of its bytes: what rules judge and flow
// records print. It is never changed once it has been handed on, save that the
// site may bind a media flow to the RTSP session that set it up.
type Record struct {
	*flow.Flow // its heads released
	Facts

	// Evidence names the frames of the messages that decide something, in
	// order of appearance.
	Evidence []Evidence

	// New is set of a flow that is over where it says more than Sink.Early was
	// last told.
	New bool
}

// Evidence is a message and the frame in which it begins.
type Evidence struct {
	What  string // the message's name: "ClientHello", "SETUP"
	Frame flow.Frame
}

// clone returns facts that share nothing that a later datagram changes.
func (f Facts) clone() Facts {
	f.TLS = copied(f.TLS)
	f.QUIC = copied(f.QUIC)
	f.MQTT = copied(f.MQTT)
	f.RTSP = copied(f.RTSP)
	f.RTP = copied(f.RTP)
	f.NTP = copied(f.NTP)
	f.DNS = copied(f.DNS)
	f.DHCP = copied(f.DHCP)
	f.HTTP = copied(f.HTTP)
	f.PortMapping = copied(f.PortMapping)
	return f
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// tellRoles reports whether a message told client from server. Encrypted
// records, media frames and publications pass in both directions alike.
func (f Facts) tellRoles() bool {
	switch {
	case f.TLS != nil:
		return f.TLS.ClientHello || f.TLS.ServerHello || f.TLS.HelloRetry
	case f.QUIC != nil: // long headers pass in both directions alike
		return false
	case f.RTSP != nil:
		return len(f.RTSP.Methods)+len(f.RTSP.StatusCodes) > 0
	case f.MQTT != nil:
		return f.MQTT.Connect || f.MQTT.ReturnCode >= 0
	case f.HTTP != nil:
		return len(f.HTTP.Methods) > 0 || f.HTTP.StatusCode > 0
	case f.RTP != nil, f.Protocol == ProtoSTUN: // both ends of STUN ask
		return false
	}
	return true
}

// weight grows with the media that was set up, which other flows will carry.
func (r *RTSP) weight() int {
	if r == nil {
		return 0
	}
	w := 1 + len(r.Setups)
	for _, s := range r.Setups {
		if s.Answered {
			w++
		}
	}
	return w
}
