package capture

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// Bits of the Frame Control field (IEEE 802.11-2020, section 9.2.4.1), in the
// order of its two bytes.
const (
	wlanVersion   = 0x03
	wlanType      = 0x0c
	wlanData      = 0x08 // as a type
	wlanNull      = 0x40 // of the subtypes of data: there is none
	wlanQoS       = 0x80
	wlanToDS      = 0x01
	wlanFromDS    = 0x02
	wlanMore      = 0x04
	wlanProtected = 0x40
	wlanHTC       = 0x80 // of QoS data: an HT Control field follows
)

// maxSubframes bounds the packets that one A-MSDU gives; its length of 11454
// bytes at most (IEEE 802.11-2020, table 9-25) holds no more of real ones.
const maxSubframes = 512

// wlan reads the header of an IEEE 802.11 data frame (section 9.3.2.1). padded
// says that the capture aligned what follows it to four bytes.
func (d *decoder) wlan(data []byte, padded bool, f *frame, p *flow.Packet, b *Batch) reason {
	s := cryptobyte.String(data)
	var kind, flags, fragment, qos uint8
	var one, two, three []byte
	if d.rewriter != nil {
		d.rewriter.wlan(data)
	}
	if !s.ReadUint8(&kind) || !s.ReadUint8(&flags) {
		return f.short(reason{why: whyLinkHeader})
	}
	if kind&(wlanVersion|wlanType) != wlanData || kind&wlanNull != 0 {
		return reason{why: whyWLAN}
	}
	if !s.Skip(2) || !s.ReadBytes(&one, 6) || !s.ReadBytes(&two, 6) || !s.ReadBytes(&three, 6) || !s.ReadUint8(&fragment) || !s.Skip(1) {
		return f.short(reason{why: whyLinkHeader})
	}
	four := two
	if flags&(wlanToDS|wlanFromDS) == wlanToDS|wlanFromDS && !s.ReadBytes(&four, 6) {
		return f.short(reason{why: whyLinkHeader})
	}
	if kind&wlanQoS != 0 && (!s.ReadUint8(&qos) || !s.Skip(1) || flags&wlanHTC != 0 && !s.Skip(4)) {
		return f.short(reason{why: whyLinkHeader})
	}
	if padded && !s.Skip(-(len(data)-len(s))&3) {
		return f.short(reason{why: whyLinkHeader})
	}
	d.reach(s, 0)
	switch {
	case flags&wlanProtected != 0:
		return reason{why: whyWLANEncrypted}
	case flags&wlanMore != 0 || fragment&0x0f != 0:
		return reason{why: whyWLANFragment}
	case qos&0x80 != 0:
		return d.amsdu(s, f, p, b)
	}
	p.DstMAC, p.SrcMAC = wlanEnds(flags, one, two, three, four)
	return d.llc(s, f, p, b)
}

// wlanEnds tells destination and source among the addresses (section 9.3.2.1,
// table 9-30).
func wlanEnds(flags uint8, one, two, three, four []byte) (dst, src flow.MAC) {
	switch flags & (wlanToDS | wlanFromDS) {
	case wlanToDS:
		return flow.MAC(three), flow.MAC(two)
	case wlanFromDS:
		return flow.MAC(one), flow.MAC(three)
	case wlanToDS | wlanFromDS:
		return flow.MAC(three), flow.MAC(four)
	}
	return flow.MAC(one), flow.MAC(two)
}

// amsdu reads the subframes of an A-MSDU (section 9.3.2.2.2), each a packet of
// its own: the first is p, those after it wait in d.others.
func (d *decoder) amsdu(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	s := cryptobyte.String(data)
	outer, layers := *p, d.layers
	r := reason{why: whyLinkHeader}
	for range maxSubframes {
		var dst, src []byte
		var length uint16
		if !s.ReadBytes(&dst, 6) || !s.ReadBytes(&src, 6) || !s.ReadUint16(&length) {
			break
		}
		if d.rewriter != nil {
			d.rewriter.macs(dst)
			d.rewriter.macs(src)
		}
		inner := f.inside(s[:min(int(length), len(s))])
		inner.length = min(inner.length, int(length))
		s = s[min((int(length)+14+3)&^3-14, len(s)):]
		q := outer
		q.DstMAC, q.SrcMAC = flow.MAC(dst), flow.MAC(src)
		d.layers = layers
		got := d.llc(inner.data, &inner, &q, b)
		if got.why > consumed && d.rewriter != nil {
			d.rewriter.wipe()
		}
		switch {
		case got.why == delivered && r.why != delivered:
			*p, r = q, got
		case got.why == delivered:
			d.others = append(d.others, q)
		case r.why > consumed:
			r = got
		}
	}
	if d.rewriter != nil {
		clear(s)
	}
	if r.why == whyLinkHeader {
		return f.short(r)
	}
	return r
}
