package capture

import (
	"bytes"
	"encoding/base64"
	"hash/crc32"
	"net/netip"
	"strings"
	"testing"

	"spanaudit/flow"
)

// hosts are the addresses that a message is made with.
type hosts struct {
	v4, w4 []byte
	v6     []byte
	mac    []byte
}

func (h hosts) text4() string { return netip.AddrFrom4([4]byte(h.v4)).String() }
func (h hosts) text6() string { return netip.AddrFrom16([16]byte(h.v6)).String() }

func someHosts() hosts {
	v6 := netip.MustParseAddr("fd00:20::21").As16()
	return hosts{v4: []byte{10, 20, 0, 21}, w4: []byte{192, 168, 7, 99}, v6: v6[:], mac: []byte{2, 0, 0x5e, 0, 0x53, 0x21}}
}

func (h hosts) mappedBy(a *flow.Anonymizer) hosts {
	m := hosts{bytes.Clone(h.v4), bytes.Clone(h.w4), bytes.Clone(h.v6), bytes.Clone(h.mac)}
	a.IPv4(m.v4)
	a.IPv4(m.w4)
	a.IPv6(m.v6)
	a.Hardware(m.mac)
	return m
}

func label(s ...string) (b []byte) {
	for _, l := range s {
		b = append(append(b, byte(len(l))), l...)
	}
	return append(b, 0)
}

func record(name []byte, kind uint16, data []byte) []byte {
	b := be.AppendUint16(bytes.Clone(name), kind)
	b = append(b, 0, 1, 0, 0, 0, 60)
	return append(be.AppendUint16(b, uint16(len(data))), data...)
}

func dnsMessage(question []byte, records ...[]byte) []byte {
	b := []byte{0, 7, 0x81, 0x80, 0, 1, 0, byte(len(records)), 0, 0, 0, 0}
	b = append(append(b, question...), 0, 1, 0, 1)
	return append(b, bytes.Join(records, nil)...)
}

func option4(code byte, value ...[]byte) []byte {
	v := join(value...)
	return append([]byte{code, byte(len(v))}, v...)
}

func option6(code uint16, value ...[]byte) []byte {
	v := join(value...)
	return append(be.AppendUint16(be.AppendUint16(nil, code), uint16(len(v))), v...)
}

func dhcpMessage(h hosts, options ...[]byte) []byte {
	b := make([]byte, 236)
	b[0], b[1], b[2] = 2, 1, 6
	copy(b[16:], h.v4)
	copy(b[20:], h.w4)
	copy(b[28:], h.mac)
	copy(b[44:], "boot at "+h.text4())
	return join(b, []byte{0x63, 0x82, 0x53, 0x63}, join(options...), []byte{255, 0, 0})
}

func stunMessage(attributes ...[]byte) []byte {
	b := []byte{1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	b = append(b, join(attributes...)...)
	be.PutUint16(b[2:], uint16(len(b)-20+8))
	return append(b, option6(0x8028, be.AppendUint32(nil, crc32.ChecksumIEEE(b)^0x5354554e))...)
}

func xored(ip []byte) []byte {
	over := []byte{0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	b := bytes.Clone(ip)
	for i := range b {
		b[i] ^= over[i]
	}
	return b
}

func mapped4(v4 []byte) []byte {
	b := netip.AddrFrom4([4]byte(v4)).As16()
	return b[:]
}

// Each message with mapped addresses is what rewriting makes of the message.
func TestMessagesAreRewritten(t *testing.T) {
	decimal := func(v byte) string { return strings.Split(netip.AddrFrom4([4]byte{v}).String(), ".")[0] }
	for _, c := range []struct {
		name     string
		src, dst uint16
		make     func(h hosts) []byte
	}{
		{"DNS A and AAAA", 53, 5000, func(h hosts) []byte {
			return dnsMessage(label("cam", "example"), record([]byte{0xc0, 12}, 1, h.v4), record([]byte{0xc0, 12}, 28, h.v6), record([]byte{0xc0, 12}, 16, []byte("\x10at "+h.text4())))
		}},
		{"DNS at another port", 9953, 5000, func(h hosts) []byte { return dnsMessage(label("cam"), record([]byte{0xc0, 12}, 1, h.v4)) }},
		{"DNS reverse", 53, 5000, func(h hosts) []byte {
			name := label(decimal(h.v4[3]), decimal(h.v4[2]), decimal(h.v4[1]), decimal(h.v4[0]), "in-addr", "arpa")
			return dnsMessage(name, record([]byte{0xc0, 12}, 12, label("ip-"+strings.ReplaceAll(h.text4(), ".", "-"), "local")))
		}},
		{"DNS reverse, compressed", 53, 5000, func(h hosts) []byte {
			zone := label(decimal(h.v4[2]), decimal(h.v4[1]), decimal(h.v4[0]), "in-addr", "arpa")
			host := append(append([]byte{2}, decimal(h.v4[3])...), 0xc0, 12)
			return dnsMessage(zone, record(host, 12, label("cam", "local")))
		}},
		{"DNS client subnet and owner", 53, 5000, func(h hosts) []byte {
			return dnsMessage(label("a"), record([]byte{0}, 41, join(option6(8, []byte{0, 1, 24, 0}, h.v4[:3]), option6(4, []byte{0, 1}, h.mac, h.mac))))
		}},
		{"DNS hints", 53, 5000, func(h hosts) []byte {
			return dnsMessage(label("a"), record([]byte{0xc0, 12}, 65, join([]byte{0, 1, 0}, option6(1, []byte{2, 'h', '2'}), option6(4, h.v4, h.w4), option6(6, h.v6))))
		}},
		{"NetBIOS", 137, 137, func(h hosts) []byte {
			return dnsMessage(label("CKAAAA"), record([]byte{0xc0, 12}, 32, join([]byte{0, 0}, h.v4)), record([]byte{0xc0, 12}, 33, join([]byte{1}, make([]byte, 18), h.mac)))
		}},
		{"NetBIOS datagram", 138, 138, func(h hosts) []byte { return join([]byte{0x11, 0x0a, 0, 1}, h.v4, []byte{0, 138}) }},
		{"DHCP", 67, 68, func(h hosts) []byte {
			return dhcpMessage(h, option4(53, []byte{5}), option4(1, []byte{255, 255, 255, 0}), option4(3, h.v4), option4(6, h.v4, h.w4), option4(54, h.w4), option4(50, h.v4),
				option4(42, h.w4), option4(61, []byte{1}, h.mac), option4(121, []byte{24}, h.v4[:3], h.w4), option4(12, []byte("cam")), option4(82, option4(2, h.mac), option4(5, h.w4)),
				option4(66, []byte(h.text4())), option4(43, make([]byte, 6)))
		}},
		{"DHCPv6", 547, 546, func(h hosts) []byte {
			return join([]byte{7, 1, 2, 3}, option6(1, []byte{0, 1, 0, 1, 1, 2, 3, 4}, h.mac), option6(2, []byte{0, 3, 0, 1}, h.mac), option6(23, h.v6, h.v6), option6(79, []byte{0, 1}, h.mac))
		}},
		{"DHCPv6 by a relay", 547, 547, func(h hosts) []byte {
			return join([]byte{12, 1}, h.v6, h.v6, option6(9, []byte{1, 1, 2, 3}, option6(2, []byte{0, 3, 0, 1}, h.mac)))
		}},
		{"NTP", 123, 5000, func(h hosts) []byte {
			return join([]byte{0x24, 2, 6, 0xe8}, make([]byte, 8), h.v4, make([]byte, 32))
		}},
		{"NTP of a clock", 123, 5000, func(hosts) []byte {
			return join([]byte{0x24, 1, 6, 0xe8}, make([]byte, 8), []byte("DCF\x00"), make([]byte, 32))
		}},
		{"STUN", 3478, 5000, func(h hosts) []byte {
			return stunMessage(option6(1, []byte{0, 1, 9, 9}, h.v4), option6(0x20, []byte{0, 1, 9, 9}, xored(h.v4)), option6(0x20, []byte{0, 2, 9, 9}, xored(h.v6)))
		}},
		{"STUN that TURN relays", 3478, 5000, func(h hosts) []byte {
			check := stunMessage(option6(0x20, []byte{0, 1, 9, 9}, xored(h.v4)))
			return stunMessage(option6(0x12, []byte{0, 1, 9, 9}, xored(h.w4)), option6(0x13, check))
		}},
		{"STUN in a channel", 3478, 5000, func(h hosts) []byte {
			return option6(0x4001, stunMessage(option6(0x20, []byte{0, 1, 9, 9}, xored(h.v4))))
		}},
		{"NAT-PMP", 5351, 5000, func(h hosts) []byte { return join([]byte{0, 128, 0, 0, 0, 0, 0, 1}, h.v4) }},
		{"PCP", 5000, 5351, func(h hosts) []byte {
			return join([]byte{2, 1, 0, 0, 0, 0, 0, 9}, mapped4(h.v4), make([]byte, 20), mapped4(h.w4))
		}},
		{"PCP of a peer", 5000, 5351, func(h hosts) []byte {
			return join([]byte{2, 2, 0, 0, 0, 0, 0, 9}, h.v6, make([]byte, 20), mapped4(h.w4), make([]byte, 4), mapped4(h.v4), []byte{1, 0, 0, 16}, h.v6)
		}},
		{"SSDP", 1900, 5000, func(h hosts) []byte {
			return []byte("NOTIFY * HTTP/1.1\r\nLOCATION: http://" + h.text4() + ":49152/a.xml\r\nAL: http://[" + h.text6() + "]/\r\n\r\n")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := anonymizer()
			got := c.make(someHosts())
			newRewriter(a).datagram(got, c.src, c.dst, false)
			if want := c.make(someHosts().mappedBy(a)); !bytes.Equal(got, want) {
				t.Errorf("got  %x\nwant %x", got, want)
			}
			for n := range got { // cut anywhere it is no more than its beginning, and no panic
				cut := c.make(someHosts())[:n]
				newRewriter(a).datagram(cut, c.src, c.dst, true)
				if n > 40 && bytes.Contains(cut, someHosts().v6) {
					t.Errorf("cut after %d bytes: %x", n, cut)
				}
			}
		})
	}
}

func TestStreamsAreRewritten(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(h hosts) []byte
	}{
		{"RTSP", func(h hosts) []byte {
			return []byte("SETUP rtsp://" + h.text4() + "/a RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast;destination=" + h.text4() + ";source=" + h.text4() + "\r\n\r\n")
		}},
		{"RTSP in HTTP", func(h hosts) []byte {
			return []byte("POST /a HTTP/1.0\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte("OPTIONS rtsp://"+h.text4()+"/a RTSP/1.0\r\nCSeq: 1\r\n\r\n")))
		}},
		{"a certificate", func(h hosts) []byte {
			names := join([]byte{0x87, 4}, h.v4, []byte{0x82, 3}, []byte("cam"), []byte{0x87, 16}, h.v6)
			return join([]byte{0x16, 3, 3, 0, 99, 0x0b, 0x30, 45, 0x06, 3, 0x55, 0x1d, 0x11, 0x04, byte(len(names) + 2), 0x30, byte(len(names))}, names)
		}},
		{"the header of a proxy", func(h hosts) []byte {
			return join([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"), h.v4, h.w4, []byte{217, 3, 1, 187}, []byte("OPTIONS rtsp://"+h.text4()+"/a RTSP/1.0\r\n"))
		}},
		{"that in text", func(h hosts) []byte { return []byte("PROXY TCP4 " + h.text4() + " " + h.text4() + " 55555 554\r\n") }},
		{"FTP", func(h hosts) []byte { return []byte("PORT " + strings.ReplaceAll(h.text4(), ".", ",") + ",4,1\r\n") }},
	} {
		a := anonymizer()
		got := c.make(someHosts())
		newRewriter(a).stream(got, 5000, 554)
		if want := c.make(someHosts().mappedBy(a)); !bytes.Equal(got, want) {
			t.Errorf("%s: got  %q\nwant %q", c.name, got, want)
		}
	}
	message := dnsMessage(label("cam"), record([]byte{0xc0, 12}, 1, someHosts().v4))
	both := join(be.AppendUint16(nil, uint16(len(message))), message, be.AppendUint16(nil, uint16(len(message))), message)
	newRewriter(anonymizer()).stream(both, 53, 5000)
	if bytes.Contains(both, someHosts().v4) {
		t.Errorf("DNS over TCP: %x", both)
	}
}

// ipv4Packet is a packet with good checksums.
func ipv4Packet(options []byte, protocol byte, src, dst, segment []byte, at int) []byte {
	h := join([]byte{byte(0x45 + len(options)/4), 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0}, src, dst, options)
	be.PutUint16(h[2:], uint16(len(h)+len(segment)))
	be.PutUint16(h[10:], checksum(h))
	switch {
	case at >= 0 && protocol == flow.ICMP:
		be.PutUint16(segment[at:], checksum(segment))
	case at >= 0:
		seal(segment, at, protocol, src, dst)
	}
	return append(h, segment...)
}

// What stands in IP's own headers, and in the packets that others carry, is
// mapped, and every checksum over it holds.
func TestHeadersAndWhatTheyCarryAreRewritten(t *testing.T) {
	datagram := func(src, dst uint16, payload ...[]byte) []byte {
		p := join(payload...)
		return join(be.AppendUint16(be.AppendUint16(nil, src), dst), be.AppendUint16(nil, uint16(8+len(p))), []byte{0, 0}, p)
	}
	inner := func(h hosts) []byte {
		return ipv4Packet(nil, flow.UDP, h.v4, h.w4, datagram(5000, 6000, []byte("from "+h.text4())), 6)
	}
	for _, c := range []struct {
		name string
		make func(h hosts) []byte
	}{
		{"a route recorded", func(h hosts) []byte {
			return ipv4Packet(join([]byte{7, 11, 12}, h.v4, h.w4, []byte{0}), flow.UDP, h.v4, h.w4, datagram(5000, 6000, []byte("x")), 6)
		}},
		{"an error", func(h hosts) []byte {
			return ipv4Packet(nil, flow.ICMP, h.w4, h.v4, join([]byte{3, 3, 0, 0, 0, 0, 0, 0}, inner(h)), 2)
		}},
		{"a redirect", func(h hosts) []byte {
			return ipv4Packet(nil, flow.ICMP, h.w4, h.v4, join([]byte{5, 1, 0, 0}, h.w4, inner(h)), 2)
		}},
		{"IP in IP", func(h hosts) []byte { return ipv4Packet(nil, ipv4InIP, h.w4, h.v4, inner(h), -1) }},
		{"GRE with a checksum", func(h hosts) []byte {
			gre := join([]byte{0x80, 0, 8, 0, 0, 0, 0, 0}, inner(h))
			be.PutUint16(gre[4:], checksum(gre))
			return ipv4Packet(nil, greInIP, h.w4, h.v4, gre, -1)
		}},
		{"VXLAN", func(h hosts) []byte {
			return ipv4Packet(nil, flow.UDP, h.w4, h.v4, datagram(5000, portVXLAN, []byte{8, 0, 0, 0, 0, 0, 1, 0}, h.mac, h.mac, []byte{8, 0}, inner(h)), 6)
		}},
		{"Teredo", func(h hosts) []byte {
			six := join([]byte{0x60, 0, 0, 0, 0, 1, 6 + 11, 64}, h.v6, h.v6, []byte{0})
			six[6] = 59 + 194 // an experiment of which nothing is known (RFC 3692)
			return ipv4Packet(nil, flow.UDP, h.w4, h.v4, datagram(5000, portTeredo, []byte{0, 0, 0, 9}, []byte{^h.v4[0], ^h.v4[1], ^h.v4[2], ^h.v4[3]}, six), 6)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := anonymizer()
			f := frame{data: c.make(someHosts()), link: linkRaw}
			f.length = len(f.data)
			newRewriter(a).frame(&f)
			if want := c.make(someHosts().mappedBy(a)); !bytes.Equal(f.data, want) {
				t.Errorf("got  %x\nwant %x", f.data, want)
			}
		})
	}
}

// Of fragments behind the first only text is left, and where more could be in
// them, nothing.
func TestFragmentsKeepNoAddress(t *testing.T) {
	h := someHosts()
	fragments := func(port uint16) (first, second frame) {
		payload := append([]byte("GET rtsp://"+h.text4()+"/ "), h.v4...)
		one := join([]byte{0x45, 0, 0, 0, 0, 9, 0x20, 0, 64, flow.UDP, 0, 0}, h.v4, h.w4, be.AppendUint16(be.AppendUint16(nil, 5000), port), []byte{0, 200, 0, 1}, make([]byte, 8))
		two := join([]byte{0x45, 0, 0, 0, 0, 9, 0, 2, 64, flow.UDP, 0, 0}, h.v4, h.w4, payload)
		for _, p := range [][]byte{one, two} {
			be.PutUint16(p[2:], uint16(len(p)))
		}
		return frame{data: one, link: linkRaw, length: len(one)}, frame{data: two, link: linkRaw, length: len(two)}
	}
	for port, text := range map[uint16]bool{6000: true, portDNS: false} {
		r := newRewriter(anonymizer())
		first, second := fragments(port)
		r.frame(&first)
		r.frame(&second)
		if got := bytes.Contains(second.data, []byte("GET rtsp://10.")); got != text || bytes.Contains(second.data, []byte(h.text4())) {
			t.Errorf("port %d: %q", port, second.data)
		}
		_, alone := fragments(port)
		if r := newRewriter(anonymizer()); true {
			r.frame(&alone)
		}
		if len(bytes.Trim(alone.data[20:], "\x00")) != 0 {
			t.Errorf("a fragment whose first is not there: %q", alone.data[20:])
		}
	}
}
