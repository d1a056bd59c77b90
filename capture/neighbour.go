package capture

import (
	"net/netip"

	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// arp reads RFC 826 as spoken on Ethernet for IPv4 and appends the sender's
// claim. A probe (RFC 5227) claims nothing.
func arp(data []byte, f *frame, p *flow.Packet, b *Batch) reason {
	s := cryptobyte.String(data)
	var hardware, protocol, operation uint16
	var hardwareLength, protocolLength uint8
	var mac, ip []byte
	if !s.ReadUint16(&hardware) || !s.ReadUint16(&protocol) ||
		!s.ReadUint8(&hardwareLength) || !s.ReadUint8(&protocolLength) || !s.ReadUint16(&operation) {
		return f.short(reason{why: whyARP})
	}
	if protocol != etherIPv4 || hardwareLength != 6 || protocolLength != 4 {
		return reason{why: whyARP}
	}
	if !s.ReadBytes(&mac, 6) || !s.ReadBytes(&ip, 4) {
		return f.short(reason{why: whyARP})
	}
	claim(netip.AddrFrom4([4]byte(ip)), mac, p, b)
	return reason{why: consumed}
}

// Neighbour Discovery (RFC 4861, sections 4.3, 4.4 and 4.6.1).
const (
	neighbourSolicitation  = 135
	neighbourAdvertisement = 136
	sourceLinkAddress      = 1
	targetLinkAddress      = 2
)

// neighbour appends the claim of an ICMPv6 message: of a solicitation that its
// sender, of an advertisement that the target lives at the link-layer address
// in its options. A hop limit below 255 came through a router and is no claim
// (sections 7.1.1 and 7.1.2).
func neighbour(data []byte, p *flow.Packet, b *Batch) {
	s := cryptobyte.String(data)
	var kind, code uint8
	var target []byte
	if !s.ReadUint8(&kind) || !s.ReadUint8(&code) || !s.Skip(2+4) ||
		kind != neighbourSolicitation && kind != neighbourAdvertisement ||
		!s.ReadBytes(&target, 16) || p.TTL != 255 || p.Checksum.Bad() {
		return
	}
	ip, wanted := netip.AddrFrom16([16]byte(target)), uint8(targetLinkAddress)
	if kind == neighbourSolicitation {
		ip, wanted = p.Src.Addr(), sourceLinkAddress
	}
	for !s.Empty() {
		var option, units uint8
		var value []byte
		if !s.ReadUint8(&option) || !s.ReadUint8(&units) || units == 0 || !s.ReadBytes(&value, int(units)*8-2) {
			return
		}
		if option == wanted && len(value) == 6 {
			claim(ip, value, p, b)
			return
		}
	}
}

// claim appends that ip lives at mac, unless that means nothing.
func claim(ip netip.Addr, mac []byte, p *flow.Packet, b *Batch) {
	if ip.IsUnspecified() || flow.MAC(mac) == (flow.MAC{}) {
		return
	}
	b.ARPs = append(b.ARPs, flow.ARP{Frame: p.Frame, IP: ip, MAC: flow.MAC(mac), VLAN: p.VLAN})
}
