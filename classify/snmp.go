package classify

import "golang.org/x/crypto/cryptobyte"

// snmpDatagram recognises SNMP, whose message fills its datagram (RFC 3417,
// section 3): version 1 and 2c with a community (RFC 1901), which is a password
// in clear, and version 3 (RFC 3412).
func snmpDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	s := cryptobyte.String(d.Payload)
	tag, message, length, ok := readBER(&s)
	if !ok || tag != berSequence || len(d.Payload)-len(message)-len(s)+length != d.size() {
		return NoMatch, false
	}
	version, ok := readBERInteger(&message, berInteger)
	if !ok {
		return NoMatch, false
	}
	response := false
	switch version {
	case 0, 1:
		community, ok := readBERElement(&message, berOctetString)
		pdu, _, _, readable := readBER(&message)
		if !ok || !readable || pdu < 0xa0 || pdu > 0xa8 {
			return NoMatch, false
		}
		response = pdu == 0xa2
		if len(community) > 0 && f.Login == nil {
			f.Login = &Login{Scheme: "community"}
		}
	case 3:
		// HeaderData: msgID, msgMaxSize, msgFlags, msgSecurityModel; then the
		// security parameters as an OCTET STRING
		header, ok := readBERElement(&message, berSequence)
		_, idOK := readBERInteger(&header, berInteger)
		_, sizeOK := readBERInteger(&header, berInteger)
		flags, flagsOK := readBERElement(&header, berOctetString)
		if !ok || !idOK || !sizeOK || !flagsOK || len(flags) != 1 {
			return NoMatch, false
		}
	default:
		return NoMatch, false
	}
	f.Protocol = ProtoSNMP
	return Matched, response && !d.FromServer
}
