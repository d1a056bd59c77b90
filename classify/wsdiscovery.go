package classify

import "bytes"

// wsDiscoveryDatagram recognises WS-Discovery, by which ONVIF cameras are
// found: a SOAP envelope over UDP in one of its namespaces (the 2005 draft that
// ONVIF names, or OASIS WS-Discovery 1.1).
func wsDiscoveryDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	b := bytes.TrimLeft(bytes.TrimPrefix(d.Payload, []byte("\xef\xbb\xbf")), " \r\n\t")
	if !bytes.HasPrefix(b, []byte{'<'}) || !bytes.Contains(b[:min(len(b), 2048)], []byte("Envelope")) {
		return NoMatch, false
	}
	if !bytes.Contains(b, []byte("http://schemas.xmlsoap.org/ws/2005/04/discovery")) &&
		!bytes.Contains(b, []byte("http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01")) {
		return NoMatch, false
	}
	f.Protocol = ProtoWSDiscovery
	return Matched, false
}
