package capture

import (
	"fmt"
	"testing"

	"spanaudit/flow"
)

func TestLinkTypes(t *testing.T) {
	v4 := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
	v6 := ip6(flow.UDP, udp(client6, server6, "hello"))
	sll := func(protocol uint16, payload []byte) []byte {
		return join([]byte{0, 4, 0, 1, 0, 6}, clientMAC[:], []byte{0, 0}, be.AppendUint16(nil, protocol), payload)
	}
	sll2 := func(protocol uint16, payload []byte) []byte {
		return join(be.AppendUint16(nil, protocol), []byte{0, 0, 0, 0, 0, 2, 0, 1, 0, 6}, clientMAC[:], []byte{0, 0}, payload)
	}
	tag := func(etherType, id, next uint16) []byte {
		return join(be.AppendUint16(nil, etherType), be.AppendUint16(nil, 0xe000|id), be.AppendUint16(nil, next))[2:]
	}
	for _, c := range []struct {
		name string
		link uint16
		data []byte
		want string // reason if it is not decoded
		mac  bool
		vlan [2]uint16
	}{
		{name: "ethernet, ipv4", link: 1, data: ether(etherIPv4, v4), mac: true},
		{name: "ethernet, ipv6", link: 1, data: ether(etherIPv6, v6), mac: true},
		{name: "ethernet with padding", link: 1, data: append(ether(etherIPv4, v4), make([]byte, 20)...), mac: true},
		{name: "ethernet, snap", link: 1, data: ether(50, append([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, v4...)), mac: true},
		{name: "802.1q", link: 1, data: ether(etherVLAN, append(tag(0, 7, etherIPv4), v4...)), mac: true, vlan: [2]uint16{7}},
		{name: "802.1ad", link: 1, data: ether(etherQinQ, join(tag(0, 7, etherVLAN), tag(0, 8, etherIPv6), v6)), mac: true, vlan: [2]uint16{7, 8}},
		{name: "three tags", link: 1, data: ether(etherQinQ1, join(tag(0, 7, etherVLAN), tag(0, 8, etherVLAN), tag(0, 9, etherIPv4), v4)), mac: true, vlan: [2]uint16{7, 8}},
		{name: "nine tags", link: 1, data: ether(etherVLAN, join(join(repeat(9, tag(0, 7, etherVLAN))...), v4)), want: "ethertype 0x8100"},
		{name: "tag cut off", link: 1, data: ether(etherVLAN, []byte{0, 1}), want: "malformed link header"},
		{name: "lldp", link: 1, data: ether(0x88cc, v4), want: "ethertype 0x88cc"},
		{name: "spanning tree", link: 1, data: ether(38, []byte{0x42, 0x42, 3, 0}), want: "llc sap 0x42"},
		{name: "runt", link: 1, data: make([]byte, 13), want: "malformed link header"},
		{name: "pppoe", link: 1, data: ether(etherPPPoE, append([]byte{0x11, 0, 0, 1, 0, 99, 0, 0x21}, v4...)), mac: true},
		{name: "pppoe, ipv6", link: 1, data: ether(etherPPPoE, append([]byte{0x11, 0, 0, 1, 0, 99, 0, 0x57}, v6...)), mac: true},
		{name: "pppoe, lcp", link: 1, data: ether(etherPPPoE, []byte{0x11, 0, 0, 1, 0, 4, 0xc0, 0x21, 9, 0, 0, 0}), want: "ppp protocol 0xc021"},
		{name: "pppoe discovery", link: 1, data: ether(0x8863, []byte{0x11, 9, 0, 0, 0, 0}), want: "ethertype 0x8863"},
		{name: "mpls, two labels", link: 1, data: ether(etherMPLS, join([]byte{0, 1, 0, 64, 0, 2, 1, 64}, v4)), mac: true},
		{name: "mpls multicast", link: 1, data: ether(etherMPLSMulticast, join([]byte{0, 1, 1, 64}, v6)), mac: true},
		{name: "mpls, pseudowire with control word", link: 1, data: ether(etherMPLS, join([]byte{0, 1, 1, 64, 0, 0, 0, 9}, ether(etherIPv4, v4))), mac: true},
		{name: "mpls, pseudowire without", link: 1, data: ether(etherMPLS, join([]byte{0, 1, 1, 64}, ether(etherVLAN, join(tag(0, 7, etherIPv6), v6)))), mac: true, vlan: [2]uint16{7}},
		{name: "mpls, pseudowire, address like ipv4", link: 1, data: ether(etherMPLS, join([]byte{0, 1, 1, 64, 0x45, 0, 0xff, 0xff, 0, 0}, clientMAC[:], []byte{8, 0}, v4)), mac: true},
		{name: "mpls, pseudowire, address like ipv6", link: 1, data: ether(etherMPLS, join([]byte{0, 1, 1, 64, 0x60, 0, 0, 0, 0xff, 0xff}, clientMAC[:], []byte{8, 0}, v4)), mac: true},
		{name: "mpls, associated channel", link: 1, data: ether(etherMPLS, join([]byte{0, 1, 1, 64, 0x10, 0, 0, 0x21}, v4)), want: "ethertype 0x8847"},
		{name: "mpls without bottom", link: 1, data: ether(etherMPLS, make([]byte, 100)), want: "ethertype 0x8847"},
		{name: "mpls, cut off", link: 1, data: ether(etherMPLS, []byte{0, 1, 1, 64}), want: "malformed link header"},
		{name: "raw ipv4", link: 101, data: v4},
		{name: "raw ipv6", link: 101, data: v6},
		{name: "raw 12", link: 12, data: v4},
		{name: "raw 14", link: 14, data: v6},
		{name: "ipv4", link: 228, data: v4},
		{name: "ipv6", link: 229, data: v6},
		{name: "raw, neither", link: 101, data: []byte{0x70}, want: "ip version 7"},
		{name: "raw, empty", link: 101, want: "ip version 0"},
		{name: "sll, ipv4", link: 113, data: sll(etherIPv4, v4), mac: true},
		{name: "sll, 802.1q", link: 113, data: sll(etherVLAN, append(tag(0, 7, etherIPv6), v6...)), mac: true, vlan: [2]uint16{7}},
		{name: "sll, short", link: 113, data: make([]byte, 15), want: "malformed link header"},
		{name: "sll2, ipv6", link: 276, data: sll2(etherIPv6, v6), mac: true},
		{name: "sll2, short", link: 276, data: make([]byte, 19), want: "malformed link header"},
		{name: "null, little-endian", link: 0, data: append([]byte{2, 0, 0, 0}, v4...)},
		{name: "null, big-endian", link: 0, data: append([]byte{0, 0, 0, 2}, v4...)},
		{name: "null, macos ipv6", link: 0, data: append([]byte{30, 0, 0, 0}, v6...)},
		{name: "null, freebsd ipv6", link: 0, data: append([]byte{0, 0, 0, 28}, v6...)},
		{name: "loop, openbsd ipv6", link: 108, data: append([]byte{0, 0, 0, 24}, v6...)},
		{name: "null, appletalk", link: 0, data: append([]byte{16, 0, 0, 0}, v4...), want: "malformed link header"},
		{name: "ppp", link: 9, data: append([]byte{0, 0x21}, v4...)},
		{name: "ppp, address and control", link: 9, data: append([]byte{0xff, 3, 0, 0x57}, v6...)},
		{name: "ppp, one byte of protocol", link: 9, data: append([]byte{0x21}, v4...)},
		{name: "ppp, mpls", link: 9, data: append([]byte{0x02, 0x81, 0, 1, 1, 64}, v4...)},
		{name: "ppp, ipcp", link: 9, data: []byte{0x80, 0x21, 1, 1, 0, 4}, want: "ppp protocol 0x8021"},
		{name: "ppp, short", link: 9, data: []byte{0xff, 3, 0}, want: "malformed link header"},
		{name: "ppp serial", link: 50, data: append([]byte{0xff, 3, 0, 0x21}, v4...)},
		{name: "ppp serial, cisco", link: 50, data: append([]byte{0x0f, 0, 8, 0}, v4...)},
		{name: "ppp with direction", link: 204, data: append([]byte{1, 0xff, 3, 0, 0x21}, v4...)},
		{name: "ppp over ethernet", link: 51, data: append([]byte{0x11, 0, 0, 1, 0, 99, 0, 0x21}, v4...)},
		{name: "cisco hdlc", link: 104, data: append([]byte{0x8f, 0, 0x86, 0xdd}, v6...)},
		{name: "pktap", link: 258, data: join([]byte{16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, ether(etherIPv4, v4)), mac: true},
		{name: "pktap as user2, raw", link: 149, data: join([]byte{12, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0}, v6)},
		{name: "pktap without frame", link: 258, data: []byte{12, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0}, want: "link type 258 (unknown)"},
		{name: "pktap longer than its frame", link: 258, data: join([]byte{255, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, v4), want: "malformed link header"},
		{name: "user2 of somebody else's", link: 149, data: v4, want: "link type 149 (UnknownLinkType)"},
		{name: "nflog", link: 239, data: join([]byte{2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 3, 0, 5, 0, 10, 0, 0, 0, 0, 0, byte(4 + len(v4)), 0, 9, 0}, v4)},
		{name: "nflog, big-endian, ipv6", link: 239, data: join([]byte{10, 0, 0, 5, 0, 8, 0, 1, 8, 0, 3, 0, 0, byte(4 + len(v6)), 0, 9}, v6)},
		{name: "nflog, bridge", link: 239, data: []byte{7, 0, 0, 5, 8, 0, 9, 0, 0, 0, 0, 0}, want: "nflog family 7"},
		{name: "nflog without packet", link: 239, data: []byte{2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 3, 0}, want: "malformed link header"},
		{name: "nflog, attribute of length 0", link: 239, data: []byte{2, 0, 0, 5, 0, 0, 9, 0, 8, 0, 3, 0}, want: "malformed link header"},
		{name: "arcnet, rfc 1051", link: 7, data: append([]byte{1, 2, 240}, v4...)},
		{name: "arcnet of linux, rfc 1051", link: 129, data: append([]byte{1, 2, 0, 0, 240}, v4...)},
		{name: "arcnet of linux, rfc 1201", link: 129, data: append([]byte{1, 2, 0, 0, 212, 0, 0, 1}, v4...)},
		{name: "arcnet, split", link: 7, data: append([]byte{1, 2, 212, 1, 0, 1}, v4...), want: "arcnet system code 212"},
		{name: "arcnet, short", link: 7, data: []byte{1, 2}, want: "malformed link header"},
		{name: "beyond gopacket's", link: 65535, data: v4, want: "link type 65535 (unknown)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, st := decodeOne(c.link, c.data, len(c.data))
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
			if string(p.Payload) != "hello" || p.Checksum.Bad() || p.Missing != 0 || p.Src.Port() != 4000 || p.Dst.Port() != 53 {
				t.Errorf("got %+v", p)
			}
			if c.mac != (p.SrcMAC == clientMAC) || [2]uint16{p.VLAN, p.InnerVLAN} != c.vlan {
				t.Errorf("mac %v, vlan %d, %d", p.SrcMAC, p.VLAN, p.InnerVLAN)
			}
		})
	}
}

func TestReasonsAreBounded(t *testing.T) {
	var d decoder
	var b Batch
	d.init()
	for i := range 2000 {
		data := ether(uint16(0x9300+i), nil)
		d.decode(&frame{data: data, length: len(data), link: 1}, &b)
	}
	if u := d.undecoded(); len(u) != maxReasons || u["other"] != 2000-maxReasons+1 {
		t.Errorf("%d reasons, other %d", len(u), u["other"])
	}
}

func TestARP(t *testing.T) {
	body := func(op byte, ip []byte) []byte {
		return join([]byte{0, 1, 8, 0, 6, 4, 0, op}, clientMAC[:], ip, make([]byte, 6), server4)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"request", body(1, client4), "10.0.0.1"},
		{"reply", body(2, client4), "10.0.0.1"},
		{"probe", body(1, make([]byte, 4)), ""},
		{"short", body(1, client4)[:17], "malformed arp"},
		{"infiniband", join([]byte{0, 32, 8, 0, 20, 4, 0, 1}, make([]byte, 48)), "malformed arp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := ether(etherVLAN, join([]byte{0, 5, 8, 6}, c.data))
			b, st := decodeOne(1, data, len(data))
			switch {
			case len(b.Packets) != 0:
				t.Errorf("packets %+v", b.Packets)
			case len(st.Undecoded) > 0 || c.want == "malformed arp":
				if st.Undecoded[c.want] != 1 {
					t.Errorf("undecoded %v", st.Undecoded)
				}
			case c.want == "" && len(b.ARPs) == 0:
			case len(b.ARPs) != 1 || b.ARPs[0].IP.String() != c.want || b.ARPs[0].MAC != clientMAC || b.ARPs[0].VLAN != 5 || b.ARPs[0].Frame.Number != 1:
				t.Errorf("claims %+v", b.ARPs)
			}
		})
	}
}

func TestNeighbourDiscovery(t *testing.T) {
	message := func(kind byte, option byte) []byte {
		m := join([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, server6, []byte{14, 1, 0, 0, 0, 0, 0, 0}, []byte{option, 1}, clientMAC[:])
		p := ip6(flow.ICMPv6, seal(m, 2, flow.ICMPv6, client6, server6))
		p[7] = 255
		return p
	}
	routed := message(136, 2)
	routed[7] = 254
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"advertisement", message(136, 2), "[2001:db8::7]"},
		{"solicitation", message(135, 1), "[fd00::1]"},
		{"advertisement with a source address", message(136, 1), "[]"},
		{"through a router", routed, "[]"},
		{"echo", message(128, 1), "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := decodeOne(linkRaw, c.data, len(c.data))
			if len(b.Packets) != 1 || b.Packets[0].Protocol != flow.ICMPv6 {
				t.Fatalf("packets %+v", b.Packets)
			}
			ips := []string{}
			for _, a := range b.ARPs {
				ips = append(ips, a.IP.String())
			}
			if got := fmt.Sprint(ips); got != c.want {
				t.Errorf("claims %s, wanted %s", got, c.want)
			}
		})
	}
}
