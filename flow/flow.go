package flow

import "net/netip"

// Ground is what a flow's roles rest on, weakest first. A stronger ground
// overrules a weaker one.
type Ground uint8

const (
	FirstPacket Ground = iota // the client is who was seen to send first
	Message                   // an application message told: a ClientHello, an NTP reply
	Handshake                 // a TCP SYN or SYN-ACK told
)

func (g Ground) String() string {
	return [...]string{"first packet", "message", "handshake"}[g]
}

// EndReason is why a flow was closed: the flowEndReason of RFC 5102, section
// 5.11.3.
type EndReason uint8

const (
	IdleTimeout     EndReason = 1
	ActiveTimeout   EndReason = 2
	EndOfFlow       EndReason = 3 // FIN from both sides, a RST, or a new connection on the same 5-tuple
	ForcedEnd       EndReason = 4 // the input ended
	LackOfResources EndReason = 5
)

func (r EndReason) String() string {
	switch r {
	case IdleTimeout:
		return "idle timeout"
	case ActiveTimeout:
		return "active timeout"
	case EndOfFlow:
		return "end"
	case ForcedEnd:
		return "forced"
	case LackOfResources:
		return "lack of resources"
	}
	return ""
}

// Flow is one conversation, both directions together. Client is the side that
// started it, as far as Ground can tell; Server is the one that answered or
// should have.
type Flow struct {
	Protocol        uint8 // IP protocol number
	Ground          Ground
	Reason          EndReason // set when the flow is handed to Handler.End
	settled         bool      // see Settle
	Starved         bool      // ordering or classification was cut short because the table's budget was used up
	VLAN, InnerVLAN uint16    // of the first packet; 0 is none
	Tunnel          Tunnel    // likewise
	Start, End      Time      // of the first and the last packet

	Client, Server Half

	// App and Told belong to the handler; the table never looks at them.
	App  any
	Told uint32

	hash         uint32 // by which the table finds it
	order        uint64 // position of the flow's first packet in the input
	queue        *queue // which of the table's queues it waits in
	older, newer *Flow
}

// Half is what one side of a flow sent.
type Half struct {
	Addr netip.AddrPort
	MAC  MAC   // the link-layer source of its first packet, before any forwarding that was seen; zero when none was shown
	TTL  uint8 // of its first packet

	SYN, FIN, RST bool

	BadChecksums  uint8  // of its first 64 packets
	Retransmitted uint32 // segments that brought no new byte
	Cut           uint32 // packets whose end the capture did not keep

	Packets uint64
	Bytes   uint64 // of IP packets on the wire, headers included
	Payload uint64 // of transport payload on the wire, retransmissions included

	First Frame // its first packet; the zero Frame when it sent none

	Relay *Relay // nil when no packet was seen twice

	tcp stream
}

// Relay is who forwarded packets of a half: the capture shows both sides of a
// router, and so each of them twice.
type Relay struct {
	MAC   MAC   // link-layer source of the copies
	First Frame // the first copy
}

// First returns the frame that opened the flow.
func (f *Flow) First() Frame {
	client, server := f.Client.First, f.Server.First
	tied := server.Time == client.Time && server.Input == client.Input
	if f.Client.Packets == 0 || f.Server.Packets > 0 && (server.Time < client.Time || tied && server.Number < client.Number) {
		return server
	}
	return client
}

// Settle says that the datagrams of the flow so far want no other: unless one comes
// the flow ends as a closed connection does. To be called by Handler.Datagram.
func (f *Flow) Settle() { f.settled = true }

// Answered reports whether the server sent anything at all.
func (f *Flow) Answered() bool { return f.Server.Packets > 0 }

// Established reports whether a TCP connection came into being: the server
// agreed with a SYN-ACK, or both sides were seen to send data. Of any other
// protocol it reports whether both sides sent.
func (f *Flow) Established() bool {
	if f.Protocol != TCP {
		return f.Client.Packets > 0 && f.Server.Packets > 0
	}
	return f.Server.SYN || f.Client.Payload > 0 && f.Server.Payload > 0
}

// Midstream reports whether a TCP connection was already under way when the
// capture first saw it: no SYN of either side was seen.
func (f *Flow) Midstream() bool {
	return f.Protocol == TCP && !f.Client.SYN && !f.Server.SYN
}

// OneSided reports whether a conversation that must have had two sides was seen
// from one only: a TCP half carried data or was acknowledged, and the other
// half was never seen.
func (f *Flow) OneSided() bool {
	if f.Protocol != TCP || f.Client.Packets > 0 && f.Server.Packets > 0 {
		return false
	}
	return f.Client.Payload+f.Server.Payload > 0 || f.Server.SYN || f.Client.tcp.acked || f.Server.tcp.acked
}

// Order is the position of the flow's first packet in the whole input. It
// orders flows the same way in every run.
func (f *Flow) Order() uint64 { return f.order }

// Swap exchanges client and server on the strength of g. A ground no stronger
// than the one the roles rest on changes nothing and reports false.
func (f *Flow) Swap(g Ground) bool {
	if g <= f.Ground {
		return false
	}
	f.Client, f.Server = f.Server, f.Client
	f.Ground = g
	return true
}

// Confirm records that g, too, says that the roles are as they stand.
func (f *Flow) Confirm(g Ground) { f.Ground = max(f.Ground, g) }

// Release gives back the bytes kept of both halves: the handler has all the
// facts it wants, and no further Segment call follows.
func (f *Flow) Release() {
	f.Client.tcp.close(f.queue.heads)
	f.Server.tcp.close(f.queue.heads)
}

// Unseen returns how many bytes of the half's TCP sequence space passed without
// being seen: the capture lost them, or never had them.
func (h *Half) Unseen() uint64 { return h.tcp.holes }

// Deepen lets the head of the half grow to depth bytes, where the table's depth
// is less. Bytes beyond the old depth that have passed are not brought back.
func (h *Half) Deepen(depth int) {
	if h.tcp.head != nil {
		h.tcp.head.depth = max(h.tcp.head.depth, depth)
	}
}

// Drop takes the bytes of Head from one offset up to another out of it: nobody
// wants to see them again. They count towards the table's depth all the same. Of a
// range in which bytes are missing it drops nothing and reports false.
func (h *Half) Drop(from, to int) bool {
	return h.tcp.head != nil && h.tcp.head.drop(from, to)
}

// Head returns the first bytes of the half in order, up to the table's depth,
// but for those that were dropped.
// They are valid until the handler returns, or calls Release.
func (h *Half) Head() []byte {
	if h.tcp.head == nil {
		return nil
	}
	return h.tcp.head.bytes
}

// Gaps returns the offsets into Head before which bytes are missing for good,
// in order: at most 64, behind the last of which Head ends. It is valid as long
// as Head is.
func (h *Half) Gaps() []int {
	if h.tcp.head == nil {
		return nil
	}
	return h.tcp.head.gaps
}

// Joined reports whether Head does not begin with the connection's first byte.
func (h *Half) Joined() bool { return h.tcp.joined }

// FrameAt returns the frame that carried the byte at offset of Head.
func (h *Half) FrameAt(offset int) Frame {
	if h.tcp.head == nil {
		return Frame{}
	}
	return h.tcp.head.frameAt(offset)
}

// Exhausted reports whether no more bytes of either half will be put in order.
func (f *Flow) Exhausted() bool { return f.Client.tcp.full() && f.Server.tcp.full() }

// Snapshot returns the flow as it stands, without its heads and apart from the
// table: it does not change when the flow goes on.
func (f *Flow) Snapshot() Flow {
	s := *f
	s.App, s.hash, s.queue, s.older, s.newer = nil, 0, nil, nil, nil
	s.Client.tcp.head, s.Server.tcp.head = nil, nil
	return s
}
