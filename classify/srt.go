package classify

import "golang.org/x/crypto/cryptobyte"

// Handshake types of SRT (draft-sharabayko-srt, section 3.2.1).
const (
	srtInduction  = 1
	srtWaveahand  = 0
	srtConclusion = 0xffffffff
	srtAgreement  = 0xfffffffe
)

// srtDatagram recognises SRT by a handshake packet. What follows on the flow,
// data and control, is taken as it is.
func srtDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	if f.Protocol == ProtoSRT && len(d.Payload) >= 16 {
		return Matched, false
	}
	if !isSRTHandshake(d.Payload) {
		return NoMatch, false
	}
	f.Protocol = ProtoSRT
	return Matched, false
}

// isSRTHandshake checks a control packet of type 0 (draft-sharabayko-srt,
// sections 3.2 and 3.2.1): header of four words, of which the second is 0;
// version, encryption and extension fields, initial sequence number, MTU, flow
// window, type, socket ID, cookie and the peer's address.
func isSRTHandshake(b []byte) bool {
	s := cryptobyte.String(b)
	var control, info, version, fields, sequence, mtu, window, kind, socket, cookie uint32
	ok := s.ReadUint32(&control) && s.ReadUint32(&info) && s.Skip(8) && s.ReadUint32(&version) && s.ReadUint32(&fields) &&
		s.ReadUint32(&sequence) && s.ReadUint32(&mtu) && s.ReadUint32(&window) && s.ReadUint32(&kind) &&
		s.ReadUint32(&socket) && s.ReadUint32(&cookie) && s.Skip(16)
	if !ok || control != 0x80000000 || info != 0 || sequence>>31 != 0 || mtu < 576 || mtu > 65535 || window == 0 || window > 1<<24 {
		return false
	}
	switch kind {
	case srtInduction: // the listener answers with version 5 and SRT's magic
		return version == 4 && fields == 2 || version == 5 && fields&0xffff == 0x4a17
	case srtConclusion, srtAgreement, srtWaveahand:
		return version == 5
	}
	return false
}
