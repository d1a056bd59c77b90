package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// Unpacked is what frames in memory hold, in place: all that it leads to are
// bytes of the frames, which may be overwritten, or of packets put together
// from fragments, which Repack writes back. Between them Packets, by their
// payloads, and Loose cover every byte that is no header.
type Unpacked struct {
	Packets []flow.Packet // as Source.Read gives them
	Loose   [][]byte      // of no packet: padding, fragments whose packet is not whole, frames that cannot be decoded

	whole []*unpackedDatagram
}

// unpackedDatagram is a packet and where its fragments lie.
type unpackedDatagram struct {
	data   []byte // nil while it is not whole
	pieces []unpackedPiece
}

type unpackedPiece struct {
	offset int
	data   []byte // of a frame, or of another datagram
}

// Unpack decodes frames, which must be in the order of time, without the bounds
// of a Source alone: fragments are put together across all of them.
func Unpack(frames []RawFrame) *Unpacked {
	u := &Unpacked{}
	var d decoder
	var b Batch
	d.init()
	d.unpacked = u
	for i := range frames {
		raw := &frames[i]
		data := raw.Data[:len(raw.Data):len(raw.Data)]
		f := frame{data: data, time: raw.Frame.Time, number: raw.Frame.Number, length: max(raw.Length, len(data)), link: raw.Link, input: raw.Frame.Input}
		b.reset()
		d.decode(&f, &b)
		u.take(&f, &b, d.last)
	}
	for _, g := range u.whole {
		if g.data == nil {
			for _, p := range g.pieces {
				u.loose(p.data)
			}
		}
	}
	return u
}

// Repack writes packets that were put together back into their frames, copies
// of fragments too. Fragments may lie in a datagram that came in fragments
// itself, so it goes over all as often as layers can lie in one another.
func (u *Unpacked) Repack() {
	for range maxLayers + 1 {
		for _, g := range u.whole {
			for _, p := range g.pieces {
				if g.data != nil {
					n := copy(p.data, g.data[min(p.offset, len(g.data)):])
					clear(p.data[n:])
				}
			}
		}
	}
}

// take notes what a frame held, and what of it is loose. A payload's capacity
// reaches to the end of what it lies in.
func (u *Unpacked) take(f *frame, b *Batch, r reason) {
	for _, p := range b.Packets {
		u.Packets = append(u.Packets, p)
		u.loose(p.Payload[len(p.Payload):cap(p.Payload)])
	}
	switch header, arp := linkHeader(f); {
	case r.why > consumed:
		u.loose(f.data[min(header, len(f.data)):])
	case arp:
		u.loose(f.data[min(header+28, len(f.data)):]) // RFC 826 for IPv4 on Ethernet
	}
}

func (u *Unpacked) loose(b []byte) {
	if len(b) > 0 {
		u.Loose = append(u.Loose, b)
	}
}

// fragment notes where a fragment of g lies.
func (u *Unpacked) fragment(g *datagram, at piece, data []byte) {
	if g.unpacked == nil {
		g.unpacked = &unpackedDatagram{}
		u.whole = append(u.whole, g.unpacked)
	}
	g.unpacked.pieces = append(g.unpacked.pieces, unpackedPiece{at.offset, data})
	u.loose(data[len(data):cap(data)])
}

// linkHeader returns the length of the link header where it is of a simple kind,
// else 0, and whether an ARP follows it.
func linkHeader(f *frame) (n int, arp bool) {
	const wlanHeader = 24 // frame control to sequence control
	switch f.link {
	case linkNull, linkLoop:
		return 4, false
	case linkWLAN:
		return wlanHeader, false
	case linkRadiotap, linkPPI:
		if len(f.data) >= 4 {
			return int(binary.LittleEndian.Uint16(f.data[2:4])) + wlanHeader, false
		}
		return 4, false
	case linkEthernet:
		n = 14
	case linkSLL:
		n = 16
	case linkSLL2:
		n = 20
	}
	if n == 0 || len(f.data) < n {
		return n, false
	}
	at := n - 2
	if f.link == linkSLL2 {
		at = 0
	}
	t := binary.BigEndian.Uint16(f.data[at:])
	for tags := 0; tags < maxTags && (t == etherVLAN || t == etherQinQ || t == etherQinQ1 || t == etherQinQ2) && len(f.data) >= n+4; tags++ {
		t = binary.BigEndian.Uint16(f.data[n+2:])
		n += 4
	}
	if t < 0x0600 {
		n += 3 // IEEE 802.2
	}
	return n, t == etherARP
}
