package capture

import (
	"strings"
	"testing"

	"spanaudit/flow"
)

func udpTo(port uint16, payload ...[]byte) []byte {
	s := udp(client4, server4, string(join(payload...)))
	be.PutUint16(s[2:], port)
	return seal(s, 6, flow.UDP, client4, server4)
}

// overUDP is a datagram to port in IPv4.
func overUDP(port uint16, payload ...[]byte) []byte { return ip4(flow.UDP, 0, udpTo(port, payload...)) }

// overGRE is GRE in IPv4: a header of flags and protocol and what follows.
func overGRE(flags, protocol uint16, rest ...[]byte) []byte {
	return ip4(greInIP, 0, join(be.AppendUint16(be.AppendUint16(nil, flags), protocol), join(rest...)))
}

func gtp(flags byte, rest ...[]byte) []byte {
	data := join(rest...)
	return join([]byte{flags, 255}, be.AppendUint16(nil, uint16(len(data))), []byte{0, 0, 0, 9}, data)
}

type tunnelCase struct {
	name   string
	data   []byte // an IP packet
	tunnel string
	mac    bool // the tunnel carries frames
	vlan   uint16
}

// tunnelCases are packets that carry a datagram that says "hello".
func tunnelCases() []tunnelCase {
	v4 := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
	v6 := ip6(flow.UDP, udp(client6, server6, "hello"))
	frame := ether(etherIPv4, v4)
	tagged := ether(etherVLAN, join([]byte{0, 7, 8, 0}, v4))
	word := []byte{0, 0, 0, 9}
	vni := []byte{8, 0, 0, 0, 0, 0, 9, 0}
	erspan2 := []byte{0x10, 5, 0, 1, 0, 0, 0, 2}
	erspan3 := []byte{0x20, 5, 0, 1, 1, 2, 3, 4, 0, 0, 0, 0}
	erspan3with := func(flags uint16) []byte { return be.AppendUint16(erspan3[:10:10], flags) }
	gpe := func(next byte) []byte { return []byte{0x0c, 0, 0, next, 0, 0, 9, 0} }
	geneve := func(first byte, protocol uint16, options ...byte) []byte {
		return join([]byte{first, 0}, be.AppendUint16(nil, protocol), []byte{0, 0, 9, 0}, options)
	}
	label := []byte{0, 1, 1, 64}
	return []tunnelCase{
		{"gre", overGRE(0, etherIPv4, v4), "gre", false, 0},
		{"gre, ipv6", overGRE(0, etherIPv6, v6), "gre", false, 0},
		{"gre over ipv6", ip6(greInIP, join([]byte{0, 0, 8, 0}, v4)), "gre", false, 0},
		{"gre, key", overGRE(0x2000, etherIPv4, word, v4), "gre", false, 0},
		{"gre, checksum, key and sequence", overGRE(0xb000, etherIPv4, word, word, word, v4), "gre", false, 0},
		{"gre, transparent ethernet", overGRE(0, etherTransparent, frame), "gre", true, 0},
		{"nvgre, tagged", overGRE(0x2000, etherTransparent, word, tagged), "gre", true, 7},
		{"gre, mpls", overGRE(0, etherMPLS, label, v4), "gre/mpls", false, 0},
		{"gre, aruba", overGRE(0, 0x8240, wlanFrame(0x08, wlanFromDS, snap(etherIPv4, v4))), "gre", true, 0},
		{"gre, aruba, a-msdu", overGRE(0, 0x8240, wlanFrame(0x88, wlanFromDS, []byte{0x80, 0}, subframe(snap(etherIPv4, v4)))), "gre", true, 0},
		{"pptp", overGRE(0x3001, etherPPP, word, word, []byte{0xff, 3, 0, 0x21}, v4), "gre", false, 0},
		{"pptp, acknowledging", overGRE(0x3081, etherPPP, word, word, word, []byte{0x21}, v4), "gre", false, 0},
		{"erspan i", overGRE(0, etherERSPAN, frame), "erspan", true, 0},
		{"erspan ii", overGRE(0x1000, etherERSPAN, word, erspan2, frame), "erspan", true, 5},
		{"erspan ii without sequence", overGRE(0, etherERSPAN, erspan2, frame), "erspan", true, 5},
		{"erspan ii, tagged", overGRE(0x1000, etherERSPAN, word, erspan2, tagged), "erspan", true, 7},
		{"erspan iii", overGRE(0x1000, etherERSPAN3, word, erspan3, frame), "erspan", true, 5},
		{"erspan iii without sequence", overGRE(0, etherERSPAN3, erspan3, frame), "erspan", true, 5},
		{"erspan iii, subheader", overGRE(0x1000, etherERSPAN3, word, erspan3with(1), word, word, frame), "erspan", true, 5},
		{"erspan iii, ip", overGRE(0x1000, etherERSPAN3, word, erspan3with(2<<10), v6), "erspan", false, 5},
		{"ip in ip", ip4(ipv4InIP, 0, v4), "ipip", false, 0},
		{"6in4", ip4(ipv6InIP, 0, v6), "6in4", false, 0},
		{"4in6", ip6(ipv4InIP, v4), "4in6", false, 0},
		{"6in6", ip6(ipv6InIP, v6), "6in6", false, 0},
		{"authentication header in tunnel mode", ip4(auth, 0, join([]byte{ipv4InIP, 4, 0, 0}, make([]byte, 20), v4)), "ipip", false, 0},
		{"mpls in ip", ip4(mplsInIP, 0, join(label, v6)), "mpls", false, 0},
		{"vxlan", overUDP(4789, vni, frame), "vxlan", true, 0},
		{"vxlan on linux's port", overUDP(8472, vni, tagged), "vxlan", true, 7},
		{"vxlan, group policy", overUDP(4789, []byte{0x88, 0, 0, 1, 0, 0, 9, 0}, frame), "vxlan", true, 0},
		{"vxlan gpe, ipv4", overUDP(4790, gpe(1), v4), "vxlan", false, 0},
		{"vxlan gpe, ipv6", overUDP(4790, gpe(2), v6), "vxlan", false, 0},
		{"vxlan gpe, ethernet", overUDP(4790, gpe(3), frame), "vxlan", true, 0},
		{"vxlan gpe, mpls", overUDP(4790, gpe(5), label, v4), "vxlan/mpls", false, 0},
		{"vxlan gpe as vxlan", overUDP(4790, vni, frame), "vxlan", true, 0},
		{"geneve", overUDP(6081, geneve(0, etherTransparent), frame), "geneve", true, 0},
		{"geneve, options, ipv6", overUDP(6081, geneve(2, etherIPv6, make([]byte, 8)...), v6), "geneve", false, 0},
		{"geneve, vxlan", overUDP(6081, geneve(0, etherIPv4), overUDP(4789, vni, frame)), "geneve/vxlan", true, 0},
		{"gtp", overUDP(2152, gtp(0x30, v4)), "gtp", false, 0},
		{"gtp, sequence, ipv6", overUDP(2152, gtp(0x32, word, v6)), "gtp", false, 0},
		{"gtp, two extension headers", overUDP(2152, gtp(0x34, []byte{0, 0, 0, 0x85, 1, 0, 0, 0x40, 2, 0, 0, 0, 0, 0, 0, 0}, v4)), "gtp", false, 0},
		{"teredo", overUDP(3544, v6), "teredo", false, 0},
		{"teredo, authentication and origin", overUDP(3544, []byte{0, 1, 2, 1, 'i', 'd', 'v'}, make([]byte, 9), make([]byte, 8), v6), "teredo", false, 0},
		{"l2tp", overUDP(1701, []byte{0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x57}, v6), "l2tp", false, 0},
		{"l2tp, all fields", overUDP(1701, be.AppendUint16([]byte{0x4a, 2}, uint16(16+2+len(v4))), make([]byte, 8), []byte{0, 2, 0, 0, 0, 0x21}, v4), "l2tp", false, 0},
	}
}

func TestTunnels(t *testing.T) {
	for _, c := range tunnelCases() {
		t.Run(c.name, func(t *testing.T) {
			data := ether(etherVLAN, join([]byte{0, 3, 8, 0}, c.data)) // a tag and addresses that are the outer packet's
			if c.data[0]>>4 == 6 {
				be.PutUint16(data[16:], etherIPv6)
			}
			copy(data[6:12], "router")
			b, st := decodeOne(linkEthernet, data, len(data))
			if len(b.Packets) != 1 {
				t.Fatalf("undecoded %v", st.Undecoded)
			}
			p, vlan, mac := b.Packets[0], uint16(3), flow.MAC{}
			if c.vlan != 0 {
				vlan = c.vlan
			}
			if c.mac {
				mac = clientMAC
			}
			if string(p.Payload) != "hello" || p.Dst.Port() != 53 || p.Checksum.Bad() || p.Missing != 0 || p.Length != len("hello")+8+20+20*btoi(p.Src.Addr().Is6()) {
				t.Errorf("got %+v", p)
			}
			if p.Tunnel.String() != c.tunnel || p.SrcMAC != mac || p.VLAN != vlan || p.InnerVLAN != 0 {
				t.Errorf("tunnel %v, mac %v, vlan %d %d; wanted %s, %v, %d", p.Tunnel, p.SrcMAC, p.VLAN, p.InnerVLAN, c.tunnel, mac, vlan)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestTunnelsCutOff cuts each tunnelled packet at every byte. As soon as a
// transport header is there, a packet is delivered: of the innermost layer
// that can be read.
func TestTunnelsCutOff(t *testing.T) {
	for _, c := range tunnelCases() {
		outer := 20 + 8*btoi(c.data[9] == flow.UDP) + 24*btoi(c.data[9] == auth)
		if c.data[0]>>4 == 6 {
			outer = 40
		}
		for n := range c.data {
			b, st := decodeOne(linkRaw, c.data[:n], len(c.data))
			if n < outer {
				if len(b.Packets) != 0 || st.Undecoded["cut by snaplen"] != 1 {
					t.Fatalf("%s, %d bytes: %+v, undecoded %v", c.name, n, b, st.Undecoded)
				}
				continue
			}
			if len(b.Packets) != 1 {
				t.Fatalf("%s, %d bytes: undecoded %v", c.name, n, st.Undecoded)
			}
			p := b.Packets[0]
			if !strings.HasPrefix(c.tunnel, p.Tunnel.String()) || p.Missing != len(c.data)-n || p.Tunnel == 0 && p.Length != len(c.data) {
				t.Fatalf("%s, %d bytes: %+v", c.name, n, p)
			}
			if b, st := decodeOne(linkRaw, c.data[:n], n); len(b.Packets) != 1 {
				t.Fatalf("%s, %d bytes sent: undecoded %v", c.name, n, st.Undecoded)
			}
		}
	}
}

// TestNotATunnel: what looks like a tunnel and cannot be read as one is what
// its own headers say.
func TestNotATunnel(t *testing.T) {
	v4 := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
	frame := ether(etherIPv4, v4)
	six := func(src string, next byte) []byte {
		p := ip6(next, nil)
		copy(p[8:], src)
		return p
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"gre of a protocol we do not know", overGRE(0, 0x0021, v4)},
		{"gre, keepalive", overGRE(0, 0, nil)},
		{"gre with routing", overGRE(0x4000, etherIPv4, v4)},
		{"gre, version 2", overGRE(2, etherIPv4, v4)},
		{"gre, not ip", overGRE(0, etherIPv4, []byte("no ip at all"))},
		{"pptp, acknowledgement alone", overGRE(0x2081, etherPPP, make([]byte, 8))},
		{"pptp, compressed", overGRE(0x3001, etherPPP, make([]byte, 8), []byte{0xfd, 1, 2, 3})},
		{"aruba, encrypted", overGRE(0, 0x8240, wlanFrame(0x08, wlanFromDS|wlanProtected, make([]byte, 40)))},
		{"erspan of spanning tree", overGRE(0x1000, etherERSPAN, make([]byte, 4), []byte{0x10, 5, 0, 1, 0, 0, 0, 2}, ether(38, []byte{0x42, 0x42, 3}))},
		{"erspan iii, infiniband", overGRE(0x1000, etherERSPAN3, make([]byte, 4), []byte{0x20, 5, 0, 1, 1, 2, 3, 4, 0, 0, 0x0c, 0}, frame)},
		{"ip in ip, version 6", ip4(ipv4InIP, 0, ip6(flow.UDP, nil))},
		{"6in4, version 4", ip4(ipv6InIP, 0, v4)},
		{"ip in ip, empty", ip4(ipv4InIP, 0, nil)},
		{"6in4, malformed udp", ip4(ipv6InIP, 0, ip6(flow.UDP, []byte{1, 2, 3}))},
		{"mpls in ip, no label at the bottom", ip4(mplsInIP, 0, make([]byte, 80))},
		{"vxlan without its flag", overUDP(4789, make([]byte, 8), frame)},
		{"vxlan of something", overUDP(4789, []byte{8, 0, 0, 0, 0, 0, 9, 0}, []byte("no frame, but some text of its length"))},
		{"vxlan from its port", ip4(flow.UDP, 0, join([]byte{18, 181, 0, 53, 0, byte(16 + len(frame)), 0, 0, 8, 0, 0, 0, 0, 0, 9, 0}, frame))},
		{"vxlan gpe, nsh", overUDP(4790, []byte{0x0c, 0, 0, 4, 0, 0, 9, 0}, frame)},
		{"geneve, version 1", overUDP(6081, []byte{0x40, 0, 0x65, 0x58, 0, 0, 9, 0}, frame)},
		{"geneve, control", overUDP(6081, []byte{0, 0x80, 0x65, 0x58, 0, 0, 9, 0}, frame)},
		{"geneve, options beyond the end", overUDP(6081, []byte{0x3f, 0, 0x65, 0x58, 0, 0, 9, 0}, frame)},
		{"gtp, echo", overUDP(2152, []byte{0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0})},
		{"gtp of another length", overUDP(2152, append(gtp(0x30, v4), 0))},
		{"gtp, extension header of length 0", overUDP(2152, gtp(0x34, []byte{0, 0, 0, 0x85, 0, 0, 0, 0}, v4))},
		{"gtp, extension headers without end", overUDP(2152, gtp(0x34, []byte{0, 0, 0, 1}, join(repeat(300, []byte{1, 0, 0, 1})...)))},
		{"teredo, router solicitation", overUDP(3544, six("\xfe\x80", flow.ICMPv6))},
		{"teredo, bubble", overUDP(3544, six("\x20\x01", 59))},
		{"l2tp, control", overUDP(1701, []byte{0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0})},
		{"l2tp, lcp", overUDP(1701, []byte{0, 2, 0, 1, 0, 1, 0xc0, 0x21, 9, 0, 0, 4})},
		{"esp", ip4(50, 0, v4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := ether(etherIPv4, c.data)
			b, st := decodeOne(linkEthernet, data, len(data))
			if len(b.Packets) != 1 {
				t.Fatalf("undecoded %v", st.Undecoded)
			}
			p := b.Packets[0]
			if p.Tunnel != 0 || p.Protocol != c.data[9] || p.SrcMAC != clientMAC || p.Length != len(c.data) || p.Checksum.Bad() {
				t.Errorf("got %+v", p)
			}
			if payload := len(c.data) - 20 - 8*btoi(p.Protocol == flow.UDP); len(p.Payload) != payload {
				t.Errorf("payload of %d bytes, wanted %d", len(p.Payload), payload)
			}
		})
	}
}

func TestARPInATunnel(t *testing.T) {
	frame := ether(etherARP, join([]byte{0, 1, 8, 0, 6, 4, 0, 1}, clientMAC[:], client4, make([]byte, 10)))
	for name, data := range map[string][]byte{
		"vxlan":                        overUDP(4789, []byte{8, 0, 0, 0, 0, 0, 9, 0}, frame),
		"pseudowire with control word": ip4(mplsInIP, 0, join([]byte{0, 1, 1, 64, 0, 0, 0, 9}, frame)),
		"pseudowire without":           ip4(mplsInIP, 0, join([]byte{0, 1, 1, 64}, frame)),
	} {
		b, st := decodeOne(linkRaw, data, len(data))
		if len(b.Packets) != 0 || len(b.ARPs) != 1 || b.ARPs[0].MAC != clientMAC || st.Decoded != 1 {
			t.Errorf("%s: %+v %+v", name, b, st)
		}
	}
}

func TestTooManyLayers(t *testing.T) {
	wraps := map[string]func([]byte) []byte{
		"ipip":  func(p []byte) []byte { return ip4(ipv4InIP, 0, p) },
		"gre":   func(p []byte) []byte { return overGRE(0, etherIPv4, p) },
		"vxlan": func(p []byte) []byte { return overUDP(4789, []byte{8, 0, 0, 0, 0, 0, 9, 0}, ether(etherIPv4, p)) },
	}
	for name, wrap := range wraps {
		data := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
		for n := 1; n < 30; n++ {
			data = wrap(data)
			b, st := decodeOne(linkRaw, data, len(data))
			switch {
			case n > maxLayers:
				if len(b.Packets) != 0 || st.Undecoded["too many layers"] != 1 {
					t.Fatalf("%d × %s: %v", n, name, st.Undecoded)
				}
			case len(b.Packets) != 1 || b.Packets[0].Tunnel.String() != strings.TrimSuffix(strings.Repeat(name+"/", n), "/"):
				t.Fatalf("%d × %s: %+v", n, name, b.Packets)
			}
		}
	}
	label := ether(etherMPLS, []byte{0, 1, 1, 64})
	for name, data := range map[string][]byte{
		"pseudowires": join(repeat(10_000, label)...),
		"snap":        ether(20, join(repeat(10_000, []byte{0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0, 0, 1, 0, 20})...)),
		"ppi":         join(repeat(10_000, []byte{0, 0, 8, 0, 192, 0, 0, 0})...),
	} {
		link := uint16(linkEthernet)
		if name == "ppi" {
			link = linkPPI
		}
		if _, st := decodeOne(link, data, len(data)); st.Undecoded["too many layers"] != 1 {
			t.Errorf("%s: %v", name, st.Undecoded)
		}
	}
}

// TestFragmentsInTunnels cuts the packet inside, the one outside and both.
func TestFragmentsInTunnels(t *testing.T) {
	text := strings.Repeat("what was cut must come together ", 5)
	vni := []byte{8, 0, 0, 0, 0, 0, 9, 0}
	inVXLAN := func(p []byte) []byte { return udpTo(4789, vni, ether(etherIPv4, p)) }
	for name, make := range map[string]func() [][]byte{
		"inside": func() (list [][]byte) {
			for _, p := range fragments4(udp(client4, server4, text), 48) {
				list = append(list, ip4(flow.UDP, 0, inVXLAN(p)))
			}
			return list
		},
		"outside": func() [][]byte {
			return fragments4(inVXLAN(ip4(flow.UDP, 0, udp(client4, server4, text))), 48)
		},
		"both, with the same addresses, protocol and identification": func() (list [][]byte) {
			for i, inner := range fragments4(udp(client4, server4, text), 64) {
				for _, outer := range fragments4(inVXLAN(inner), 48) {
					outer[5] += byte(i)
					list = append(list, outer)
				}
			}
			return list
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReassembler()
			r.at(0, make()...)
			if len(r.batch.Packets) != 1 || r.fragments.drain() != 0 {
				t.Fatalf("%d packets, %+v", len(r.batch.Packets), r.stats)
			}
			p := r.batch.Packets[0]
			if string(p.Payload) != text || p.Tunnel != flow.TunnelVXLAN || p.Length != 20+8+len(text) || p.Checksum.Bad() {
				t.Errorf("got %+v", p)
			}
		})
	}
}

// TestLayersDoNotMix sends the first half of a packet by itself and the second
// half, with the same identification, in a tunnel between the same hosts.
func TestLayersDoNotMix(t *testing.T) {
	list := fragments6(udp(client6, server6, strings.Repeat("x", 56)), 40)
	r := newReassembler()
	r.at(0, list[0], ip6(ipv6InIP, list[1]))
	if len(r.batch.Packets) != 0 || r.stats.Fragments != 2 || len(r.fragments.open) != 2 {
		t.Errorf("%d packets, %+v", len(r.batch.Packets), r.stats)
	}
}

func TestTunnelsCostNoAllocation(t *testing.T) {
	for _, c := range tunnelCases() {
		var d decoder
		b := Batch{Packets: make([]flow.Packet, 0, 8)}
		d.init()
		f := frame{data: c.data, length: len(c.data), link: linkRaw}
		got := testing.AllocsPerRun(100, func() {
			b.Packets = b.Packets[:0]
			d.decode(&f, &b)
		})
		if got > 0 && !strings.Contains(c.name, "a-msdu") {
			t.Errorf("%s: %v allocations", c.name, got)
		}
	}
}
