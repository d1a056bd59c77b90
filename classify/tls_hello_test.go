package classify

import "encoding/binary"

// What follows builds messages as the wire has them.

func u16s(values ...uint16) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func concat(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func vector8(parts ...[]byte) []byte {
	b := concat(parts...)
	return append([]byte{byte(len(b))}, b...)
}

func vector16(parts ...[]byte) []byte {
	b := concat(parts...)
	return append(u16s(uint16(len(b))), b...)
}

func tlsExtension(number uint16, data []byte) []byte { return concat(u16s(number), vector16(data)) }

func serverName(name string) []byte { return vector16([]byte{0}, vector16([]byte(name))) }

func helloBody(version uint16, suites []uint16, extensions ...[]byte) []byte {
	b := concat(u16s(version), make([]byte, 32), vector8(make([]byte, 32)), vector16(u16s(suites...)), vector8([]byte{0}))
	if len(extensions) > 0 {
		b = append(b, vector16(extensions...)...)
	}
	return b
}

func serverHelloBody(version, suite uint16, random string, extensions ...[]byte) []byte {
	return concat(u16s(version), append([]byte(random), make([]byte, 32-len(random))...), vector8(make([]byte, 32)), u16s(suite), []byte{0}, vector16(extensions...))
}

func tlsMessage(messageType byte, body []byte) []byte {
	return concat([]byte{messageType, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body)
}

// tlsRecords cuts b into records of at most size bytes.
func tlsRecords(contentType byte, size int, b []byte) (out []byte) {
	for len(b) > 0 {
		n := min(size, len(b))
		out = append(append(out, contentType, 3, 3), vector16(b[:n])...)
		b = b[n:]
	}
	return out
}

// encryptedRecord is a record of n bytes that look like nothing.
func encryptedRecord(n int) []byte { return tlsRecords(recordApplicationData, n, make([]byte, n)) }
