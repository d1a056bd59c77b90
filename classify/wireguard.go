package classify

// Message types and lengths of WireGuard ("WireGuard: Next Generation Kernel
// Network Tunnel", section 5.4).
const (
	wireGuardInitiation = 1 // 148 bytes
	wireGuardResponse   = 2 // 92
	wireGuardCookie     = 3 // 64
	wireGuardTransport  = 4 // 32 and more, padded to 16
	wireGuardMAC        = 16
)

// wireGuardDatagram recognises WireGuard by a handshake message: type, three
// zero bytes, exact length, and the second MAC, which is zero unless the peer is
// under load. Transport data alone is not believed.
func wireGuardDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	b := d.Payload
	if len(b) < 4 || b[1]|b[2]|b[3] != 0 {
		return NoMatch, false
	}
	known := f.Protocol == ProtoWireGuard
	ok, swap := false, false
	switch b[0] {
	case wireGuardInitiation:
		ok = d.size() == 148 && (known || endsInZeros(b, wireGuardMAC, d))
	case wireGuardResponse:
		ok = d.size() == 92 && (known || endsInZeros(b, wireGuardMAC, d))
		swap = !d.FromServer && !known
	case wireGuardCookie:
		ok = known && d.size() == 64
	case wireGuardTransport:
		ok = known && d.size() >= 32 && d.size()%16 == 0
	}
	if !ok {
		return NoMatch, false
	}
	f.Protocol = ProtoWireGuard
	return Matched, swap
}

func endsInZeros(b []byte, n int, d Datagram) bool {
	if d.Missing > 0 {
		return false
	}
	for _, c := range b[len(b)-n:] {
		if c != 0 {
			return false
		}
	}
	return true
}
