package classify

const (
	rtpRunLength  = 6       // packets of a run after which it is RTP
	maxRTPJump    = 100     // sequence numbers lost at once
	maxRTPReorder = 16      // sequence numbers that come late
	maxRTPTicks   = 1 << 24 // of the timestamp between packets: three minutes at 90 kHz
	maxRTPVain    = 64      // packets that formed no run
)

// rtpEvidence is what the datagrams of a flow have shown so far.
type rtpEvidence struct {
	runs   [2]rtpRun // of the client, of the server
	best   uint16    // length of the longest run
	vain   uint16    // packets that did not continue a run
	report uint32    // SSRC of the last RTCP compound packet
	seen   bool      // report is set
}

// rtpRun counts packets of one source whose sequence numbers advance.
type rtpRun struct {
	last   rtpHeader
	length uint16
}

// add reports whether h continues the run; otherwise a new one begins with it.
func (r *rtpRun) add(h rtpHeader) bool {
	step := int16(h.sequence - r.last.sequence)
	ticks := int32(h.timestamp - r.last.timestamp)
	if r.length == 0 || h.ssrc != r.last.ssrc || h.payloadType != r.last.payloadType ||
		step > maxRTPJump || step < -maxRTPReorder || ticks > maxRTPTicks || ticks < -maxRTPTicks {
		*r = rtpRun{last: h, length: 1}
		return false
	}
	switch {
	case step > 0:
		r.last = h
		r.length = min(r.length+1, 1<<15)
	case step < 0: // came late
		r.length = min(r.length+1, 1<<15)
	}
	return true
}

// rtpDatagram recognises RTP and RTCP (RFC 3550) of a flow that nothing has
// announced, also as TURN relays them: RTP by a run of packets, because one header
// proves nothing; RTCP by two compound packets of one source, or one with a CNAME.
//
// Until then it answers NeedMore and leaves f.Protocol as it is, while f.RTP
// holds the candidate: the SSRC and payload type of the last run's packets and
// their number, for a SETUP that becomes known later to confirm.
func rtpDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	known := f.isMedia()
	turn := false
	if !isMedia(d.Payload) {
		d, turn = relayed(d)
	}
	switch {
	case !isMedia(d.Payload):
		if known {
			_, swap := dtlsDatagram(d, f, nil) // which, as STUN, shares the port (RFC 7983)
			return NeedMore, swap
		}
		return NoMatch, false
	case isRTCP(d.Payload):
		return rtcpDatagram(d, f), false
	}
	h, ok := readRTPHeader(d.Payload, d.Missing)
	if !ok {
		return NoMatch, false
	}
	r := f.RTP
	if r == nil {
		r = &RTP{SSRC: h.ssrc, PayloadType: h.payloadType, Heuristic: true}
		f.RTP = r
	}
	r.Packets++
	if !r.evidence.add(h, d.FromServer) && !known && r.evidence.vain > maxRTPVain && r.evidence.best < 3 {
		return NoMatch, false
	}
	if f.Protocol != ProtoRTP {
		r.SSRC, r.PayloadType = h.ssrc, h.payloadType
	}
	if r.evidence.best < rtpRunLength {
		if known {
			return Matched, false
		}
		return NeedMore, false
	}
	f.Protocol, f.STUN = ProtoRTP, f.STUN || turn
	return Matched, false
}

// isMedia reports whether the flow was recognised as media.
func (f *Facts) isMedia() bool { return f.Protocol == ProtoRTP || f.Protocol == ProtoRTCP }

func (e *rtpEvidence) add(h rtpHeader, server bool) bool {
	run := &e.runs[0]
	if server {
		run = &e.runs[1]
	}
	continues := run.add(h)
	e.best = max(e.best, run.length)
	if !continues {
		e.vain = min(e.vain+1, 1<<15)
	}
	return continues
}

func rtcpDatagram(d Datagram, f *Facts) Answer {
	known := f.isMedia()
	c, ok := readRTCP(d.Payload)
	switch {
	case known && (ok || d.Missing > 0):
		return Matched
	case known:
		return NeedMore // SRTCP (RFC 3711, section 3.4)
	case !ok || d.Missing > 0:
		return NoMatch
	}
	if f.RTP == nil {
		f.RTP = &RTP{SSRC: c.ssrc, Heuristic: true}
	}
	e := &f.RTP.evidence
	proven := c.cname || e.seen && e.report == c.ssrc
	e.report, e.seen = c.ssrc, true
	if !proven {
		return NeedMore
	}
	f.Protocol = ProtoRTCP
	if f.RTP.Packets == 0 {
		f.RTP.SSRC = c.ssrc
	}
	return Matched
}
