package classify

import (
	"bytes"
	"net/netip"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// MarkSOCKS is the evidence by which a SOCKS proxy was asked to connect. RTSP behind
// it has the host that it was asked for first in External.
const MarkSOCKS = "SOCKS request"

// socksPassword is the way to authenticate by user name and password (RFC 1929).
const socksPassword = 2

// socksStream reads what opens a connection through a SOCKS proxy, of version 4, 4A
// or 5 (RFC 1928), and TLS or RTSP behind it.
func socksStream(s Stream, _ *Learned) (Facts, Answer) {
	o := socks{opening: newOpening(s)}
	client, server := o.readClient(s.Client), o.readServer(s.Server)
	version4 := len(s.Client) > 0 && s.Client[0] == 4 // which says so little that both sides must
	switch {
	case client == refused, server == refused,
		s.ClientJoined && len(s.Client) > 0, s.ServerJoined && len(s.Server) > 0, // a name could go over a hole, and on into what is secret
		len(s.Client) > 0 && len(s.Server) > 0 && (s.Server[0] == 0) != version4:
		return Facts{}, NoMatch
	case client == recognised && (!version4 || server == recognised), server == recognised && s.Server[0] == 5,
		o.login.Scheme != "" && o.wanted: // it may have been refused
		return o.facts(s)
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// socks gathers what both halves of one connection say.
type socks struct {
	*opening
	host   string // that the proxy was asked for
	wanted bool   // the proxy wanted a password
}

// facts are those of what follows the opening, as far as it is known.
func (o *socks) facts(s Stream) (Facts, Answer) {
	rest := Stream{Client: s.Client[o.client:], Server: s.Server[o.server:], Final: s.Final}
	plain := Facts{Protocol: ProtoSOCKS}
	if o.upgraded = beginsTLS(rest.Client, false) || beginsTLS(rest.Server, true); o.upgraded {
		return o.answer(s, plain)
	}
	inner, answer := rtspStream(rest, nil)
	if inner.Protocol == "" {
		return o.answer(s, plain)
	}
	if o.host != "" { // first, where a rule finds it
		external := append([]string{o.host}, inner.RTSP.External...)
		inner.RTSP.External = external[:min(len(external), maxExternal)]
	}
	inner.Marks, inner.Login = Facts{Marks: o.marks}.behind(inner, o.client, o.server), o.loggedIn()
	return inner, answer
}

func (o *socks) readClient(b []byte) verdict {
	s := cryptobyte.String(b)
	var version uint8
	if !s.ReadUint8(&version) {
		return unsure
	}
	switch version {
	case 4:
		return o.readRequest4(b, s)
	case 5:
		return o.readClient5(b, s)
	}
	return refused
}

// readClient5 reads the ways to authenticate that a client offers, its password
// where it is asked for one, and its request.
func (o *socks) readClient5(b []byte, s cryptobyte.String) verdict {
	var ways, user, password cryptobyte.String
	if len(s) > 0 && s[0] == 0 {
		return refused
	}
	if !s.ReadUint8LengthPrefixed(&ways) || s.Empty() {
		return unsure
	}
	if at := len(b) - len(s); s[0] == 1 && bytes.IndexByte(ways, socksPassword) >= 0 {
		if !s.Skip(1) || !s.ReadUint8LengthPrefixed(&user) || !s.ReadUint8LengthPrefixed(&password) {
			return unsure
		}
		o.credentials("password", at)
	}
	at := len(b) - len(s)
	host, v := readSOCKSAddress(&s, func(command uint8) bool { return command >= 1 && command <= 3 })
	if v == recognised {
		o.host = host
		o.mark(MarkSOCKS, at, false)
		o.client = len(b) - len(s)
	}
	return v
}

// readRequest4 reads a request of version 4: command, port, address, user, and with
// an address of 0.0.0.x a name (4A).
func (o *socks) readRequest4(b []byte, s cryptobyte.String) verdict {
	var command uint8
	var address []byte
	if !s.ReadUint8(&command) {
		return unsure
	} else if command != 1 && command != 2 {
		return refused
	}
	if !s.Skip(2) || !s.ReadBytes(&address, 4) {
		return unsure
	}
	texts := 1 // the user's name
	if address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] != 0 {
		texts = 2
	}
	var name []byte
	for i := range texts {
		n := bytes.IndexByte(s[:min(len(s), maxServerName+1)], 0)
		switch {
		case n < 0 && len(s) > maxServerName:
			return refused
		case n < 0:
			return unsure
		case !isText(s[:n]):
			return refused
		}
		if i == 1 {
			name = s[:n]
		}
		s.Skip(n + 1)
	}
	o.host = socksHost(address, name)
	o.mark(MarkSOCKS, 0, false)
	o.client = len(b) - len(s)
	return recognised
}

// readServer reads how a proxy answers: by 5 and the way to authenticate, whether
// that was well, and what became of the request; in version 4 by that alone.
func (o *socks) readServer(b []byte) verdict {
	s := cryptobyte.String(b)
	var version, way, status uint8
	if !s.ReadUint8(&version) || !s.ReadUint8(&way) {
		return unsure
	}
	switch {
	case version == 0 && way >= 90 && way <= 93:
		if !s.Skip(6) {
			return unsure
		}
	case version == 5:
		o.wanted = way == socksPassword
		if o.wanted && !s.Empty() && (!s.ReadUint8(&version) || version != 1 && version != 5 || !s.ReadUint8(&status)) {
			return unsure
		}
		if s.Empty() {
			return unsure
		}
		if _, v := readSOCKSAddress(&s, func(uint8) bool { return true }); v != recognised {
			return v
		}
	default:
		return refused
	}
	o.server = len(b) - len(s)
	return recognised
}

// readSOCKSAddress takes off a request or an answer of version 5 (RFC 1928, sections
// 4 and 6), which differ in their second byte, and returns the host in it.
func readSOCKSAddress(s *cryptobyte.String, second func(uint8) bool) (host string, v verdict) {
	var version, what, reserved, kind uint8
	switch {
	case s.Empty():
		return "", unsure
	case !s.ReadUint8(&version) || version != 5:
		return "", refused
	case !s.ReadUint8(&what):
		return "", unsure
	case !second(what):
		return "", refused
	case !s.ReadUint8(&reserved):
		return "", unsure
	case reserved != 0:
		return "", refused
	case !s.ReadUint8(&kind):
		return "", unsure
	}
	var name cryptobyte.String
	var address []byte
	read := false
	switch kind {
	case 1:
		read = s.ReadBytes(&address, 4)
	case 3:
		read = s.ReadUint8LengthPrefixed(&name)
	case 4:
		read = s.ReadBytes(&address, 16)
	default:
		return "", refused
	}
	if !read || !s.Skip(2) {
		return "", unsure
	}
	return socksHost(address, name), recognised
}

// socksHost is the host of an address, or of a name where that is given.
func socksHost(address, name []byte) string {
	if a, ok := netip.AddrFromSlice(address); ok && len(name) == 0 {
		return a.Unmap().String()
	}
	return strings.ToLower(text(name))
}

// redactSOCKS blanks user and password, and what follows the opening unless it is
// TLS.
func redactSOCKS(s Stream) {
	client, server := redactSOCKSOpening(s)
	redactTLSOrClear(client, false)
	redactTLSOrClear(server, true)
}

// redactSOCKSOpening blanks what the opening says of the user, and returns what
// follows it.
func redactSOCKSOpening(s Stream) (client, server []byte) {
	o := socks{opening: newOpening(s)}
	o.readClient(s.Client)
	o.readServer(s.Server)
	said := cryptobyte.String(s.Client[:o.client])
	var version uint8
	var ways, user, password cryptobyte.String
	said.ReadUint8(&version)
	switch {
	case version == 4 && len(said) > 7:
		user, _, _ = bytes.Cut(said[7:], []byte{0})
		blankAll(user)
	case version == 5 && said.ReadUint8LengthPrefixed(&ways) && len(said) > 0 && said[0] == 1:
		login := said[1:]
		said.Skip(1)
		if !said.ReadUint8LengthPrefixed(&user) || !said.ReadUint8LengthPrefixed(&password) {
			user = login // as far as it was captured
		}
		blankAll(user)
		blankAll(password)
	}
	return s.Client[o.client:], s.Server[o.server:]
}
