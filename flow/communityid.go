package flow

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// CommunityID returns the flow's Community ID, version 1 with seed 0
// (https://github.com/corelight/community-id-spec). Zeek, Suricata, Arkime and
// others print the same value for the same flow.
func (f *Flow) CommunityID() string {
	return communityID(f.Protocol, f.Client.Addr, f.Server.Addr)
}

func communityID(protocol uint8, src, dst netip.AddrPort) string {
	oneWay := false
	if protocol == ICMP || protocol == ICMPv6 {
		src, dst, oneWay = icmpPorts(protocol, src, dst)
	}
	c := src.Addr().Compare(dst.Addr())
	if !oneWay && (c > 0 || c == 0 && src.Port() > dst.Port()) {
		src, dst = dst, src
	}
	b := make([]byte, 0, 40)
	b = append(b, 0, 0) // the seed
	b = append(b, src.Addr().AsSlice()...)
	b = append(b, dst.Addr().AsSlice()...)
	b = append(b, protocol, 0)
	switch protocol {
	case TCP, UDP, SCTP, ICMP, ICMPv6:
		b = binary.BigEndian.AppendUint16(b, src.Port())
		b = binary.BigEndian.AppendUint16(b, dst.Port())
	}
	sum := sha1.Sum(b)
	return "1:" + base64.StdEncoding.EncodeToString(sum[:])
}

// icmpPorts maps an ICMP message's type and code, held in the two ports, to the
// port pair that the Community ID specification gives it: a type that has a
// counterpart (echo and echo reply) is two-way, any other is one-way.
func icmpPorts(protocol uint8, src, dst netip.AddrPort) (a, b netip.AddrPort, oneWay bool) {
	other, ok := icmpCounterpart(protocol, src.Port())
	if !ok {
		return src, dst, true
	}
	return src, netip.AddrPortFrom(dst.Addr(), other), false
}

// icmpCounterpart returns the message type that answers typ, or that typ
// answers.
func icmpCounterpart(protocol uint8, typ uint16) (uint16, bool) {
	pairs := icmp4Pairs[:]
	if protocol == ICMPv6 {
		pairs = icmp6Pairs[:]
	}
	for _, p := range pairs {
		if p[0] == typ {
			return p[1], true
		}
		if p[1] == typ {
			return p[0], true
		}
	}
	return 0, false
}

// Request and reply types (IANA "ICMP Type Numbers", "ICMPv6 Type Numbers") as
// the Community ID specification pairs them.
var (
	icmp4Pairs = [...][2]uint16{{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}}
	icmp6Pairs = [...][2]uint16{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {144, 145}, {139, 140}}
)
