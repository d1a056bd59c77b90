package capture

import (
	"net/netip"
	"testing"

	"spanaudit/flow"
)

func TestIP(t *testing.T) {
	u4, u6 := udp(client4, server4, "hello"), udp(client6, server6, "hello")
	ext := func(next byte, body ...byte) []byte { return append([]byte{next, byte((len(body)+2)/8 - 1)}, body...) }
	six := make([]byte, 6)
	unsized := ip4(flow.UDP, 0, u4)
	be.PutUint16(unsized[2:], 0)
	be.PutUint16(unsized[10:], 0)
	be.PutUint16(unsized[10:], checksum(unsized[:20]))
	jumbo := ip6(flow.UDP, u6)
	be.PutUint16(jumbo[4:], 0)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"ipv4", ip4(flow.UDP, 0, u4), ""},
		{"ipv4 with options", ip4(flow.UDP, 0, u4, 7, 3, 0, 0, 1, 1, 1, 1), ""},
		{"ipv4, don't fragment", ip4(flow.UDP, 0x4000, u4), ""},
		{"ipv4 of length 0", unsized, ""},
		{"ipv4, authentication header", ip4(auth, 0, join([]byte{flow.UDP, 4, 0, 0}, make([]byte, 20), u4)), ""},
		{"ipv6", ip6(flow.UDP, u6), ""},
		{"ipv6 of length 0", jumbo, ""},
		{"hop-by-hop", ip6(hopByHop, join(ext(flow.UDP, six...), u6)), ""},
		{"all of them", ip6(hopByHop, join(ext(destination, six...), ext(routing, six...), ext(auth, make([]byte, 14)...), []byte{fragment, 2, 0, 0}, make([]byte, 12), ext(flow.UDP, 0, 0, 0, 0, 0, 1), u6)), ""},
		{"routed onward", ip6(routing, join([]byte{flow.UDP, 0, 0, 1, 0, 0, 0, 0}, udp(client6, client6, "hello"))), ""},
		{"atomic fragment", ip6(fragment, join([]byte{flow.UDP, 0, 0, 0, 0, 0, 0, 9}, u6)), ""},
		{"extension longer than the packet", ip6(hopByHop, join([]byte{flow.UDP, 200}, six, u6)), "malformed ipv6 extension header"},
		{"extensions without end", ip6(hopByHop, join(repeat(60, ext(hopByHop, six...))...)), "malformed ipv6 extension header"},
		{"ipv4 header length of 16", append([]byte{0x44}, ip4(flow.UDP, 0, u4)[1:]...), "malformed ipv4"},
		{"ipv4 total length below its header", func() []byte { p := ip4(flow.UDP, 0, u4); be.PutUint16(p[2:], 19); return p }(), "malformed ipv4"},
		{"ipv4 cut by the sender", ip4(flow.UDP, 0, u4)[:19], "malformed ipv4"},
		{"ipv6 cut by the sender", ip6(flow.UDP, u6)[:39], "malformed ipv6"},
		{"udp of length 7", ip4(flow.UDP, 0, []byte{1, 1, 1, 1, 0, 7, 0, 0}), "malformed UDP"},
		{"udp of 7 bytes", ip4(flow.UDP, 0, make([]byte, 7)), "malformed UDP"},
		{"tcp with a header of 16", ip4(flow.TCP, 0, func() []byte { s := tcpSegment(client4, server4, "", ""); s[12] = 0x40; return s }()), "malformed TCP"},
		{"tcp with options beyond the packet", ip4(flow.TCP, 0, func() []byte { s := tcpSegment(client4, server4, "", ""); s[12] = 0x60; return s }()), "malformed TCP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, st := decodeOne(linkRaw, c.data, len(c.data))
			if c.want != "" {
				if len(b.Packets) != 0 || st.Undecoded[c.want] != 1 {
					t.Errorf("undecoded %v, wanted %q", st.Undecoded, c.want)
				}
				return
			}
			if len(b.Packets) != 1 {
				t.Fatalf("undecoded %v", st.Undecoded)
			}
			p := b.Packets[0]
			if p.Protocol != flow.UDP || string(p.Payload) != "hello" || p.Checksum.Bad() || p.Missing != 0 || p.Length != len(c.data) || p.TTL != 64 || p.Src.Port() != 4000 {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestTransport(t *testing.T) {
	port := func(addr []byte, p uint16) netip.AddrPort {
		a, _ := netip.AddrFromSlice(addr)
		return netip.AddrPortFrom(a, p)
	}
	echo := []byte{8, 0, 0, 0, 0, 1, 0, 2, 'h', 'i'}
	be.PutUint16(echo[2:], checksum(echo))
	for _, c := range []struct {
		name     string
		protocol uint8
		segment  []byte
		src, dst uint16
		payload  string
	}{
		{"tcp", flow.TCP, tcpSegment(client4, server4, "", "hi"), 40000, 443, "hi"},
		{"tcp with options", flow.TCP, tcpSegment(client4, server4, "\x02\x04\x05\xb4\x01\x01\x01\x00", "hi"), 40000, 443, "hi"},
		{"udp", flow.UDP, udp(client4, server4, "hi"), 4000, 53, "hi"},
		{"udp shorter than ip says", flow.UDP, append(udp(client4, server4, "hi"), "trailer"...), 4000, 53, "hi"},
		{"udp without a checksum", flow.UDP, []byte{15, 160, 0, 53, 0, 10, 0, 0, 'h', 'i'}, 4000, 53, "hi"},
		{"udp of length 0", flow.UDP, []byte{15, 160, 0, 53, 0, 0, 0, 0, 'h', 'i'}, 4000, 53, "hi"},
		{"icmp", flow.ICMP, echo, 8, 0, "hi"},
		{"sctp", flow.SCTP, join([]byte{1, 0, 2, 0}, make([]byte, 8), []byte("hi")), 256, 512, "hi"},
		{"gre", 47, []byte("hi"), 0, 0, "hi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := ip4(c.protocol, 0, c.segment)
			b, st := decodeOne(linkRaw, data, len(data))
			if len(b.Packets) != 1 {
				t.Fatalf("undecoded %v", st.Undecoded)
			}
			p := b.Packets[0]
			if p.Protocol != c.protocol || p.Src != port(client4, c.src) || p.Dst != port(server4, c.dst) || string(p.Payload) != c.payload || p.Checksum.Bad() {
				t.Errorf("got %+v", p)
			}
			if c.protocol == flow.TCP && (p.Flags != flow.PSH|flow.ACK || p.Seq != 0x01020304 || p.Ack != 0x05060708) {
				t.Errorf("flags %#x, sequence %#x, acknowledgement %#x", p.Flags, p.Seq, p.Ack)
			}
		})
	}
}

// TestBadChecksums damages one bit at a time of everything that a checksum
// covers; the packet is delivered all the same.
func TestBadChecksums(t *testing.T) {
	echo := []byte{8, 0, 0, 0, 0, 1, 0, 2, 'h', 'i', '!'}
	be.PutUint16(echo[2:], checksum(echo))
	for name, data := range map[string][]byte{
		"tcp":    ip4(flow.TCP, 0, tcpSegment(client4, server4, "", "an odd number of bytes, or so")),
		"udp":    ip4(flow.UDP, 0, udp(client4, server4, "even")),
		"udp v6": ip6(flow.UDP, udp(client6, server6, "odd")),
		"icmp":   ip4(flow.ICMP, 0, echo),
		"icmpv6": ip6(flow.ICMPv6, seal([]byte{128, 0, 0, 0, 1, 2, 3}, 2, flow.ICMPv6, client6, server6)),
	} {
		t.Run(name, func(t *testing.T) {
			b, st := decodeOne(linkRaw, data, len(data))
			if len(b.Packets) != 1 || b.Packets[0].Checksum.Bad() {
				t.Fatalf("whole: %+v %v", b.Packets, st.Undecoded)
			}
			for _, at := range []int{len(data) - 1, len(data) - 2} {
				damaged := append([]byte(nil), data...)
				damaged[at] ^= 4
				if b, _ := decodeOne(linkRaw, damaged, len(data)); len(b.Packets) != 1 || !b.Packets[0].Checksum.Bad() {
					t.Errorf("byte %d: %+v", at, b.Packets)
				}
			}
		})
	}
	damaged := ip4(flow.TCP, 0, tcpSegment(client4, server4, "", ""))
	damaged[8]++
	if b, _ := decodeOne(linkRaw, damaged, len(damaged)); len(b.Packets) != 1 || !b.Packets[0].Checksum.Bad() {
		t.Errorf("ipv4 header: %+v", b.Packets)
	}
}

// TestSnaplen cuts a packet at every byte: what is missing of the payload is
// said, and a cut header is no packet.
func TestSnaplen(t *testing.T) {
	for name, c := range map[string]struct {
		data    []byte
		headers int
	}{
		"tcp":        {ether(etherIPv4, ip4(flow.TCP, 0, tcpSegment(client4, server4, "\x01\x01\x01\x01", "hello, world"))), 14 + 20 + 24},
		"udp":        {ether(etherVLAN, join([]byte{0, 1, 0x86, 0xdd}, ip6(flow.UDP, udp(client6, server6, "hello, world")))), 14 + 4 + 40 + 8},
		"extensions": {ether(etherIPv6, ip6(hopByHop, join([]byte{flow.UDP, 0, 0, 0, 0, 0, 0, 0}, udp(client6, server6, "hello, world")))), 14 + 40 + 8 + 8},
		"arp":        {ether(etherARP, join([]byte{0, 1, 8, 0, 6, 4, 0, 1}, clientMAC[:], client4)), 32},
	} {
		t.Run(name, func(t *testing.T) {
			for n := range len(c.data) {
				b, st := decodeOne(linkEthernet, c.data[:n], len(c.data))
				if n < c.headers {
					if len(b.Packets)+len(b.ARPs) != 0 || st.Undecoded["cut by snaplen"] != 1 {
						t.Fatalf("%d bytes: %+v, undecoded %v", n, b, st.Undecoded)
					}
					continue
				}
				if len(b.Packets) != 1 {
					t.Fatalf("%d bytes: undecoded %v", n, st.Undecoded)
				}
				p := b.Packets[0]
				if p.Missing != len(c.data)-n || string(p.Payload) != "hello, world"[:12-p.Missing] || p.Checksum.Bad() {
					t.Fatalf("%d bytes: %+v", n, p)
				}
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint16(1), ether(etherIPv4, ip4(flow.TCP, 0, tcpSegment(client4, server4, "\x01\x01\x01\x01", "hi"))), 0)
	f.Add(uint16(1), ether(etherIPv6, ip6(fragment, join([]byte{flow.UDP, 0, 0, 1, 0, 0, 0, 9}, udp(client6, server6, "12345678")))), 3)
	f.Add(uint16(113), make([]byte, 40), 0)
	f.Add(uint16(276), make([]byte, 40), 9)
	f.Add(uint16(0), append([]byte{2, 0, 0, 0}, ip4(1, 0, make([]byte, 8))...), 0)
	for _, c := range tunnelCases() {
		f.Add(uint16(linkRaw), c.data, 0)
	}
	f.Add(uint16(linkRadiotap), join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0}, amsdu(subframe(snap(etherIPv4, ip4(1, 0, make([]byte, 8)))))), 0)
	f.Add(uint16(linkPKTAP), append([]byte{12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, ether(etherMPLS, make([]byte, 40))...), 0)
	f.Add(uint16(linkNFLOG), append([]byte{2, 0, 0, 0, 60, 0, 9, 0}, ip4(1, 0, make([]byte, 8))...), 0)
	f.Fuzz(func(t *testing.T, link uint16, data []byte, missing int) {
		var d decoder
		var b Batch
		d.init()
		length := len(data) + max(missing, 0)%70000
		for i := range 3 {
			d.decode(&frame{data: data, length: length, link: link, time: flow.Time(i)}, &b)
		}
		if u := d.undecoded(); u["decoder failure"] != 0 {
			t.Fatal("the decoder panics")
		}
		for _, p := range b.Packets {
			if p.Missing < 0 || p.Length < 0 || len(p.Payload) > p.Length {
				t.Fatalf("%+v", p)
			}
		}
	})
}
