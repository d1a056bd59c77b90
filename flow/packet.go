// Package flow says what a conversation is: the 5-tuple, its two halves, the
// order of their bytes, and when it begins and ends. It knows nothing of
// capture formats below it or application protocols above it, and imports the
// standard library only.
package flow

import (
	"net/netip"
	"time"
)

// IP protocol numbers that this package treats by name (IANA "Assigned
// Internet Protocol Numbers").
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
	SCTP   = 132
)

// TCP header flags (RFC 9293, section 3.1).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Frame names one frame of the input, so that a reader can open the capture
// and look at it. The zero Frame names none.
type Frame struct {
	Input  int    // index into the list of inputs, from 0
	Number uint64 // position in that input, from 1, as Wireshark numbers frames
	Time   Time
}

// Time is a capture timestamp in nanoseconds since the Unix epoch. It is the
// only clock that analysis may read: the wall clock never decides anything.
type Time int64

// UTC returns t as a time.Time in UTC.
func (t Time) UTC() time.Time { return time.Unix(0, int64(t)).UTC() }

// Sub returns the duration t−u.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Add returns t+d.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// Packet is one IP packet, decoded as far as its transport header, fragments
// already put together. It is filled by package capture and only read by this
// one. Payload is borrowed: it stays valid while Table.Add runs and must be
// copied to be kept.
type Packet struct {
	Frame Frame // of a reassembled packet, the frame that completed it

	// Of a packet that was tunnelled this is all said of the innermost IP
	// packet; the frame around it, if the tunnel carries frames, gives the
	// addresses. Tags of the frame outside stay where it has none.
	SrcMAC, DstMAC  MAC
	VLAN, InnerVLAN uint16 // 802.1Q and inner QinQ identifiers; 0 is none

	Protocol uint8 // IP protocol of the innermost header, after IPv6 extension headers
	TTL      uint8 // IPv4 TTL or IPv6 hop limit
	IPID     uint16
	Tunnel   Tunnel // what the packet came wrapped in

	// Src and Dst carry the ports of TCP, UDP and SCTP. For ICMP and ICMPv6
	// Src's port is the message type and Dst's port is its code. For any other
	// protocol both are 0.
	Src, Dst netip.AddrPort

	Flags    uint8  // TCP flags, the low six bits
	Seq, Ack uint32 // TCP sequence and acknowledgement numbers

	Length  int    // bytes of the IP packet on the wire, headers included
	Missing int    // bytes of Payload's end that the capture did not keep (snaplen)
	Payload []byte // what follows the transport header, link-layer padding removed

	Checksum Checksum
}

// ARP is one Address Resolution Protocol claim (RFC 826), or its IPv6
// counterpart, a neighbour advertisement (RFC 4861): IP is said to live at MAC.
type ARP struct {
	Frame Frame
	IP    netip.Addr
	MAC   MAC
	VLAN  uint16
}
