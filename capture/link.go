package capture

import (
	"encoding/binary"

	"spanaudit/flow"
)

// Link types, as LINKTYPE_ values (https://www.tcpdump.org/linktypes.html).
const (
	linkNull        = 0
	linkEthernet    = 1
	linkARCNET      = 7
	linkPPP         = 9
	linkRaw12       = 12 // DLT_RAW of most systems, written by mistake
	linkRaw14       = 14 // DLT_RAW of OpenBSD, likewise
	linkPPPSerial   = 50
	linkPPPEther    = 51
	linkRaw         = 101
	linkHDLC        = 104
	linkWLAN        = 105
	linkLoop        = 108
	linkSLL         = 113
	linkRadiotap    = 127
	linkARCNETLinux = 129
	linkUser2       = 149 // macOS writes PKTAP so
	linkPPI         = 192
	linkPPPWithDir  = 204
	linkIPv4        = 228
	linkIPv6        = 229
	linkNFLOG       = 239
	linkPKTAP       = 258
	linkSLL2        = 276
)

// link takes the link header off. The fields of common ones are at fixed places
// and read so: this is the path of every frame.
func (d *decoder) link(f *frame, p *flow.Packet, b *Batch) reason {
	data := f.data
	malformed := reason{why: whyLinkHeader}
	switch f.link {
	case linkEthernet:
		return d.ethernet(data, f, p, b)
	case linkSLL: // LINKTYPE_LINUX_SLL: type, hardware, address length, address, protocol
		if len(data) < 16 {
			return f.short(malformed)
		}
		if d.rewriter != nil {
			d.rewriter.cooked(data[6:14], int(binary.BigEndian.Uint16(data[4:6])))
		}
		if binary.BigEndian.Uint16(data[4:6]) == 6 {
			p.SrcMAC = flow.MAC(data[6:12])
		}
		return d.etherType(binary.BigEndian.Uint16(data[14:16]), data[16:], f, p, b)
	case linkSLL2: // LINKTYPE_LINUX_SLL2: protocol, reserved, interface, hardware, type, address length, address
		if len(data) < 20 {
			return f.short(malformed)
		}
		if d.rewriter != nil {
			d.rewriter.cooked(data[12:20], int(data[11]))
		}
		if data[11] == 6 {
			p.SrcMAC = flow.MAC(data[12:18])
		}
		return d.etherType(binary.BigEndian.Uint16(data[0:2]), data[20:], f, p, b)
	case linkNull, linkLoop:
		d.reach(data, 4)
		if len(data) < 4 {
			return f.short(malformed)
		}
		return d.family(data, f, p, b)
	case linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		return d.ip(data, f, p, b)
	}
	return d.rareLink(f, p, b)
}

// rareLink takes the headers off that few captures have.
func (d *decoder) rareLink(f *frame, p *flow.Packet, b *Batch) reason {
	switch f.link {
	case linkPPP, linkPPPSerial, linkHDLC:
		return d.hdlc(f.data, f, p, b)
	case linkPPPWithDir: // a byte that says sent or received
		if len(f.data) == 0 {
			return f.short(reason{why: whyLinkHeader})
		}
		return d.hdlc(f.data[1:], f, p, b)
	case linkPPPEther:
		return d.pppoe(f.data, f, p, b)
	case linkWLAN:
		return d.wlan(f.data, false, f, p, b)
	case linkRadiotap:
		return d.radiotap(f, p, b)
	case linkPPI:
		return d.ppi(f, p, b)
	case linkPKTAP, linkUser2:
		return d.pktap(f, p, b)
	case linkNFLOG:
		return d.nflog(f, p, b)
	case linkARCNET:
		return d.arcnet(f.data, 2, f, p, b)
	case linkARCNETLinux:
		return d.arcnet(f.data, 4, f, p, b)
	}
	return reason{whyLink, uint32(f.link)}
}

// relink decodes data as a frame of its own link type.
func (d *decoder) relink(link uint32, data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	if link > 0xffff {
		return reason{whyLink, link}
	}
	if !d.deeper() {
		return reason{why: whyLayers}
	}
	d.reach(data, 0)
	inner := f.inside(data)
	inner.link = uint16(link)
	return d.link(&inner, p, b)
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
