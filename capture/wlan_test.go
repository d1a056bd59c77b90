package capture

import (
	"testing"

	"spanaudit/flow"
)

// wlanFrame is an 802.11 frame of the client's to the server; kind and flags
// are the two bytes of Frame Control.
func wlanFrame(kind, flags byte, rest ...[]byte) []byte {
	bssid := []byte("access")
	one, two, three := serverMAC[:], clientMAC[:], bssid
	switch flags & (wlanToDS | wlanFromDS) {
	case wlanToDS:
		one, three = bssid, serverMAC[:]
	case wlanFromDS:
		two, three = bssid, clientMAC[:]
	case wlanToDS | wlanFromDS:
		one, two, three = bssid, bssid, serverMAC[:]
	}
	return join([]byte{kind, flags, 0, 0}, one, two, three, []byte{0, 0}, join(rest...))
}

func snap(etherType uint16, payload []byte) []byte {
	return join([]byte("\xaa\xaa\x03\x00\x00\x00"), be.AppendUint16(nil, etherType), payload)
}

// subframe is the last one of an A-MSDU; those before it are padded.
func subframe(llc []byte) []byte {
	return join(serverMAC[:], clientMAC[:], be.AppendUint16(nil, uint16(len(llc))), llc)
}

func amsdu(subframes ...[]byte) (data []byte) {
	for _, s := range subframes {
		data = append(append(data, make([]byte, -len(data)&3)...), s...)
	}
	return wlanFrame(0x88, wlanToDS, []byte{0x80, 0}, data)
}

func TestWLAN(t *testing.T) {
	v4 := snap(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "hello")))
	qos, htc := []byte{0, 0}, make([]byte, 4)
	radiotap := func(present uint32, rest ...[]byte) []byte {
		fields := join(rest...)
		return join([]byte{0, 0}, le.AppendUint16(nil, uint16(8+len(fields))), le.AppendUint32(nil, present), fields)
	}
	for _, c := range []struct {
		name string
		link uint16
		data []byte
		want string
	}{
		{"to the access point", linkWLAN, wlanFrame(0x08, wlanToDS, v4), ""},
		{"from the access point", linkWLAN, wlanFrame(0x08, wlanFromDS, v4), ""},
		{"ad hoc", linkWLAN, wlanFrame(0x08, 0, v4), ""},
		{"between access points", linkWLAN, wlanFrame(0x08, wlanToDS|wlanFromDS, clientMAC[:], v4), ""},
		{"qos", linkWLAN, wlanFrame(0x88, wlanToDS, qos, v4), ""},
		{"qos, ht control", linkWLAN, wlanFrame(0x88, wlanToDS|wlanHTC, qos, htc, v4), ""},
		{"trailing check sequence", linkWLAN, wlanFrame(0x08, wlanToDS, v4, htc), ""},
		{"radiotap", linkRadiotap, join(radiotap(0), wlanFrame(0x08, wlanToDS, v4)), ""},
		{"radiotap, padded", linkRadiotap, join(radiotap(radiotapFlags, []byte{radiotapPadded}), wlanFrame(0x88, wlanToDS, qos, qos, v4)), ""},
		{"radiotap, two masks and a clock", linkRadiotap, join(radiotap(radiotapMore|radiotapFlags|radiotapTSFT, make([]byte, 16), []byte{radiotapPadded}), wlanFrame(0x88, wlanToDS, qos, qos, v4)), ""},
		{"ppi", linkPPI, join([]byte{0, 0, 8, 0, 105, 0, 0, 0}, wlanFrame(0x08, wlanToDS, v4)), ""},
		{"beacon", linkWLAN, wlanFrame(0x80, 0, v4), "802.11 frame without data"},
		{"acknowledgement", linkWLAN, []byte{0xd4, 0, 0, 0, 1, 2, 3, 4, 5, 6}, "802.11 frame without data"},
		{"null data", linkWLAN, wlanFrame(0x48, wlanToDS), "802.11 frame without data"},
		{"encrypted", linkWLAN, wlanFrame(0x08, wlanToDS|wlanProtected, v4), "802.11 data, encrypted"},
		{"first fragment", linkWLAN, wlanFrame(0x08, wlanToDS|wlanMore, v4), "802.11 data, a fragment"},
		{"radiotap longer than the frame", linkRadiotap, []byte{0, 0, 9, 0, 0, 0, 0, 0}, "malformed link header"},
		{"radiotap, masks without end", linkRadiotap, radiotap(radiotapMore, []byte("\xff\xff\xff\xff")), "malformed link header"},
		{"ppi of no link type", linkPPI, []byte{0, 0, 8, 0, 0, 0, 1, 0}, "link type 65536 (unknown)"},
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
			if p := b.Packets[0]; string(p.Payload) != "hello" || p.SrcMAC != clientMAC || p.DstMAC != serverMAC || p.Tunnel != 0 {
				t.Errorf("got %+v", p)
			}
			for n := range len(c.data) - 5 - 4*btoi(c.name == "trailing check sequence") {
				if b, st := decodeOne(c.link, c.data[:n], len(c.data)); st.Undecoded["cut by snaplen"] != 1 && !(len(b.Packets) == 1 && b.Packets[0].Missing >= 5) {
					t.Fatalf("%d bytes: %+v, %v", n, b.Packets, st.Undecoded)
				}
			}
		})
	}
}

// TestAMSDU: each subframe of an A-MSDU is a packet.
func TestAMSDU(t *testing.T) {
	sub := func(payload string) []byte {
		return subframe(snap(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, payload))))
	}
	stp := subframe([]byte{0x42, 0x42, 3})
	arp := subframe(snap(etherARP, join([]byte{0, 1, 8, 0, 6, 4, 0, 1}, clientMAC[:], client4, make([]byte, 10))))
	for _, c := range []struct {
		name   string
		frames [][]byte
		want   []string
		arps   int
	}{
		{"one", [][]byte{sub("a")}, []string{"a"}, 0},
		{"three", [][]byte{sub("a"), sub("bc"), sub("def")}, []string{"a", "bc", "def"}, 0},
		{"with others", [][]byte{stp, sub("a"), arp, sub("b"), stp}, []string{"a", "b"}, 1},
		{"arp alone", [][]byte{arp, arp}, nil, 2},
		{"thirty", repeat(30, sub("a")), make([]string, 30), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := amsdu(c.frames...)
			b, st := decodeOne(linkWLAN, data, len(data))
			if len(b.Packets) != len(c.want) || len(b.ARPs) != c.arps || st.Decoded != 1 {
				t.Fatalf("%d packets, %d claims, undecoded %v", len(b.Packets), len(b.ARPs), st.Undecoded)
			}
			for i, p := range b.Packets {
				if c.want[i] != "" && string(p.Payload) != c.want[i] || p.SrcMAC != clientMAC || p.Frame.Number != 1 {
					t.Errorf("%d: %+v", i, p)
				}
			}
		})
	}
	for n := range 300 {
		data := amsdu(make([]byte, n))
		if b, _ := decodeOne(linkWLAN, data, len(data)); len(b.Packets) != 0 {
			t.Errorf("%d zeros: %+v", n, b.Packets)
		}
	}
}
