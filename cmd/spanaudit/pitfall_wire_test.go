package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the tests of pitfalls put on the wire.

const (
	fin, syn, rst, psh, ack = 1, 2, 4, 8, 16

	protoTCP, protoUDP, protoGRE = 6, 17, 47

	etherIPv4, etherVLAN, etherQinQ = 0x0800, 0x8100, 0x88a8
)

var (
	camera = netip.MustParseAddrPort("192.168.7.20:40000")
	cloud  = netip.MustParseAddrPort("203.0.113.7:443")
)

// connection writes the frames of one connection, a millisecond apart.
type connection struct {
	client, server netip.AddrPort
	frames         []frame
	sent           [2]uint32 // sequence numbers used up, by client and server
}

// opened is a connection after its three-way handshake.
func opened(client, server netip.AddrPort) *connection {
	c := &connection{client: client, server: server}
	c.segment(false, syn, nil)
	c.segment(true, syn|ack, nil)
	c.segment(false, ack, nil)
	return c
}

func (c *connection) segment(fromServer bool, flags byte, payload []byte) {
	me, other := 0, 1
	if fromServer {
		me, other = 1, 0
	}
	s := binary.BigEndian.AppendUint32(nil, 1000+c.sent[me])
	acked := uint32(0)
	if flags&ack != 0 {
		acked = 1000 + c.sent[other]
	}
	s = binary.BigEndian.AppendUint32(s, acked)
	s = append(s, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	c.sent[me] += uint32(len(payload))
	if flags&(syn|fin) != 0 {
		c.sent[me]++
	}
	c.send(fromServer, protoTCP, append(s, payload...))
}

// say sends bytes in segments of at most size bytes.
func (c *connection) say(fromServer bool, payload []byte, size int) {
	for len(payload) > 0 {
		n := min(size, len(payload))
		c.segment(fromServer, psh|ack, payload[:n])
		payload = payload[n:]
	}
}

func (c *connection) datagram(fromServer bool, payload []byte) {
	c.send(fromServer, protoUDP, append(binary.BigEndian.AppendUint16(nil, uint16(8+len(payload))), append([]byte{0, 0}, payload...)...))
}

// send puts ports before what follows them in the transport header.
func (c *connection) send(fromServer bool, protocol byte, rest []byte) {
	src, dst := c.client, c.server
	macs := "\x02\x00\x00\x00\x00\x07\x02\x00\x00\x00\x00\x14"
	if fromServer {
		src, dst = dst, src
		macs = macs[6:] + macs[:6]
	}
	s := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, src.Port()), dst.Port())
	s = append(s, rest...)
	at := map[byte]int{protoTCP: 16, protoUDP: 6}[protocol]
	binary.BigEndian.PutUint16(s[at:], internetSum(src.Addr().AsSlice(), dst.Addr().AsSlice(), []byte{0, protocol}, binary.BigEndian.AppendUint16(nil, uint16(len(s))), s))
	c.put([]byte(macs), binary.BigEndian.AppendUint16(nil, etherIPv4), ipv4(src.Addr(), dst.Addr(), protocol, s))
}

func (c *connection) put(parts ...[]byte) {
	data := bytes.Join(parts, nil)
	at := 1_700_000_000*time.Second + time.Duration(len(c.frames))*time.Millisecond
	c.frames = append(c.frames, frame{at, uint32(len(data)), data})
}

func ipv4(src, dst netip.Addr, protocol byte, payload []byte) []byte {
	h := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(payload)))
	h = append(h, 0, 1, 0x40, 0, 64, protocol, 0, 0)
	h = append(append(h, src.AsSlice()...), dst.AsSlice()...)
	binary.BigEndian.PutUint16(h[10:], internetSum(h))
	return append(h, payload...)
}

// internetSum is the checksum of RFC 1071.
func internetSum(parts ...[]byte) uint16 {
	b := append(bytes.Join(parts, nil), 0)
	sum := uint32(0)
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// replayed is a handshake of classify/testdata/tls on a connection of its own,
// in segments of at most size bytes.
func replayed(t *testing.T, name string, size int) *connection {
	c := opened(camera, cloud)
	for _, turn := range handshakeTurns(t, name) {
		c.say(turn.server, turn.bytes, size)
	}
	return c
}

type turn struct {
	server bool
	bytes  []byte
}

func handshakeTurns(t *testing.T, name string) (turns []turn) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(read(t, filepath.Join("../../classify/testdata/tls", name))))
	for lines.Scan() {
		who, text, _ := strings.Cut(lines.Text(), " ")
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		turns = append(turns, turn{who == "server", b})
	}
	return turns
}

// rewritten gives every frame other bytes.
func rewritten(frames []frame, rewrite func(frame) []byte) (out []frame) {
	for _, f := range frames {
		f.data = rewrite(f)
		f.wire = uint32(len(f.data))
		out = append(out, f)
	}
	return out
}

// tagged puts VLAN tags, the outermost first, on a frame.
func tagged(data []byte, tags ...uint16) []byte {
	out := bytes.Clone(data[:12])
	for i, id := range tags {
		kind := uint16(etherVLAN)
		if i+1 < len(tags) {
			kind = etherQinQ
		}
		out = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(out, kind), id)
	}
	return append(out, data[12:]...)
}

// tunnelled puts a frame behind header into an IPv4 packet of a switch to its
// collector.
func tunnelled(protocol byte, header string, data []byte) []byte {
	outer := ipv4(netip.MustParseAddr("10.99.0.1"), netip.MustParseAddr("10.99.0.2"), protocol, append([]byte(header), data...))
	return append([]byte("\x02\x00\x00\x00\x99\x02\x02\x00\x00\x00\x99\x01\x08\x00"), outer...)
}

// overVXLAN is RFC 7348.
func overVXLAN(data []byte) []byte {
	length := string(binary.BigEndian.AppendUint16(nil, uint16(16+len(data))))
	return tunnelled(protoUDP, "\xc0\x00\x12\xb5"+length+"\x00\x00"+"\x08\x00\x00\x00\x00\x00\x09\x00", data)
}

// fromServer reports the direction of a frame that a conversation wrote.
func fromServer(f frame) bool { return f.data[5] == 0x14 }

// oneSide keeps the frames of one direction.
func oneSide(frames []frame, server bool) (out []frame) {
	for _, f := range frames {
		if fromServer(f) == server {
			out = append(out, f)
		}
	}
	return out
}

// readPcap returns the header and the records of a classic capture, each with
// its own header, and whether no two have the same time; nil of anything else.
func readPcap(t *testing.T, path string) (header []byte, records [][]byte, distinct bool) {
	t.Helper()
	b := read(t, path)
	order := map[string]binary.ByteOrder{
		"\xd4\xc3\xb2\xa1": binary.LittleEndian, "\x4d\x3c\xb2\xa1": binary.LittleEndian,
		"\xa1\xb2\xc3\xd4": binary.BigEndian, "\xa1\xb2\x3c\x4d": binary.BigEndian,
	}[string(b[:4])]
	if order == nil {
		return nil, nil, false
	}
	header, b = b[:24], b[24:]
	times := map[string]bool{}
	for len(b) >= 16 {
		n := 16 + int(order.Uint32(b[8:]))
		records = append(records, b[:n])
		times[string(b[:8])] = true
		b = b[n:]
	}
	return header, records, len(times) == len(records)
}
