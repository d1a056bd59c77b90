package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// arcnet reads an ARCNET header behind its addresses: a system code, and of
// RFC 1201, section 2, a split flag and a sequence number, which RFC 1051 did
// not have yet. IP that was split (section 3) is not put together.
func (d *decoder) arcnet(data []byte, addresses int, f *frame, p *flow.Packet, b *Batch) reason {
	const rfc1051IP, rfc1201IP, rfc1201IPv6 = 240, 212, 196
	d.reach(data, addresses+4)
	s := cryptobyte.String(data)
	var code, split uint8
	if !s.Skip(addresses) || !s.ReadUint8(&code) {
		return f.short(reason{why: whyLinkHeader})
	}
	switch code {
	case rfc1051IP:
		return d.ip(s, f, p, b)
	case rfc1201IP, rfc1201IPv6:
		if !s.ReadUint8(&split) || !s.Skip(2) {
			return f.short(reason{why: whyLinkHeader})
		}
		if split == 0 {
			return d.ip(s, f, p, b)
		}
	}
	return reason{whyARCNET, uint32(code)}
}
