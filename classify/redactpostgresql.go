package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// redactPostgreSQL keeps requests of encryption, the names of the parameters a
// session begins with, the type of the message behind them, and which way of
// authentication the server asks for.
func redactPostgreSQL(b []byte, server bool) {
	if server {
		redactPostgreSQLServer(b)
		return
	}
	for s := cryptobyte.String(b); !s.Empty(); {
		begin := s
		var length, code uint32
		if beginsTLS(s, false) {
			redactTLS(s, false)
			return
		}
		if !s.ReadUint32(&length) || !s.ReadUint32(&code) {
			return // no more than a length
		}
		switch {
		case length == 8 && (code == postgresSSLRequest || code == postgresGSSENCRequest):
			continue
		case code&^0xffff == postgresVersion3 && length > 13 && length <= 10000:
			var parameters []byte
			s.ReadBytes(&parameters, min(int(length)-8, len(s)))
			redactPostgreSQLParameters(parameters)
			keepFirst(s, min(len(s), 5)) // type and length
		case code == postgresCancelRequest:
			clear(s) // process and key
		default:
			clear(begin)
		}
		return
	}
}

// redactPostgreSQLParameters blanks the values, and names that are not known.
func redactPostgreSQLParameters(b []byte) {
	name := true
	for part := range bytes.SplitSeq(b, []byte{0}) {
		known := false
		switch string(part) {
		case "user", "database", "application_name", "client_encoding", "options", "replication":
			known = name
		}
		if !known {
			blankAll(part)
		}
		name = !name
	}
}

func redactPostgreSQLServer(b []byte) {
	for range 2 {
		switch {
		case len(b) > 1 && b[0] == 'S' && beginsTLS(b[1:], true):
			redactTLS(b[1:], true)
			return
		case len(b) > 0 && (b[0] == 'N' || b[0] == 'G' || b[0] == 'S'):
			b = b[1:]
		}
	}
	if len(b) > 0 && b[0] == 'R' {
		keepFirst(b, 9) // type, length, way; a salt follows
		return
	}
	keepFirst(b, 1)
}
