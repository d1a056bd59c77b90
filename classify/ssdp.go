package classify

import "bytes"

// ssdpDatagram recognises SSDP (UPnP Device Architecture 2.0, section 1.1) by
// its start lines, which are HTTP's over UDP.
func ssdpDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	b := d.Payload
	search := bytes.HasPrefix(b, []byte("M-SEARCH * HTTP/1."))
	response := bytes.HasPrefix(b, []byte("HTTP/1.1 200 "))
	switch {
	case search, bytes.HasPrefix(b, []byte("NOTIFY * HTTP/1.")):
	case response && f.Protocol == ProtoSSDP:
	case response:
		if h, _ := readHead(b); h.get("ST") == nil || h.get("USN") == nil {
			return NoMatch, false
		}
	default:
		return NoMatch, false
	}
	f.Protocol = ProtoSSDP
	return Matched, response && !d.FromServer || search && d.FromServer
}
