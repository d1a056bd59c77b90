package classify

import (
	"bytes"
	"encoding/binary"
)

// mysqlSSL is the capability by which a client asks for TLS (CLIENT_SSL).
const mysqlSSL = 0x800

// mysqlStream reads the greeting of MySQL and MariaDB, protocol version 10, and the
// SSLRequest by which a client answers before it goes over to TLS (MySQL, "Connection
// Phase Packets").
func mysqlStream(s Stream, _ *Learned) (Facts, Answer) {
	greeting, greeted := mysqlGreeting(s.Server)
	response, request := mysqlResponse(s.Client)
	switch {
	case greeting == refused, response == refused && !s.ClientJoined:
		return Facts{}, NoMatch
	case greeting == recognised, request > 0 && beginsTLS(s.Client[request:], false):
	case s.Final:
		return Facts{}, NoMatch
	default:
		return Facts{}, NeedMore
	}
	o := newOpening(s)
	if greeting == recognised {
		o.mark("greeting", 0, true)
	}
	if request > 0 {
		o.mark("SSLRequest", 0, false)
		o.begin(request, false)
	}
	if greeting == recognised && (request > 0 || beginsTLS(s.Server[greeted:], true)) {
		o.begin(greeted, true)
	}
	o.last = response == recognised && request == 0
	return o.answer(s, Facts{Protocol: ProtoMySQL})
}

// mysqlPacket reads the header of a packet of less than 64 KiB: a length of three
// bytes, the lowest first, and a number.
func mysqlPacket(b []byte, number byte) (payload []byte, v verdict) {
	if len(b) < 4 {
		return nil, unsure
	}
	length := int(binary.LittleEndian.Uint16(b))
	switch {
	case b[2] != 0, b[3] != number:
		return nil, refused
	case len(b) < 4+length:
		return b[4:], unsure
	}
	return b[4 : 4+length], recognised
}

// mysqlGreeting reads what a server begins with: 10, its version up to a zero, the
// connection's number, eight bytes of a challenge, a zero. It ends at end.
func mysqlGreeting(b []byte) (v verdict, end int) {
	p, v := mysqlPacket(b, 0)
	switch {
	case v == refused, len(p) > 0 && p[0] != 10, len(b) > 1 && b[1] > 3: // none is longer than 1 KiB
		return refused, 0
	case v == unsure:
		return unsure, 0
	}
	n := mysqlVersion(p)
	if n == 0 || len(p) < n+4+8+1 || p[n+4+8] != 0 {
		return refused, 0
	}
	return recognised, 4 + len(p)
}

// mysqlVersion returns where the version of a greeting ends, its zero included; 0 if
// there is none.
func mysqlVersion(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	n := bytes.IndexByte(p[1:min(len(p), 80)], 0)
	if n < 1 || !isText(p[1:1+n]) {
		return 0
	}
	return 1 + n + 1
}

// mysqlResponse reads what a client answers: capabilities, and more unless it asks
// for TLS, which then begins at request.
func mysqlResponse(b []byte) (v verdict, request int) {
	const short, long = 5, 32 // of an SSLRequest of before MySQL 4.1, and since
	p, v := mysqlPacket(b, 1)
	if v != recognised {
		return v, 0
	}
	switch {
	case len(p) < short:
		return refused, 0
	case (len(p) == short || len(p) == long) && binary.LittleEndian.Uint16(p)&mysqlSSL != 0:
		return recognised, 4 + len(p)
	}
	return recognised, 0
}

// redactMySQL keeps the server's version, what a client can do, and TLS.
func redactMySQL(b []byte, server bool) {
	v, end := mysqlResponse(b)
	kept := 4 + 4
	if server {
		v, end = mysqlGreeting(b)
		kept = 4 + max(mysqlVersion(b[min(len(b), 4):]), 1)
	}
	if v != recognised || end == 0 {
		end = len(b)
	}
	keepFirst(b[:end], kept)
	redactTLSOrClear(b[end:], server)
}
