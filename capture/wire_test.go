package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"spanaudit/flow"
)

// What the tests put on the wire.

var (
	be = binary.BigEndian
	le = binary.LittleEndian

	client4, server4 = []byte{10, 0, 0, 1}, []byte{192, 0, 2, 7}
	client6          = []byte{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	server6          = []byte{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}
	clientMAC        = flow.MAC{2, 0, 0, 0, 0, 1}
	serverMAC        = flow.MAC{2, 0, 0, 0, 0, 7}
)

type endian interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// checksum is RFC 1071 as its section 4.1 has it, two bytes at a time.
func checksum(parts ...[]byte) uint16 {
	var acc uint32
	b := join(parts...)
	for ; len(b) > 1; b = b[2:] {
		acc += uint32(be.Uint16(b))
	}
	if len(b) == 1 {
		acc += uint32(b[0]) << 8
	}
	for acc>>16 != 0 {
		acc = acc>>16 + acc&0xffff
	}
	return ^uint16(acc)
}

// seal puts the checksum of a segment from src to dst at offset at.
func seal(segment []byte, at int, protocol byte, src, dst []byte) []byte {
	be.PutUint16(segment[at:], 0)
	be.PutUint16(segment[at:], checksum(src, dst, []byte{0, protocol}, be.AppendUint16(nil, uint16(len(segment))), segment))
	return segment
}

func udp(src, dst []byte, payload string) []byte {
	s := be.AppendUint16(be.AppendUint16(nil, 4000), 53)
	s = append(be.AppendUint16(s, uint16(8+len(payload))), 0, 0)
	return seal(append(s, payload...), 6, flow.UDP, src, dst)
}

func tcpSegment(src, dst []byte, options, payload string) []byte {
	s := be.AppendUint16(be.AppendUint16(nil, 40000), 443)
	s = be.AppendUint32(be.AppendUint32(s, 0x01020304), 0x05060708)
	s = append(s, byte(5+len(options)/4)<<4, 0xc0|flow.PSH|flow.ACK, 0xff, 0xff, 0, 0, 0, 0)
	return seal(join(s, []byte(options), []byte(payload)), 16, flow.TCP, src, dst)
}

// ip4 is an IPv4 packet; word is flags and fragment offset.
func ip4(protocol byte, word uint16, payload []byte, options ...byte) []byte {
	h := []byte{0x45 + byte(len(options)/4), 0}
	h = be.AppendUint16(h, uint16(20+len(options)+len(payload)))
	h = be.AppendUint16(be.AppendUint16(h, 0x4242), word)
	h = join(h, []byte{64, protocol, 0, 0}, client4, server4, options)
	be.PutUint16(h[10:], checksum(h))
	return append(h, payload...)
}

func ip6(next byte, payload []byte) []byte {
	h := be.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(len(payload)))
	return join(h, []byte{next, 64}, client6, server6, payload)
}

func ether(etherType uint16, payload []byte) []byte {
	return join(serverMAC[:], clientMAC[:], be.AppendUint16(nil, etherType), payload)
}

// pcapFile is a classic capture whose frames have the times given, in
// microseconds since the epoch.
func pcapFile(link uint32, times []int64, frames ...[]byte) []byte {
	b := pcapHeader(le, magicMicro, link)
	for i, f := range frames {
		b = pcapRecord(b, le, uint32(times[i]/1e6), uint32(times[i]%1e6), f, len(f))
	}
	return b
}

func pcapHeader(o endian, magic, link uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(o.AppendUint16(b, 2), 4)
	b = o.AppendUint32(o.AppendUint32(b, 0), 0)
	return o.AppendUint32(o.AppendUint32(b, 262144), link)
}

func pcapRecord(b []byte, o endian, sec, frac uint32, data []byte, length int) []byte {
	b = o.AppendUint32(o.AppendUint32(b, sec), frac)
	b = o.AppendUint32(o.AppendUint32(b, uint32(len(data))), uint32(length))
	return append(b, data...)
}

// ticks returns n times, a millisecond apart.
func ticks(n int) []int64 {
	t := make([]int64, n)
	for i := range t {
		t[i] = 1_700_000_000_000_000 + int64(i)*1000
	}
	return t
}

func repeat(n int, f []byte) [][]byte { return slices.Repeat([][]byte{f}, n) }

// result is all that a source gave.
type result struct {
	packets []flow.Packet
	arps    []flow.ARP
	inputs  []Input
	stats   Stats
}

func drain(t testing.TB, s *Source) result {
	t.Helper()
	defer s.Close()
	var r result
	var b Batch
	for {
		err := s.Read(&b)
		if err == io.EOF {
			break
		} else if err == ErrDisorder {
			s.Rewind()
			r = result{}
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Packets {
			p.Payload, p.Checksum.Segment = bytes.Clone(p.Payload), bytes.Clone(p.Checksum.Segment)
			r.packets = append(r.packets, p)
		}
		r.arps = append(r.arps, b.ARPs...)
	}
	r.inputs, r.stats = s.Inputs(), s.Stats()
	total := r.stats.Filtered + r.stats.Decoded
	for _, n := range r.stats.Undecoded {
		total += n
	}
	if total != r.stats.Frames {
		t.Errorf("filtered, decoded and undecoded are %d frames of %d", total, r.stats.Frames)
	}
	return r
}

// readBytes reads one capture from standard input.
func readBytes(t testing.TB, capture []byte) result {
	t.Helper()
	s, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(capture)})
	if err != nil {
		t.Fatal(err)
	}
	return drain(t, s)
}

// readFiles stores each capture in a file of its own and reads them in order.
func readFiles(t testing.TB, captures ...[]byte) result {
	t.Helper()
	return readPaths(t, Options{}, store(t, captures...)...)
}

func readPaths(t testing.TB, opt Options, paths ...string) result {
	t.Helper()
	s, err := Open(paths, opt)
	if err != nil {
		t.Fatal(err)
	}
	return drain(t, s)
}

func store(t testing.TB, captures ...[]byte) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for i, c := range captures {
		path := filepath.Join(dir, string(rune('a'+i))+".pcap")
		if err := os.WriteFile(path, c, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// decodeOne decodes a frame of its own.
func decodeOne(link uint16, data []byte, length int) (Batch, Stats) {
	var d decoder
	var b Batch
	d.init()
	d.decode(&frame{data: data, length: length, link: link, number: 1, time: 1}, &b)
	st := d.stats
	st.Undecoded = d.undecoded()
	return b, st
}
