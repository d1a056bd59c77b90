package main

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// The canary's addresses are for documentation (RFC 5737), its MACs are locally
// administered: nobody else has them.
var (
	canaryMAC    = flow.MAC{0x02, 0xca, 0x4a, 0x51, 0x00, 0x01}
	canaryRouter = flow.MAC{0x02, 0xca, 0x4a, 0x51, 0x00, 0x02}
	canaryClient = netip.MustParseAddrPort("198.51.100.77:49777")
	canaryCamera = netip.MustParseAddrPort("203.0.113.77:554")
	canaryServer = netip.MustParseAddrPort("203.0.113.78:443")
	canaryRules  = []string{"rtsp-boundary", "tls-forward-secrecy"}
)

// canaryFlows is how many conversations the canary has.
const canaryFlows = 2

// canaryPolicy is a policy in which the canary's client is local.
const canaryPolicy = `apiVersion: spanaudit/v1
kind: Policy
metadata: { name: doctor, version: "1", extends: "builtin:edge-camera@1" }
zones:
  canary: { trust: local, cidrs: ["198.51.100.0/24"] }
  internet: { trust: internet, rest: true }
`

// canaryFrames are two conversations over Ethernet, whole, that break a rule each:
// RTSP with the internet, and a TLS 1.2 handshake with an exchange of keys by RSA.
func canaryFrames() [][]byte {
	rtsp := &canaryTalk{client: canaryClient, server: canaryCamera}
	rtsp.open()
	rtsp.say(true, []byte("OPTIONS rtsp://203.0.113.77/canary RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: spanaudit doctor\r\n\r\n"))
	rtsp.say(false, []byte("RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n"))
	rtsp.end()

	tls := &canaryTalk{client: canaryClient, server: canaryServer}
	tls.open()
	tls.say(true, tlsHandshake(1, canaryClientHello))
	tls.say(false, append(tlsHandshake(2, canaryServerHello), tlsHandshake(14, func(*cryptobyte.Builder) {})...))
	changed := tlsRecord(20, []byte{1})
	encrypted := tlsRecord(22, make([]byte, 40))
	key := tlsHandshake(16, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, 256)) })
	})
	tls.say(true, append(append(key, changed...), encrypted...))
	tls.say(false, append(changed, encrypted...))
	tls.end()
	return append(rtsp.frames, tls.frames...)
}

const canarySuite = 0x002f // TLS_RSA_WITH_AES_128_CBC_SHA

// canaryClientHello is RFC 5246, section 7.4.1.2, with a server_name (RFC 6066).
func canaryClientHello(b *cryptobyte.Builder) {
	b.AddUint16(0x0303)
	b.AddBytes(make([]byte, 32))
	b.AddUint8(0)
	b.AddUint16(2)
	b.AddUint16(canarySuite)
	b.AddUint16(0x0100)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(0)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint8(0)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("canary.invalid")) })
			})
		})
	})
}

func canaryServerHello(b *cryptobyte.Builder) {
	b.AddUint16(0x0303)
	b.AddBytes(make([]byte, 32))
	b.AddUint8(0)
	b.AddUint16(canarySuite)
	b.AddUint8(0)
}

func tlsHandshake(kind uint8, body func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddUint8(kind)
	b.AddUint24LengthPrefixed(body)
	return tlsRecord(22, b.BytesOrPanic())
}

func tlsRecord(kind uint8, body []byte) []byte {
	return append([]byte{kind, 3, 3, byte(len(body) >> 8), byte(len(body))}, body...)
}

// canaryTalk is a TCP connection that both sides of are made.
type canaryTalk struct {
	client, server netip.AddrPort
	sent           [2]uint32 // by the client, by the server
	frames         [][]byte
}

func (t *canaryTalk) open() {
	t.segment(true, flow.SYN, nil)
	t.segment(false, flow.SYN|flow.ACK, nil)
	t.segment(true, flow.ACK, nil)
}

func (t *canaryTalk) say(client bool, payload []byte) { t.segment(client, flow.PSH|flow.ACK, payload) }

func (t *canaryTalk) end() {
	t.segment(true, flow.FIN|flow.ACK, nil)
	t.segment(false, flow.FIN|flow.ACK, nil)
	t.segment(true, flow.ACK, nil)
}

// segment makes a frame: Ethernet, IPv4 (RFC 791, section 3.1), TCP (RFC 9293,
// section 3.1).
func (t *canaryTalk) segment(client bool, flags uint8, payload []byte) {
	src, dst, srcMAC, dstMAC, me, other := t.client, t.server, canaryMAC, canaryRouter, 0, 1
	if !client {
		src, dst, srcMAC, dstMAC, me, other = t.server, t.client, canaryRouter, canaryMAC, 1, 0
	}
	var b []byte
	b = append(append(append(b, dstMAC[:]...), srcMAC[:]...), 8, 0)
	ip := append([]byte{0x45, 0, 0, 0, 0, byte(len(t.frames)), 0x40, 0, 64, flow.TCP, 0, 0}, src.Addr().AsSlice()...)
	ip = append(ip, dst.Addr().AsSlice()...)
	binary.BigEndian.PutUint16(ip[2:], uint16(40+len(payload)))
	binary.BigEndian.PutUint16(ip[10:], internetChecksum(0, ip))

	tcp := binary.BigEndian.AppendUint16(nil, src.Port())
	tcp = binary.BigEndian.AppendUint16(tcp, dst.Port())
	tcp = binary.BigEndian.AppendUint32(tcp, t.sent[me])
	tcp = binary.BigEndian.AppendUint32(tcp, t.sent[other])
	tcp = append(append(tcp, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0), payload...)
	binary.BigEndian.PutUint16(tcp[16:], internetChecksum(flow.TCP+uint32(len(tcp)), ip[12:20], tcp))

	t.sent[me] += uint32(len(payload))
	if flags&(flow.SYN|flow.FIN) != 0 {
		t.sent[me]++
	}
	t.frames = append(t.frames, append(append(b, ip...), tcp...))
}

// internetChecksum is RFC 1071, of parts of which all but the last are even.
func internetChecksum(sum uint32, parts ...[]byte) uint16 {
	for _, b := range parts {
		for i := range b {
			sum += uint32(b[i]) << (8 * (1 - i&1))
		}
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
