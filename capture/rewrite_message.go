package capture

import (
	"encoding/binary"
)

// UDP and TCP ports of messages that hold addresses in binary.
const (
	portDNS          = 53
	portDHCPServer   = 67
	portDHCPClient   = 68
	portNTP          = 123
	portNameService  = 137
	portDatagrams    = 138
	portDHCPv6Client = 546
	portDHCPv6Server = 547
	portPCPClient    = 5350
	portPCP          = 5351
	portMDNS         = 5353
	portLLMNR        = 5355
)

func binaryPort(port uint16) bool {
	switch port {
	case portDNS, portDHCPServer, portDHCPClient, portNTP, portNameService, portDatagrams,
		portDHCPv6Client, portDHCPv6Server, portPCPClient, portPCP, portMDNS, portLLMNR:
		return true
	}
	return false
}

// datagram maps the addresses in a payload of UDP; cut says that its end was
// not captured. It reports whether the message is one of those known.
func (r *rewriter) datagram(b []byte, src, dst uint16, cut bool) bool {
	either := func(port uint16) bool { return src == port || dst == port }
	switch {
	case len(b) == 0:
		return true
	case either(portDHCPServer) || either(portDHCPClient):
		if r.dhcp(b, cut) {
			return true
		}
	case either(portDHCPv6Client) || either(portDHCPv6Server):
		r.dhcpv6(b, 0)
		return true
	case either(portNTP):
		r.ntp(b)
		return true
	case either(portDatagrams):
		if len(b) >= 8 {
			r.IPv4(b[4:8]) // SOURCE_IP (RFC 1002, section 4.4.1)
		}
		r.Text(b)
		return true
	case either(portPCP) || either(portPCPClient):
		if r.portControl(b) {
			return true
		}
	case either(portDNS) || either(portMDNS) || either(portLLMNR) || either(portNameService):
		if r.dns(b, cut) {
			return true
		}
	}
	if r.stun(b) || r.channel(b) || r.dhcp(b, false) || r.srt(b) {
		return true
	}
	if r.dnsWhole(b) {
		return r.dns(b, false)
	}
	r.sequence(b)
	return false
}

// stream maps the addresses in a segment of TCP. A message is known at the
// beginning of one alone, but for text.
func (r *rewriter) stream(b []byte, src, dst uint16) {
	if b = r.proxied(b); len(b) == 0 || r.stun(b) {
		return
	}
	if src == portDNS || dst == portDNS || src == portLLMNR || dst == portLLMNR {
		if r.dnsStream(b) {
			return
		}
	}
	r.sequence(b)
	r.Edges(b)
}

// proxied maps the addresses in the binary header that a proxy begins a connection
// with (HAProxy: "The PROXY protocol, versions 1 & 2", section 2.2), clears what else is
// told there, and returns what follows.
func (r *rewriter) proxied(b []byte) []byte {
	const signature, header = "\r\n\r\n\x00\r\nQUIT\n", 16
	if len(b) < header || string(b[:len(signature)]) != signature {
		return b
	}
	rest := b[header:]
	rest = rest[:min(int(binary.BigEndian.Uint16(b[header-2:])), len(rest))]
	follows := b[header+len(rest):]
	if size := [...]int{0, 4, 16, 0}[b[13]>>4&3]; size > 0 && len(rest) >= 2*size {
		r.addresses(rest[:2*size], size)
		rest = rest[min(2*size+4, len(rest)):] // the ports
	}
	clear(rest)
	return follows
}

// ntp maps the reference identifier that is a server's address (RFC 5905,
// section 7.3): of strata 2 to 15. Of the private mode 7, which may list who
// asked, nothing is left behind its header.
func (r *rewriter) ntp(b []byte) {
	const control, private = 6, 7
	switch mode := b[0] & 7; {
	case mode == private:
		clear(b[min(8, len(b)):])
	case mode == control:
		r.Text(b)
	case len(b) >= 16 && b[1] >= 2 && b[1] < 16:
		r.IPv4(b[12:16])
	}
}

// srt clears the peer's address in a handshake of SRT
// (draft-sharabayko-srt-01, section 3.2.1).
func (r *rewriter) srt(b []byte) bool {
	const header, address = 16, 48
	if len(b) < header+address || binary.BigEndian.Uint32(b) != 0x80000000 || b[header] != 0 || b[header+1] != 0 || b[header+2] != 0 || b[header+3] != 4 && b[header+3] != 5 {
		return false
	}
	clear(b[header+32 : header+address])
	r.Text(b[header+address:])
	return true
}

// optionsTCP clears the addresses that MPTCP tells of (RFC 8684, section 3.4.1).
func (r *rewriter) optionsTCP(b []byte) {
	const end, noOperation, multipath, addAddress = 0, 1, 30, 3
	for len(b) > 0 && b[0] != end {
		if b[0] == noOperation {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		if o := b[:b[1]]; o[0] == multipath && len(o) > 4 && o[2]>>4 == addAddress {
			clear(o[4:])
		}
		b = b[b[1]:]
	}
}
