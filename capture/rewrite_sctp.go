package capture

import (
	"encoding/binary"
	"hash/crc32"
)

// sctp maps the addresses in chunks (RFC 9260, section 3.3), and mends the
// checksum (section 6.8) if it was good. Of chunks that are not known nothing is
// left.
func (r *rewriter) sctp(s *segment) {
	const data, initiation, acknowledged, selective, iData = 0, 1, 2, 3, 64
	b := s.data
	table := crc32.MakeTable(crc32.Castagnoli)
	check := func() uint32 {
		c := crc32.Update(crc32.Update(crc32.Checksum(b[:8], table), table, make([]byte, 4)), table, b[12:])
		return c
	}
	good := s.missing == 0 && binary.LittleEndian.Uint32(b[8:12]) == check()
	for c := b[12:]; len(c) >= 4; {
		n := max(4, min(int(binary.BigEndian.Uint16(c[2:4])), len(c)))
		switch v := c[4:n]; c[0] {
		case data, iData:
			r.Text(v)
		case initiation, acknowledged:
			r.parameters(v[min(16, len(v)):])
		case selective:
		default:
			clear(v)
		}
		c = c[min((n+3)&^3, len(c)):]
	}
	if good {
		binary.LittleEndian.PutUint32(b[8:12], check())
	}
}

// parameters maps addresses (RFC 9260, section 3.3.2.1).
func (r *rewriter) parameters(b []byte) {
	const ipv4, ipv6, cookie = 5, 6, 7
	for len(b) >= 4 {
		n := max(4, min(int(binary.BigEndian.Uint16(b[2:4])), len(b)))
		switch v := b[4:n]; binary.BigEndian.Uint16(b) {
		case ipv4:
			r.addresses(v, 4)
		case ipv6:
			r.addresses(v, 16)
		case cookie:
			clear(v)
		}
		b = b[min((n+3)&^3, len(b)):]
	}
}
