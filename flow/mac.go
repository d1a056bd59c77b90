package flow

import "net"

// MAC is an IEEE 802 48-bit address; the zero MAC means that the link layer
// showed none.
type MAC [6]byte

func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// Virtual reports whether a MAC is one that several routers share, for an
// address that passes from one to the other: VRRP and CARP (RFC 9568, section
// 7.3), HSRP and GLBP of Cisco.
func (m MAC) Virtual() bool {
	switch {
	case m[0] == 0 && m[1] == 0 && m[2] == 0x5e && m[3] == 0 && (m[4] == 1 || m[4] == 2):
		return true
	case m[0] == 0 && m[1] == 0 && m[2] == 0x0c && (m[3] == 0x07 && m[4] == 0xac || m[3] == 0x9f && m[4]&0xf0 == 0xf0):
		return true
	case m[0] == 0 && m[1] == 0x05 && m[2] == 0x73 && m[3] == 0xa0: // HSRP for IPv6
		return true
	}
	return m[0] == 0 && m[1] == 0x07 && m[2] == 0xb4
}

// towardsVirtual reports whether a virtual MAC may begin with the bytes.
func towardsVirtual(b []byte) bool {
	var low, high MAC
	copy(low[:], b)
	copy(high[:], b)
	for _, tail := range []MAC{{0, 0, 0x5e, 0, 1}, {0, 0, 0x5e, 0, 2}, {0, 0, 0x0c, 0x07, 0xac}, {0, 0, 0x0c, 0x9f, 0xf0}, {0, 0x05, 0x73, 0xa0}} {
		copy(low[len(b):], tail[len(b):])
		if low.Virtual() {
			return true
		}
	}
	return high.Virtual()
}
