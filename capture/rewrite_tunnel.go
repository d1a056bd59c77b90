package capture

import (
	"spanaudit/flow"
)

// carrying rewrites the header of a tunnel in front of what it carries.
func (r *rewriter) carrying(protocol uint8, s *segment, c *carried) {
	header := s.data[:len(s.data)-len(c.data)]
	if protocol == flow.UDP {
		switch tunnelPort(s.data) {
		case portGENEVE: // options of anybody's
			clear(header[8+8:])
		case portTeredo:
			r.origin(header[8:])
		}
	}
}

// origin maps the address in an origin indication (RFC 4380, section 5.1.1),
// which is inverted; authentication, which may stand before it, is cleared.
func (r *rewriter) origin(b []byte) {
	if len(b) >= 4 && b[0] == 0 && b[1] == 1 {
		n := min(4+int(b[2])+int(b[3])+8+1, len(b))
		clear(b[4:n])
		b = b[n:]
	}
	if len(b) >= 8 && b[0] == 0 && b[1] == 0 {
		r.inverted(b[4:8])
	}
}

func (r *rewriter) inverted(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
	r.IPv4(b)
	for i := range b {
		b[i] = ^b[i]
	}
}

func (r *rewriter) teredo(payload []byte) {
	b := payload
	if len(b) >= 4 && b[0] == 0 && b[1] == 1 {
		b = b[min(4+int(b[2])+int(b[3])+8+1, len(b)):]
	}
	if len(b) >= 8 && b[0] == 0 && b[1] == 0 {
		b = b[8:]
	}
	r.origin(payload[:len(payload)-len(b)])
	r.quote(b, etherIPv6)
}

// quote rewrites a packet, or the beginning of one, that lies in another.
func (r *rewriter) quote(data []byte, etherType uint16) {
	d := &r.decoder
	if len(data) == 0 {
		return
	}
	if !d.deeper() {
		clear(data)
		return
	}
	rest := r.rest
	f := frame{data: data, length: len(data) + maxDatagramLength}
	var p flow.Packet
	r.rest = data
	var got reason
	if etherType == etherIPv4 && data[0]>>4 == 4 || etherType == etherIPv6 && data[0]>>4 == 6 {
		got = d.ip(data, &f, &p, &r.scratch)
	} else {
		got = reason{why: whyIPVersion}
	}
	if got.why > consumed {
		r.wipe()
	}
	r.rest = rest
}
