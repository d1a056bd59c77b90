package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanaudit/flow"
)

func rawOf(link uint16, frames ...[]byte) (list []RawFrame) {
	for i, f := range frames {
		list = append(list, RawFrame{flow.Frame{Number: uint64(i + 1), Time: flow.Time(i)}, link, bytes.Clone(f), len(f)})
	}
	return list
}

// TestWhatIsUnpackedCanBeOverwritten overwrites all that Unpack leads to:
// nothing of it is left in the frames, and the packets are the same but for
// their payloads.
func TestWhatIsUnpackedCanBeOverwritten(t *testing.T) {
	secret := strings.Repeat("secret! ", 12)
	packet := ip4(flow.UDP, 0, udp(client4, server4, secret))
	pieces := fragments4(udp(client4, server4, secret), 40)
	var nested [][]byte
	for i, inner := range fragments4(udp(client4, server4, secret), 48) {
		outer := udp(client4, server4, string(join([]byte{8, 0, 0, 0, 0, 0, 7, 0}, ether(etherIPv4, inner), []byte("secret in the tail"))))
		be.PutUint16(outer[2:], portVXLAN)
		for _, f := range fragments4(seal(outer, 6, flow.UDP, client4, server4), 56) {
			be.PutUint16(f[4:], uint16(i))
			nested = append(nested, f)
		}
	}
	arp := join([]byte{0, 1, 8, 0, 6, 4, 0, 1}, clientMAC[:], client4, serverMAC[:], server4)
	for name, c := range map[string]struct {
		link    uint16
		frames  [][]byte
		packets int
	}{
		"plain":                      {linkEthernet, [][]byte{ether(etherIPv4, packet)}, 1},
		"padded":                     {linkEthernet, [][]byte{ether(etherIPv4, join(packet, []byte("secret")))}, 1},
		"behind a tag":               {linkEthernet, [][]byte{ether(etherVLAN, join([]byte{0, 7, 8, 0}, packet))}, 1},
		"TCP":                        {linkRaw, [][]byte{ip4(flow.TCP, 0, tcpSegment(client4, server4, "", secret))}, 1},
		"fragments":                  {linkRaw, pieces, 1},
		"fragments of IPv6":          {linkRaw, fragments6(udp(client6, server6, secret), 48), 1},
		"fragments in another order": {linkRaw, [][]byte{pieces[2], pieces[0], pieces[1]}, 1},
		"fragments and copies":       {linkRaw, slices.Concat(pieces, pieces), 1},
		"fragments, not all":         {linkRaw, pieces[:2], 0},
		"fragments of a tunnel":      {linkRaw, nested, 1},
		"a copy in a tunnel":         {linkRaw, slices.Concat(nested, nested), 1},
		"an ARP and what pads it":    {linkEthernet, [][]byte{ether(etherARP, join(arp, []byte("secret")))}, 0},
		"another EtherType":          {linkEthernet, [][]byte{ether(0x88cc, []byte(secret))}, 0},
		"a broken header":            {linkEthernet, [][]byte{ether(etherIPv4, join([]byte{0x41}, []byte(secret)))}, 0},
		"another link type":          {147, [][]byte{[]byte(secret)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			frames := rawOf(c.link, c.frames...)
			u := Unpack(frames)
			if len(u.Packets) != c.packets {
				t.Fatalf("%d packets, wanted %d", len(u.Packets), c.packets)
			}
			want := slices.Clone(u.Packets)
			for _, p := range u.Packets {
				for i := range p.Payload {
					p.Payload[i] = 'z'
				}
			}
			for _, b := range u.Loose {
				clear(b)
			}
			u.Repack()
			for i, f := range frames {
				if len(f.Data) != len(c.frames[i]) || bytes.Contains(f.Data, []byte("ecre")) {
					t.Errorf("frame %d is %q", i+1, f.Data)
				}
			}
			again := Unpack(frames)
			if len(again.Packets) != len(want) {
				t.Fatalf("%d packets, wanted %d", len(again.Packets), len(want))
			}
			for i, p := range again.Packets {
				if q := want[i]; p.Frame != q.Frame || p.Src != q.Src || p.Dst != q.Dst || p.Tunnel != q.Tunnel || len(bytes.Trim(p.Payload, "z")) != 0 || len(p.Payload) != len(q.Payload) {
					t.Errorf("%+v, wanted %+v", p, q)
				}
			}
		})
	}
}

// TestUnpackGivesWhatReadGives compares them on real captures.
func TestUnpackGivesWhatReadGives(t *testing.T) {
	if _, err := os.Stat("../../shared/corpus"); err != nil {
		t.Skip("needs ../shared/corpus")
	}
	paths, _ := filepath.Glob("../../shared/corpus/*/*cap*")
	for _, path := range paths {
		frames, _ := rawFrames(t, Options{}, path)
		want := readPaths(t, Options{}, path)
		if got := Unpack(frames); !samePackets(got.Packets, want.packets) {
			t.Errorf("%s: %d packets, wanted %d", path, len(got.Packets), len(want.packets))
		}
	}
}
