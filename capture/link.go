package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// Link types, as LINKTYPE_ values (https://www.tcpdump.org/linktypes.html).
const (
	linkNull     = 0
	linkEthernet = 1
	linkRaw12    = 12 // DLT_RAW of most systems, written by mistake
	linkRaw14    = 14 // DLT_RAW of OpenBSD, likewise
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276
)

// EtherTypes (IANA "IEEE 802 Numbers").
const (
	etherIPv4  = 0x0800
	etherARP   = 0x0806
	etherVLAN  = 0x8100
	etherIPv6  = 0x86dd
	etherMPLS  = 0x8847
	etherPPPoE = 0x8864
	etherQinQ  = 0x88a8
	etherQinQ1 = 0x9100 // before 802.1ad gave it a number
	etherQinQ2 = 0x9200
)

// maxTags bounds the VLAN tags, and the MPLS labels, that are taken off one frame.
const maxTags = 8

// link takes the link header off. Its fields are at fixed places and read so:
// this is the path of every frame.
func (d *decoder) link(f *frame, p *flow.Packet, b *Batch) reason {
	data := f.data
	malformed := reason{why: whyLinkHeader}
	switch f.link {
	case linkEthernet:
		if len(data) < 14 {
			return f.short(malformed)
		}
		p.DstMAC, p.SrcMAC = flow.MAC(data[0:6]), flow.MAC(data[6:12])
		return d.etherType(binary.BigEndian.Uint16(data[12:14]), data[14:], f, p, b)
	case linkSLL: // LINKTYPE_LINUX_SLL: type, hardware, address length, address, protocol
		if len(data) < 16 {
			return f.short(malformed)
		}
		if binary.BigEndian.Uint16(data[4:6]) == 6 {
			p.SrcMAC = flow.MAC(data[6:12])
		}
		return d.etherType(binary.BigEndian.Uint16(data[14:16]), data[16:], f, p, b)
	case linkSLL2: // LINKTYPE_LINUX_SLL2: protocol, reserved, interface, hardware, type, address length, address
		if len(data) < 20 {
			return f.short(malformed)
		}
		if data[11] == 6 {
			p.SrcMAC = flow.MAC(data[12:18])
		}
		return d.etherType(binary.BigEndian.Uint16(data[0:2]), data[20:], f, p, b)
	case linkNull, linkLoop:
		if len(data) < 4 {
			return f.short(malformed)
		}
		return d.family(data, f, p, b)
	case linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		return d.ip(data, f, p, b)
	}
	return reason{whyLink, uint32(f.link)}
}

// family reads the address family of LINKTYPE_NULL, in the byte order of the
// host that captured, or of LINKTYPE_LOOP, in network order. AF_INET is 2
// everywhere; AF_INET6 is not, and no other family has one of its values.
func (d *decoder) family(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	family := binary.BigEndian.Uint32(data)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(data)
	}
	switch family {
	case 2, 10, 23, 24, 26, 28, 30: // IPv4; IPv6 of Linux, Windows, NetBSD and OpenBSD, Solaris, FreeBSD, macOS
		return d.ip(data[4:], f, p, b)
	}
	return reason{why: whyLinkHeader}
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
			p.VLAN = id
		case 1:
			p.InnerVLAN = id
		case maxTags:
			return reason{whyEtherType, uint32(t)}
		}
		t, data = binary.BigEndian.Uint16(data[2:4]), data[4:]
	}
	switch {
	case t == etherIPv4 || t == etherIPv6:
		return d.ip(data, f, p, b)
	case t == etherARP:
		return arp(data, f, p, b)
	case t == etherPPPoE:
		return d.pppoe(data, f, p, b)
	case t == etherMPLS:
		return d.mpls(data, f, p, b)
	case t < 0x0600:
		return d.llc(data, f, p, b)
	}
	return reason{whyEtherType, uint32(t)}
}

// llc reads an IEEE 802.2 header, which stands where the EtherType field holds
// a length. IP comes in it only behind a SNAP header (RFC 1042).
func (d *decoder) llc(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if len(data) < 3 {
		return f.short(reason{why: whyLinkHeader})
	}
	if len(data) >= 8 && string(data[:6]) == "\xaa\xaa\x03\x00\x00\x00" {
		if t := binary.BigEndian.Uint16(data[6:8]); t >= 0x0600 {
			return d.etherType(t, data[8:], f, p, b)
		}
	}
	return reason{whyLLC, uint32(data[0])}
}

// pppoe reads the header of a PPPoE session (RFC 2516, section 4) and the
// protocol field of the PPP frame in it (RFC 1661, section 2).
func (d *decoder) pppoe(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if len(data) < 8 {
		return f.short(reason{why: whyLinkHeader})
	}
	switch protocol := binary.BigEndian.Uint16(data[6:8]); protocol {
	case 0x0021, 0x0057: // IPv4 (RFC 1332), IPv6 (RFC 5072)
		return d.ip(data[8:], f, p, b)
	}
	return reason{whyEtherType, etherPPPoE}
}

// mpls reads the label stack (RFC 3032, section 2.1). Nothing says what is
// below it; IP shows by its version.
func (d *decoder) mpls(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	for range maxTags {
		if len(data) < 5 {
			return f.short(reason{why: whyLinkHeader})
		}
		bottom := data[2]&1 != 0
		data = data[4:]
		if version := data[0] >> 4; bottom && (version == 4 || version == 6) {
			return d.ip(data, f, p, b)
		} else if bottom {
			break
		}
	}
	return reason{whyEtherType, etherMPLS}
}
