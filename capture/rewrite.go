package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// rewriter maps the addresses in frames in place, before anybody decodes them.
// It walks through a frame as the decoder does, since it is called by one: what
// the decoder reads an address of is mapped, whatever it lies in. Of what the
// decoder does not understand nothing is left but what tells that.
type rewriter struct {
	*flow.Anonymizer
	decoder decoder // calls back
	scratch Batch

	rest      []byte // of the frame, not understood so far
	tunnelled bool   // the payload at hand was taken for a tunnel and is none
	text      map[datagramKey]bool
	copied    []byte // a message as it was
}

// maxTextDatagrams bounds the datagrams in fragments of which it is known that
// they hold no addresses but in text.
const maxTextDatagrams = 4096

func newRewriter(a *flow.Anonymizer) *rewriter {
	if a == nil {
		return nil
	}
	r := &rewriter{Anonymizer: a, text: map[datagramKey]bool{}}
	r.decoder.init()
	r.decoder.rewriter = r
	return r
}

// again forgets what the frames so far have told.
func (r *rewriter) again() {
	if r != nil {
		clear(r.text)
	}
}

// frame rewrites a frame. The nil rewriter leaves it.
func (r *rewriter) frame(f *frame) {
	if r == nil {
		return
	}
	r.rest, r.tunnelled = f.data, false
	d := &r.decoder
	d.layers, d.others = 0, d.others[:0]
	r.scratch.ARPs = r.scratch.ARPs[:0]
	var p flow.Packet
	switch got := d.guarded(f, &p, &r.scratch); {
	case got.why == whyPanic:
		clear(f.data)
	case got.why > consumed:
		r.wipe()
	}
}

// reach tells the rewriter, if there is one, how far a frame is understood: up
// to data and its first bytes, which say why it is not further.
func (d *decoder) reach(data []byte, keep int) {
	if d.rewriter != nil {
		d.rewriter.rest = data[min(keep, len(data)):]
	}
}

// wipe clears what was not understood.
func (r *rewriter) wipe() {
	clear(r.rest)
	r.rest = nil
}

// macs maps MACs that follow one another, of the last as far as it is there
// nothing is left.
func (r *rewriter) macs(b []byte) {
	for ; len(b) >= 6; b = b[6:] {
		r.Hardware(b[:6])
	}
	clear(b)
}

// address maps an address of four or sixteen bytes.
func (r *rewriter) address(b []byte) {
	switch len(b) {
	case 4:
		r.IPv4(b)
	case 16:
		r.IPv6(b)
	default:
		clear(b)
	}
}

// addresses maps addresses of size bytes that follow one another.
func (r *rewriter) addresses(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		r.address(b[:size])
	}
	clear(b)
}

// cooked maps the sender of LINKTYPE_LINUX_SLL, in a field of eight bytes.
func (r *rewriter) cooked(field []byte, length int) {
	if length == 6 {
		r.Hardware(field[:6])
		field = field[6:]
	}
	clear(field)
}

// arp maps both pairs of addresses of RFC 826.
func (r *rewriter) arp(data []byte) {
	r.rest = data
	if len(data) < 8 || binary.BigEndian.Uint16(data[2:4]) != etherIPv4 || data[4] != 6 || data[5] != 4 {
		return
	}
	b := data[8:]
	for range 2 {
		r.macs(b[:min(6, len(b))])
		b = b[min(6, len(b)):]
		r.addresses(b[:min(4, len(b))], 4)
		b = b[min(4, len(b)):]
	}
	r.rest = b
	r.wipe()
}

// wlan maps the addresses in the header of a data frame (IEEE 802.11-2020,
// section 9.3.2.1). Of other frames nothing but the Frame Control field is left.
func (r *rewriter) wlan(data []byte) {
	r.rest = data[min(2, len(data)):]
	if len(data) < 24 || data[0]&(wlanVersion|wlanType) != wlanData {
		return
	}
	r.macs(data[4:22])
	r.rest = data[24:]
	if data[1]&(wlanToDS|wlanFromDS) == wlanToDS|wlanFromDS && len(data) >= 30 {
		r.macs(data[24:30])
		r.rest = data[30:]
	}
}

// ip maps the addresses of an IP header, and of those of IPv4 its options. It
// returns what that changes of the sum of its addresses, and clears what
// follows the packet in the frame.
func (r *rewriter) ip(header, addresses, padding []byte) change {
	clear(padding)
	before, all := sum(addresses), sum(header)
	size := len(addresses) / 2
	r.addresses(addresses, size)
	if size == 4 {
		r.optionsIPv4(header[20:])
		settle(header, 10, change{}.of(all, sum(header)), false)
	}
	return change{}.of(before, sum(addresses))
}

// optionsIPv4 maps the addresses in options (RFC 791, section 3.1).
func (r *rewriter) optionsIPv4(b []byte) {
	const end, noOperation, recordRoute, timestamp, looseRoute, strictRoute = 0, 1, 7, 68, 131, 137
	for len(b) > 0 && b[0] != end {
		if b[0] == noOperation {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			clear(b[1:])
			return
		}
		value := b[2:b[1]]
		switch b[0] {
		case recordRoute, looseRoute, strictRoute:
			if len(value) > 0 {
				r.addresses(value[1:], 4)
			}
		case timestamp:
			if len(value) >= 2 && value[1]&0x0f != 0 { // pairs of address and time
				for v := value[2:]; len(v) >= 8; v = v[8:] {
					r.IPv4(v[:4])
				}
			}
		}
		b = b[b[1]:]
	}
}

// extension maps the addresses in an extension header of IPv6: of a routing
// header (RFC 8200, section 4.4; RFC 8754, section 2) and the home address of
// RFC 6275, section 6.3. Those of mobility and host identity hold little else.
func (r *rewriter) extension(kind uint8, h []byte) {
	const homeAddress = 201
	switch kind {
	case routing:
		switch h[2] {
		case 0, 2, 4:
			n := len(h)
			if h[2] == 4 { // what follows the segments is not known
				n = min(n, 8+16*(int(h[4])+1))
			}
			r.addresses(h[8:n], 16)
			clear(h[n:])
		default:
			clear(h[4:])
		}
	case destination:
		for b := h[2:]; len(b) >= 2; {
			if b[0] == 0 { // Pad1
				b = b[1:]
				continue
			}
			n := min(2+int(b[1]), len(b))
			if b[0] == homeAddress && n == 18 {
				r.IPv6(b[2:18])
			}
			b = b[n:]
		}
	case mobility, hip, shim6:
		clear(h[8:])
	}
}

// fragment rewrites the payload of a fragment. The first says what protocol it
// is of. What follows is a piece of it, in which addresses can be told only as
// text; where they may lie in it otherwise, or nothing is known of the first,
// nothing is left of it.
func (r *rewriter) fragment(key datagramKey, at piece, s segment, f *frame, p *flow.Packet) reason {
	if at.offset > 0 {
		if r.text[key] {
			r.Text(s.data)
		} else {
			clear(s.data)
		}
		return reason{why: consumed}
	}
	s.missing += maxDatagramLength
	d := &r.decoder
	got := d.extensions(at.protocol, s, f, p, &r.scratch)
	if got.why > consumed {
		r.wipe()
		return reason{why: consumed}
	}
	if len(r.text) >= maxTextDatagrams {
		clear(r.text)
	}
	switch p.Protocol {
	case flow.TCP:
		r.text[key] = true
	case flow.UDP:
		r.text[key] = !binaryPort(p.Src.Port()) && !binaryPort(p.Dst.Port())
	}
	return reason{why: consumed}
}

// transport rewrites what is behind the IP headers, and mends its checksum: one
// that was good is, and one that was not is not.
func (r *rewriter) transport(protocol uint8, s *segment, f *frame, p *flow.Packet, b *Batch) reason {
	at, optional := -1, false
	switch protocol {
	case flow.TCP:
		at = 16
	case flow.UDP:
		at, optional = 6, true
		if len(s.data) >= 8 {
			length := int(binary.BigEndian.Uint16(s.data[4:6]))
			if length >= 8 && length < len(s.data) {
				clear(s.data[length:])
				s.data = s.data[:length]
			}
			if s.data[6] == 0 && s.data[7] == 0 {
				at = -1
			}
		}
	case flow.ICMP:
		at, s.change = 2, change{}
	case flow.ICMPv6:
		at = 2
	case greInIP:
		s.change = change{}
		if len(s.data) > 0 && s.data[0]&(greChecksum>>8) != 0 {
			at = 4
		}
	}
	r.tunnelled = false
	r.decoder.reach(s.data, 8)
	data, before := s.data, sum(s.data)
	got := r.decoder.deliver(protocol, *s, f, p, b)
	if at >= 0 {
		settle(data, at, s.change.of(before, sum(data)), optional)
	}
	return got
}

// payload rewrites what is behind the header, of so many bytes, of a transport
// that carries no tunnel.
func (r *rewriter) payload(protocol uint8, s *segment, header int, p *flow.Packet) {
	payload := s.data[header:]
	switch protocol {
	case flow.TCP:
		r.optionsTCP(s.data[20:header])
		r.stream(payload, p.Src.Port(), p.Dst.Port())
	case flow.UDP:
		switch {
		case tunnelPort(s.data) == 0:
			r.datagram(payload, p.Src.Port(), p.Dst.Port(), s.missing > 0)
		case tunnelPort(s.data) == portTeredo:
			if !r.tunnelled { // its own messages are IPv6 packets too
				r.teredo(payload)
			}
		case !r.tunnelled && !r.datagram(payload, p.Src.Port(), p.Dst.Port(), s.missing > 0):
			clear(payload[min(8, len(payload)):])
		}
	case flow.ICMP:
		r.icmp(s.data)
	case flow.ICMPv6:
		r.icmpv6(s.data)
	case flow.SCTP:
		r.sctp(s)
	case encapsulated: // nobody reads it
	default:
		if !r.tunnelled {
			clear(payload[min(4, len(payload)):])
		}
	}
	r.tunnelled = false
}

// encapsulated is ESP, whose payload is encrypted (RFC 4303).
const encapsulated = 50

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

// change is what rewriting did to a sum of 16-bit words, modulo 65535 (RFC
// 1624).
type change struct{ by uint32 }

func (c change) of(before, after uint32) change {
	return change{(c.by + after + 0xffff - before) % 0xffff}
}

// settle takes a change back from the sum of b, in the checksum at an offset,
// as far as that is there. One that may be left out is not made to say so.
func settle(b []byte, at int, c change, optional bool) {
	if c.by == 0 || len(b) < at+2 {
		return
	}
	field := b[at : at+2]
	v := (uint32(binary.BigEndian.Uint16(field)) + 0xffff - c.by) % 0xffff
	if v == 0 && optional {
		v = 0xffff
	}
	binary.BigEndian.PutUint16(field, uint16(v))
}

// sum adds 16-bit words in network order, modulo 65535.
func sum(b []byte) uint32 {
	var acc uint64
	for ; len(b) >= 4; b = b[4:] {
		acc += uint64(binary.BigEndian.Uint32(b))
	}
	var tail [4]byte
	copy(tail[:], b)
	acc += uint64(binary.BigEndian.Uint32(tail[:]))
	return uint32(acc % 0xffff)
}
