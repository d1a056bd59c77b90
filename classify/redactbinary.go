package classify

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// redactDNSStream keeps DNS messages.
func redactDNSStream(b []byte, _ bool) {
	for s := cryptobyte.String(b); !s.Empty(); {
		begin := s
		var body cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&body) {
			keepFirst(begin, 2+12) // a header
			return
		}
		if m, ok := readDNS(body, false, nil); !ok || !m.whole() {
			keepFirst(begin, 2+12)
			return
		}
	}
}

// redactSSH keeps the version string and the key exchange, as far as it is in
// clear (RFC 4253, sections 4.2, 6 and 12).
func redactSSH(b []byte, _ bool) {
	const disconnect, newKeys, firstKex, lastKex = 1, 21, 20, 49
	for range maxSSHBefore {
		if bytes.HasPrefix(b, []byte("SSH-")) {
			break
		}
		line, rest, ok := cutTextLine(b)
		if !ok || !isText(line) {
			clear(b)
			return
		}
		blank(line)
		b = rest
	}
	line, rest, ok := cutLine(b)
	if !bytes.HasPrefix(line, []byte("SSH-2.0-")) && !bytes.HasPrefix(line, []byte("SSH-1.99-")) || !ok {
		keepFirst(b, len(b)-len(rest))
		return
	}
	for s := cryptobyte.String(rest); !s.Empty(); {
		begin := s
		var packet cryptobyte.String
		var length uint32
		if !s.ReadUint32(&length) || length > 1<<16 || !s.ReadBytes((*[]byte)(&packet), int(length)) || len(packet) < 2 ||
			packet[1] != disconnect && (packet[1] < firstKex || packet[1] > lastKex) {
			clear(begin)
			return
		}
		if packet[1] == newKeys {
			clear(s)
			return
		}
	}
}

// redactRTMP keeps the handshake and the name of the first command.
func redactRTMP(b []byte, _ bool) {
	_, _, commands := rtmpPackets(b)
	const connect = "\x02\x00\x07connect"
	if i := bytes.Index(commands[:min(len(commands), 64)], []byte(connect)); i >= 0 {
		commands = commands[i+len(connect):]
	}
	clear(commands)
}

// redactRDP keeps the X.224 connection without the user's name in its cookie.
func redactRDP(b []byte, server bool) {
	code := byte(x224ConnectionRequest)
	if server {
		code = x224ConnectionConfirm
	}
	v, variable, rest := readX224(b, code)
	if v != recognised {
		clear(b)
		return
	}
	if cookie, _, ok := bytes.Cut(variable, []byte("\r\n")); ok && bytes.HasPrefix(cookie, []byte("Cookie: ")) {
		blankAll(cookie[len("Cookie: "):])
		variable = variable[len(cookie)+2:]
	}
	keepFirst(variable, 8)
	redactTLSOrClear(rest, server)
}

func redactTLSOrClear(b []byte, server bool) {
	if beginsTLS(b, server) {
		redactTLS(b, server)
		return
	}
	clear(b)
}

// redactSMB keeps the headers of messages, and of the answer to a negotiation
// the dialect; signatures, security blobs and files are overwritten.
func redactSMB(b []byte, _ bool) {
	for s := cryptobyte.String(b); !s.Empty(); {
		begin := s
		var kind uint8
		var length uint32
		if !s.ReadUint8(&kind) || !s.ReadUint24(&length) || kind != netbiosMessage && kind != netbiosRequest && kind != netbiosResponse {
			clear(begin)
			return
		}
		var message []byte
		s.ReadBytes(&message, min(int(length), len(s)))
		if kind != netbiosMessage {
			continue // names
		}
		switch v, _ := smbMagic(message, int(length)); {
		case v != recognised || len(message) < 32:
			keepFirst(message, 4)
		case message[0] == 0xfe && message[12]|message[13] == 0 && len(message) >= smbHeader+6: // NEGOTIATE
			clear(message[48:smbHeader])
			keepFirst(message, smbHeader+6)
		case message[0] == 0xfe:
			keepFirst(message, 48)
		case message[0] == 0xff:
			clear(message[14:22]) // the signature
			keepFirst(message, 32)
		default:
			keepFirst(message, 4)
		}
	}
}

// redactAMQP keeps the protocol header, TLS, and that the mechanism is PLAIN.
func redactAMQP(b []byte, server bool) {
	if amqpHeader(b) != recognised {
		clear(b)
		return
	}
	rest := b[8:]
	if beginsTLS(rest, server) || !isAMQPPlain(rest) {
		redactTLSOrClear(rest, server)
		return
	}
	const method = 1 + 2 + 4 + 4 // frame header, class and method of StartOk
	s := cryptobyte.String(rest)
	var table uint32
	if i := bytes.Index(rest[:min(len(rest), 64)], []byte("\xa3\x05PLAIN")); i > 0 && rest[0] != 1 {
		clear(rest[i+7:])
	} else if s.Skip(method) && s.ReadUint32(&table) && int(table) <= len(s) {
		clear(s[:table])
		keepFirst(s[table:], 1+len("PLAIN"))
	} else {
		clear(s)
	}
}

// redactOpenVPNStream keeps the resets that a connection begins with.
func redactOpenVPNStream(b []byte, server bool) {
	v, packet := readOpenVPN(b, server)
	if v != recognised {
		clear(b)
		return
	}
	keepFirst(b, 2+len(packet))
}
