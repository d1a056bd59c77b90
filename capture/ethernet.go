package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// EtherTypes (IANA "IEEE 802 Numbers").
const (
	etherIPv4          = 0x0800
	etherARP           = 0x0806
	etherTransparent   = 0x6558 // a whole Ethernet frame, in GRE and its like (RFC 1701)
	etherVLAN          = 0x8100
	etherIPv6          = 0x86dd
	etherMPLS          = 0x8847
	etherMPLSMulticast = 0x8848
	etherPPPoE         = 0x8864
	etherPPP           = 0x880b // in GRE (RFC 2637, section 4.1)
	etherQinQ          = 0x88a8
	etherERSPAN        = 0x88be // in GRE, types I and II
	etherERSPAN3       = 0x22eb // in GRE, type III
	etherQinQ1         = 0x9100 // before 802.1ad gave it a number
	etherQinQ2         = 0x9200
)

// maxTags bounds the VLAN tags, and the MPLS labels, that are taken off one frame.
const maxTags = 8

// ethernet reads an Ethernet header.
func (d *decoder) ethernet(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if len(data) < 14 {
		return f.short(reason{why: whyLinkHeader})
	}
	if d.rewriter != nil {
		d.rewriter.macs(data[:12])
	}
	p.DstMAC, p.SrcMAC = flow.MAC(data[0:6]), flow.MAC(data[6:12])
	return d.etherType(binary.BigEndian.Uint16(data[12:14]), data[14:], f, p, b)
}

// framed reports whether data looks like an Ethernet frame, by an EtherType
// that we know.
func framed(data []byte) bool {
	if len(data) < 14 {
		return false
	}
	switch binary.BigEndian.Uint16(data[12:14]) {
	case etherIPv4, etherARP, etherVLAN, etherIPv6, etherMPLS, etherMPLSMulticast, etherPPPoE, etherQinQ, etherQinQ1, etherQinQ2:
		return true
	}
	return false
}

// etherType goes on by EtherType, VLAN tags first (IEEE 802.1Q, section 9): of
// the tags the outer two are kept.
func (d *decoder) etherType(t uint16, data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	for tags := 0; t == etherVLAN || t == etherQinQ || t == etherQinQ1 || t == etherQinQ2; tags++ {
		if len(data) < 4 {
			return f.short(reason{why: whyLinkHeader})
		}
		id := binary.BigEndian.Uint16(data) & 0x0fff
		switch tags {
		case 0:
			p.VLAN, p.InnerVLAN = id, 0
		case 1:
			p.InnerVLAN = id
		case maxTags:
			return reason{whyEtherType, uint32(t)}
		}
		t, data = binary.BigEndian.Uint16(data[2:4]), data[4:]
	}
	d.reach(data, 0)
	switch {
	case t == etherIPv4 || t == etherIPv6:
		return d.ip(data, f, p, b)
	case t == etherARP:
		if d.rewriter != nil {
			d.rewriter.arp(data)
		}
		return arp(data, f, p, b)
	case t == etherPPPoE:
		return d.pppoe(data, f, p, b)
	case t == etherMPLS || t == etherMPLSMulticast:
		return d.mpls(data, f, p, b)
	case t < 0x0600:
		return d.llc(data, f, p, b)
	}
	return reason{whyEtherType, uint32(t)}
}

// llc reads an IEEE 802.2 header, which stands where the EtherType field holds
// a length. IP comes in it only behind a SNAP header (RFC 1042).
func (d *decoder) llc(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if !d.deeper() {
		return reason{why: whyLayers}
	}
	d.reach(data, 3)
	if len(data) < 3 || data[0] == 0xaa && len(data) < 8 {
		return f.short(reason{why: whyLinkHeader})
	}
	if len(data) >= 8 && string(data[:6]) == "\xaa\xaa\x03\x00\x00\x00" {
		if t := binary.BigEndian.Uint16(data[6:8]); t >= 0x0600 {
			return d.etherType(t, data[8:], f, p, b)
		}
	}
	return reason{whyLLC, uint32(data[0])}
}
