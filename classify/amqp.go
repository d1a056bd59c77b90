package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// amqpStream recognises AMQP by its protocol header: 0-8 to 0-9-1 and 1.0, of
// which header 2 goes over to TLS (AMQP 1.0, section 5.2).
func amqpStream(s Stream, _ *Learned) (Facts, Answer) {
	client := amqpHeader(s.Client)
	switch {
	case client == refused, client == unsure && s.Final:
		return Facts{}, NoMatch
	case client == unsure:
		return Facts{}, NeedMore
	}
	o := newOpening(s)
	o.mark("AMQP", 0, false)
	rest := s.Client[8:]
	if s.Client[4] == 2 && beginsTLS(rest, false) {
		o.begin(8, false)
		if server := amqpHeader(s.Server); server == recognised {
			o.begin(8, true)
		}
	} else if isAMQPPlain(rest) {
		o.credentials("plain", 8)
		o.last = true
	}
	o.last = o.last || len(rest) > 1024
	return o.answer(s, Facts{Protocol: ProtoAMQP})
}

// amqpHeader reads "AMQP" and four bytes of protocol and version.
func amqpHeader(b []byte) verdict {
	if v := beginsWith(b, "AMQP"); v != recognised || len(b) < 8 {
		if v == recognised {
			v = unsure
		}
		return v
	}
	switch [4]byte(b[4:8]) {
	case [4]byte{0, 0, 9, 1}, [4]byte{1, 1, 0, 9}, [4]byte{1, 1, 0, 10}, [4]byte{1, 1, 8, 0}, [4]byte{1, 1, 9, 1},
		[4]byte{0, 1, 0, 0}, [4]byte{2, 1, 0, 0}, [4]byte{3, 1, 0, 0}:
		return recognised
	}
	return refused
}

// isAMQPPlain reports whether a client answers with the SASL mechanism PLAIN:
// Connection.StartOk of AMQP 0-9-1 (class 10, method 11) or sasl-init of 1.0.
func isAMQPPlain(b []byte) bool {
	s := cryptobyte.String(b)
	var kind uint8
	var length, classMethod uint32
	var properties []byte
	if s.ReadUint8(&kind) && kind == 1 && s.Skip(2) && s.ReadUint32(&length) && s.ReadUint32(&classMethod) && classMethod == 10<<16|11 {
		var mechanism cryptobyte.String
		var table uint32
		return s.ReadUint32(&table) && table < 1<<16 && s.ReadBytes(&properties, int(table)) &&
			s.ReadUint8LengthPrefixed(&mechanism) && string(mechanism) == "PLAIN"
	}
	// AMQP 1.0, section 5.3.3.2: frame of type 1, descriptor 0x41, list, symbol
	i := bytes.Index(b[:min(len(b), 64)], []byte("\xa3\x05PLAIN"))
	return i > 0 && bytes.Contains(b[:i], []byte{0x00, 0x53, 0x41})
}
