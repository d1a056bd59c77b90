package flow

import "net/netip"

// assign lets a TCP SYN or SYN-ACK decide who is client and who is server.
func (f *Flow) assign(p *Packet, src netip.AddrPort) {
	if p.Protocol != TCP || p.Flags&SYN == 0 {
		return
	}
	fromClient := p.Flags&ACK == 0
	if (src == f.Client.Addr) == fromClient {
		f.Confirm(Handshake)
	} else {
		f.Swap(Handshake)
	}
}

// renewedBy reports whether p opens a new connection on the flow's 5-tuple.
func (f *Flow) renewedBy(p *Packet, src netip.AddrPort) bool {
	if p.Flags&SYN == 0 {
		return false
	}
	half := &f.Client
	if src != half.Addr {
		half = &f.Server
	}
	switch {
	case half.tcp.synced && p.Seq+1 == half.tcp.first:
		return false // the same SYN once more
	case f.closing():
		return true
	case p.Flags&ACK != 0:
		return false // servers behind a balancer may answer one SYN twice
	case !half.SYN && half.tcp.synced:
		return !half.tcp.near(p.Seq)
	default:
		return half.SYN
	}
}

// closing reports whether the connection is over but for stragglers.
func (f *Flow) closing() bool {
	return f.Client.RST || f.Server.RST || f.Client.FIN && f.Server.FIN
}

// held is what the flow holds for ordering, in bytes.
func (f *Flow) held() int { return f.Client.tcp.size() + f.Server.tcp.size() }

// maxVerified is how many packets of a half have their checksums verified.
// Where offload or an evader leaves them wrong, the first packets show it; to
// verify all would mean to read every byte of what a flow carries.
const maxVerified = 64

// count notes a packet that the half sent.
func (h *Half) count(p *Packet) {
	if h.Packets == 0 {
		h.First, h.TTL = p.Frame, p.TTL
	}
	if h.MAC != p.SrcMAC {
		h.moved(p)
	}
	h.Packets++
	h.Bytes += uint64(p.Length)
	h.Payload += uint64(len(p.Payload) + p.Missing)
	if p.Missing > 0 {
		h.Cut++
	}
	if h.Packets <= maxVerified && p.Checksum.Bad() {
		h.BadChecksums++
	}
}

// moved takes a packet, or the copy of one, with another link-layer source than
// the half's first. Forwarding lowers the TTL (RFC 1812, section 5.3.1), so of
// two sources the one with the lower TTL is the router.
func (h *Half) moved(p *Packet) {
	switch {
	case h.MAC == (MAC{}):
		h.MAC = p.SrcMAC
	case p.SrcMAC == (MAC{}) || h.Relay != nil || p.TTL == h.TTL:
	case p.TTL < h.TTL:
		h.Relay = &Relay{p.SrcMAC, p.Frame}
	default: // the copy came first
		h.Relay = &Relay{h.MAC, h.First}
		h.MAC, h.TTL = p.SrcMAC, p.TTL
	}
}

// renew sets the counters back for the next record of the same conversation.
func (h *Half) renew() {
	*h = Half{Addr: h.Addr, MAC: h.MAC, TTL: h.TTL, Relay: h.Relay, SYN: h.SYN, FIN: h.FIN, RST: h.RST, tcp: h.tcp}
	h.tcp.holes = 0
}

// segment takes one TCP segment of h, answers to being what the other half
// sends, and reports whether h's head grew.
func (h *Half) segment(to *Half, p *Packet, spare *heads) bool {
	if p.Flags&RST != 0 {
		h.RST = true
		return false
	}
	h.begin(p)
	h.acknowledge(to, p)
	seq, n := p.Seq, len(p.Payload)+p.Missing
	if p.Flags&SYN != 0 {
		seq++
	}
	if p.Flags&FIN != 0 {
		h.FIN = true
		n++ // a FIN takes one sequence number
	}
	if h.tcp.track(seq, n) {
		h.Retransmitted++
	}
	return h.tcp.add(segment{seq, p.Missing, p.Frame, p.Payload}, spare)
}

// begin settles where the half's sequence space begins.
func (h *Half) begin(p *Packet) {
	s := &h.tcp
	if p.Flags&SYN == 0 {
		if !s.synced {
			s.sync(p.Seq, true)
		}
		return
	}
	h.SYN = true
	if p.Flags&ACK != 0 {
		s.synacks++
	}
	switch first := p.Seq + 1; {
	case !s.synced:
		s.sync(first, false)
	case s.first == first:
		s.joined = false
	default:
		s.resync(first)
		s.joined = s.joined && s.first != first
	}
}

// acknowledge notes what p says of the other half.
func (h *Half) acknowledge(to *Half, p *Packet) {
	if p.Flags&ACK == 0 {
		return
	}
	h.tcp.acked = true
	switch s := &to.tcp; {
	case !s.synced:
		s.sync(p.Ack, true)
	case s.synacks > 1 && p.Flags&SYN == 0:
		// Of several SYN-ACKs with different numbers the client took one.
		s.resync(p.Ack)
		s.synacks = 1
	default:
		s.ack(p.Ack)
	}
}
