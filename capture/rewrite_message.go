package capture

import (
	"bytes"
	"encoding/base64"
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
	if r.stun(b) || r.dhcp(b, false) || r.srt(b) {
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
	if len(b) == 0 || r.stun(b) {
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

// sequence maps the addresses in bytes of which nothing is known: in text, also
// in the base64 that RTSP is sent in through HTTP, and in certificates.
func (r *rewriter) sequence(b []byte) {
	r.certificates(b)
	r.Text(b)
	r.base64(b)
}

// base64 maps the addresses in text that was encoded (RFC 4648, section 4) from
// the beginning of b or of a line on.
func (r *rewriter) base64(b []byte) {
	const least = 16
	for len(b) >= least {
		n := 0
		for n < len(b) && (alphabet(b[n]) || b[n] == '=') {
			n++
		}
		if whole := n &^ 3; whole >= least {
			r.decoded(b[:whole])
		}
		next := bytes.IndexByte(b[n:], '\n')
		if next < 0 {
			return
		}
		b = b[n+next+1:]
	}
}

func alphabet(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// decoded maps the addresses in what b encodes, if that is text.
func (r *rewriter) decoded(b []byte) {
	text := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, err := base64.StdEncoding.Decode(text, b)
	if text = text[:n]; err != nil || !isText(text) {
		return
	}
	before := string(text)
	if r.Text(text); string(text) != before {
		base64.StdEncoding.Encode(b, text)
	}
}

// certificates maps the addresses among the subject alternative names of the
// X.509 certificates that lie in b (RFC 5280, section 4.2.1.6): iPAddress, with
// the context tag 7.
func (r *rewriter) certificates(b []byte) {
	const name, sequence, octets, boolean, address = "\x06\x03\x55\x1d\x11", 0x30, 0x04, 0x01, 0x87
	for {
		at := bytes.Index(b, []byte(name))
		if at < 0 {
			return
		}
		b = b[at+len(name):]
		v := b
		if len(v) > 3 && v[0] == boolean { // critical
			v = v[3:]
		}
		v = contents(contents(v, octets), sequence)
		for len(v) >= 2 {
			n, length := int(v[1]), 2
			switch {
			case n == 0x81 && len(v) >= 3:
				n, length = int(v[2]), 3
			case n == 0x82 && len(v) >= 4:
				n, length = int(binary.BigEndian.Uint16(v[2:4])), 4
			}
			value := v[length:min(length+n, len(v))]
			if v[0] == address && (n == 4 || n == 16) {
				r.address(value)
			}
			v = v[length+len(value):]
		}
	}
}

// contents returns what a DER element of the tag holds, as far as it is there.
func contents(b []byte, tag byte) []byte {
	if len(b) < 2 || b[0] != tag {
		return nil
	}
	n, length := int(b[1]), 2
	switch {
	case n == 0x81 && len(b) >= 3:
		n, length = int(b[2]), 3
	case n == 0x82 && len(b) >= 4:
		n, length = int(binary.BigEndian.Uint16(b[2:4])), 4
	case n >= 0x80:
		return nil
	}
	return b[length:min(length+n, len(b))]
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

// portControl maps the addresses of NAT-PMP (RFC 6886, section 3.2) and PCP (RFC
// 6887, sections 7, 11, 12 and 13).
func (r *rewriter) portControl(b []byte) bool {
	const response, announce, mapping, peer, thirdParty, filter = 0x80, 0, 1, 2, 1, 3
	if len(b) >= 12 && b[0] == 0 && b[1] == response {
		r.IPv4(b[8:12])
	}
	if b[0] == 0 {
		return true
	}
	if b[0] != 2 || len(b) < 24 {
		return false
	}
	if b[1]&response == 0 {
		r.IPv6(b[8:24])
	}
	at := 24
	if code := b[1] &^ response; (code == mapping || code == peer) && len(b) >= at+36 {
		r.IPv6(b[at+20 : at+36])
		at += 36
		if code == peer && len(b) >= at+20 {
			r.IPv6(b[at+4 : at+20])
			at += 20
		}
	} else if code != announce {
		clear(b[at:])
		return true
	}
	for o := b[at:]; len(o) >= 4; {
		n := min(4+(int(binary.BigEndian.Uint16(o[2:4]))+3)&^3, len(o))
		switch {
		case o[0] == thirdParty && n == 20:
			r.IPv6(o[4:20])
		case o[0] == filter && n == 24:
			r.IPv6(o[8:24])
		default:
			clear(o[4:n])
		}
		o = o[n:]
	}
	return true
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
