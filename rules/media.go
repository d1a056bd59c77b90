package rules

import (
	"net/netip"

	"spanaudit/classify"
	"spanaudit/flow"
)

// mediaKey is one end at which an RTSP session said that media will arrive or
// leave from, and the address at the other end.
type mediaKey struct {
	at    netip.AddrPort
	other netip.Addr
}

// mediaLeg is what is known of the session behind a mediaKey.
type mediaLeg struct {
	setupBy        string // Community ID of the RTSP flow
	client, server netip.Addr
	control        bool       // the RTCP port of the pair
	at             flow.Frame // that completed what was known of the set-up
}

// learnMedia remembers the ports that an RTSP session agreed on (RFC 2326,
// section 12.39). Both ends are kept, because a server may send from another
// port than it said, or say none.
func (s *Site) learnMedia(r *classify.Record, at flow.Frame) {
	if r.RTSP == nil {
		return
	}
	client, server := r.Client.Addr.Addr(), r.Server.Addr.Addr()
	id := r.CommunityID()
	for _, setup := range r.RTSP.Setups {
		if setup.Transport == "tcp" {
			continue
		}
		from, to := server, client
		if setup.Source.IsValid() {
			from = setup.Source
		}
		if setup.Destination.IsValid() {
			to = setup.Destination
		}
		for i := range 2 {
			leg := mediaLeg{id, client, server, i == 1, at}
			s.expect(to, setup.ClientPorts[i], from, leg)
			s.expect(from, setup.ServerPorts[i], to, leg)
		}
	}
}

func (s *Site) expect(at netip.Addr, port uint16, other netip.Addr, leg mediaLeg) {
	if port == 0 || s.reads {
		return
	}
	k := mediaKey{netip.AddrPortFrom(at, port), other}
	if at.IsMulticast() {
		k.other = netip.Addr{}
	}
	s.Forgotten += s.media.set(k, leg)
}

// bindMedia joins a UDP flow to the RTSP session that set it up: such a flow is
// media even where its packets are encrypted or too few to be told.
func (s *Site) bindMedia(r *classify.Record) {
	leg, ok := s.mediaLeg(r)
	if !ok || r.Facts.Protocol != classify.Unknown && r.RTP == nil {
		return
	}
	if r.RTP == nil {
		r.RTP = &classify.RTP{}
	}
	r.RTP.SetupBy = leg.setupBy
	r.RTP.Heuristic = false
	if r.Facts.Protocol == classify.Unknown {
		r.Facts.Protocol = classify.ProtoRTP
		if leg.control {
			r.Facts.Protocol = classify.ProtoRTCP
		}
	}
	// Which side's first datagram comes first is chance; the RTSP client asked
	// for the media and is the client of its flows too.
	if r.Server.Addr.Addr() == leg.client && r.Client.Addr.Addr() == leg.server {
		r.Swap(flow.Message)
	}
	if r.Client.Addr.Addr() == leg.client {
		r.Confirm(flow.Message)
	}
}

func (s *Site) mediaLeg(r *classify.Record) (mediaLeg, bool) {
	if transportName(r.Flow.Protocol) != "udp" || s.media.empty() {
		return mediaLeg{}, false
	}
	c, v := r.Client.Addr, r.Server.Addr
	for _, k := range []mediaKey{{c, v.Addr()}, {v, c.Addr()}, {v, netip.Addr{}}} {
		if leg, ok := s.media.get(k); ok {
			return leg, true
		}
	}
	return mediaLeg{}, false
}
