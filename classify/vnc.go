package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

const (
	rfbLine = len("RFB 003.008\n") // what both sides begin with

	// Security types inside which TLS is spoken (rfbproto, "Security Types").
	rfbTLS      = 18 // at once
	rfbVeNCrypt = 19 // behind a subtype

	// VeNCrypt's subtype of a password in clear. Those behind it speak TLS. Version
	// 0.1 begins with it at 19.
	veNCryptPlain  = 256
	veNCryptPlain1 = 19
)

// vncStream reads the RFB protocol of VNC (RFC 6143, section 7.1) up to the security
// that the client chooses, which may be TLS.
//
// Both sides begin alike. Who is the server shows only when it offers security, or when
// the client's TLS begins: nothing is said before, unless nothing more is to come. To a
// viewer that listens it is the server that connects.
func vncStream(s Stream, _ *Learned) (Facts, Answer) {
	f, answer := vncFacts(s)
	if answer == NoMatch && s.RolesKnown {
		f, answer = vncFacts(s.swap())
		for i := range f.Marks {
			f.Marks[i].Server = !f.Marks[i].Server
		}
	}
	return f, answer
}

func vncFacts(s Stream) (Facts, Answer) {
	v, client, server := readVNC(s)
	switch {
	case client == refused && !s.ClientJoined, server == refused && !s.ServerJoined, client == refused && server == refused,
		v.offer == refused:
		return Facts{}, NoMatch
	case v.offer == recognised, v.upgraded && beginsTLS(s.Client[v.client:], false),
		s.Final && (client == recognised || server == recognised):
		return v.answer(s, Facts{Protocol: ProtoVNC})
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// vnc gathers what both halves of one connection say.
type vnc struct {
	*opening
	old     bool    // the client speaks a version in which the server decides
	chosen  uint8   // security type; 0 while the client was not heard
	version uint16  // of VeNCrypt, that the client chose; 0 likewise
	offer   verdict // the server offers security types

	saidClient, saidServer int // where ends what is understood of each half
}

func readVNC(s Stream) (v vnc, client, server verdict) {
	v.opening = newOpening(s)
	client, server = rfbVersion(s.Client), rfbVersion(s.Server)
	v.mark("ProtocolVersion", 0, server == recognised)
	switch client {
	case recognised:
		v.readClient(s.Client)
	case unsure:
		v.saidClient = len(s.Client)
	}
	switch server { // after the client, who says how to read it
	case recognised:
		v.readServer(s.Server)
	case unsure:
		v.saidServer = len(s.Server)
	}
	return v, client, server
}

// rfbVersion reads "RFB xxx.yyy\n".
func rfbVersion(b []byte) verdict {
	v := beginsWith(b, "RFB 00")
	if v != recognised || len(b) < rfbLine {
		if v == recognised {
			v = unsure
		}
		return v
	}
	if !isDigits(string(b[6:7])) || b[7] != '.' || !isDigits(string(b[8:11])) || b[11] != '\n' {
		return refused
	}
	return recognised
}

// isOldRFB reports whether a version is one before 3.7: in those the server decides on
// the security, and never on TLS.
func isOldRFB(b []byte) bool { return string(b[len("RFB "):rfbLine-1]) < "003.007" }

// readClient reads the security type that the client chooses and, of VeNCrypt, the
// version and the subtype.
func (v *vnc) readClient(b []byte) {
	s := cryptobyte.String(b[rfbLine:])
	var subtype uint32
	switch {
	case isOldRFB(b):
		v.old, v.last = true, true
	case !s.ReadUint8(&v.chosen):
	case v.chosen == rfbTLS:
		v.begin(len(b)-len(s), false)
	case v.chosen != rfbVeNCrypt:
		v.last = true
	case !s.ReadUint16(&v.version):
	case v.version == 0: // it knows none
		v.last = true
	case !readVeNCryptSubtype(&s, v.version, &subtype):
	case subtype > veNCryptPlain:
		v.begin(len(b)-len(s), false)
	case subtype == veNCryptPlain:
		v.readPlain(b, &s)
	default:
		v.last = true
	}
	v.saidClient = len(b) - len(s)
}

func readVeNCryptSubtype(s *cryptobyte.String, version uint16, subtype *uint32) bool {
	if version > 1 {
		return s.ReadUint32(subtype)
	}
	var short uint8
	ok := s.ReadUint8(&short)
	*subtype = uint32(short) + veNCryptPlain - veNCryptPlain1
	return ok
}

// readPlain reads two lengths, and notes the password that follows the user's name.
func (v *vnc) readPlain(b []byte, s *cryptobyte.String) {
	at := len(b) - len(*s)
	var user, password uint32
	if !s.ReadUint32(&user) || !s.ReadUint32(&password) {
		return
	}
	rest := *s
	switch {
	case password == 0:
		v.last = true
	case rest.Skip(int(user)) && !rest.Empty():
		v.credentials("plain", at)
		v.last = true
	}
}

// readServer reads the security types that the server offers, and what it says of the
// one that was chosen before TLS begins. One that the client was not heard to choose is
// told by the TLS that follows.
func (v *vnc) readServer(b []byte) {
	s := cryptobyte.String(b[rfbLine:])
	v.saidServer = rfbLine
	var count uint8
	switch {
	case v.old, isOldRFB(b):
		v.offer, v.last = recognised, true
		return
	case !s.ReadUint8(&count):
		return
	}
	types := s[:min(len(s), int(count))]
	whole := s.Skip(int(count))
	v.saidServer += 1 + len(types)
	wanted := func(security uint8) bool {
		return bytes.IndexByte(types, security) >= 0 && (v.chosen == 0 || v.chosen == security)
	}
	switch {
	case bytes.IndexByte(types, 0) >= 0, whole && count > 0 && v.chosen > 0 && !wanted(v.chosen):
		v.offer = refused // no type is 0, and a client chooses what it is offered
		return
	case !whole:
		return
	}
	v.offer = recognised
	switch {
	case wanted(rfbTLS) && beginsTLS(s, true):
		v.begin(v.saidServer, true)
	case wanted(rfbVeNCrypt):
		v.readConsent(b, s)
	case !wanted(rfbTLS):
		v.last = true
	}
}

// readConsent reads what the server says of VeNCrypt before TLS begins.
func (v *vnc) readConsent(b []byte, s cryptobyte.String) {
	consent := v.consent(&s)
	tls := consent == recognised && beginsTLS(s, true)
	if v.chosen == 0 && !tls { // it may speak of another type
		return
	}
	v.saidServer = len(b) - len(s)
	switch {
	case tls:
		v.begin(v.saidServer, true)
	case consent == refused: // whatever the client sent then
		v.upgraded, v.last = false, true
	}
}

// consent takes off the server's version, 0 if it can speak the client's, the subtypes,
// and 1 if it can begin the TLS of the one that the client chose.
func (v *vnc) consent(s *cryptobyte.String) verdict {
	var version uint16
	var status, count uint8
	switch {
	case !s.ReadUint16(&version), !s.ReadUint8(&status):
		return unsure
	case status != 0:
		return refused
	case !s.ReadUint8(&count):
		return unsure
	case count == 0:
		return refused
	}
	size := 4
	if v.version == 1 || v.version == 0 && version == 1 {
		size = 1
	}
	switch {
	case !s.Skip(int(count) * size), s.Empty():
		return unsure
	case beginsTLS(*s, true): // without consent
		return recognised
	case (*s)[0] == 1:
		s.Skip(1)
		return recognised
	case v.upgraded:
		return refused
	}
	return unsure // what follows a subtype without TLS
}

// redactVNC keeps the versions, the security that is offered and chosen, and TLS.
func redactVNC(s Stream) {
	v, _, _ := readVNC(s)
	if v.offer == refused { // as vncStream has it
		s = s.swap()
		v, _, _ = readVNC(s)
	}
	client, server := s.Client[v.saidClient:], s.Server[v.saidServer:]
	if !v.upgraded {
		clear(client)
		clear(server)
		return
	}
	redactTLSOrClear(client, false)
	redactTLSOrClear(server, true)
}
