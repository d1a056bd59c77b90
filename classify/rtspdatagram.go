package classify

// rtspDatagram reads RTSP over UDP (RFC 2326, sections 3.2 and 9; its URLs begin
// with rtspu:), in which a datagram holds whole messages.
func rtspDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	b := trimLines(d.Payload)
	known := f.Protocol == ProtoRTSP
	line, _, whole := cutLine(b[:min(len(b), maxTextLine)])
	start, ok := parseStart(line, rtspSlash)
	switch {
	case known && len(b) == 0: // what keeps a NAT's mapping alive
		return Matched, false
	case !whole || !ok:
		return NoMatch, false
	case f.rtsp == nil:
		f.rtsp = &rtspConn{datagrams: true}
	}
	server := d.FromServer
	if !known { // nothing else has told who it is
		server = start.status != 0
	}
	r := &rtspReader{rtspConn: f.rtsp, server: server, fixed: true}
	r.read(b, true)
	said := f.rtsp.facts()
	f.Protocol, f.Marks = ProtoRTSP, said.Marks
	f.RTSP = copied(said.RTSP) // what was handed on does not change
	f.Malformed, f.Clipped = f.Malformed || said.Malformed, f.Clipped || said.Clipped
	return Matched, server != d.FromServer
}

// redactRTSPDatagram redacts RTSP over UDP.
func redactRTSPDatagram(d Datagram) {
	redactRTSPMessages(trimLines(d.Payload), d.FromServer, true)
}
