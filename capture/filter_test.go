//go:build cgo

package capture

import (
	"strings"
	"testing"

	"spanaudit/flow"
)

func TestFilter(t *testing.T) {
	u, s := ip4(flow.UDP, 0, udp(client4, server4, "hello")), ip4(flow.TCP, 0, tcpSegment(client4, server4, "", "hello"))
	sll2 := func(payload []byte) []byte {
		return join([]byte{8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6}, clientMAC[:], []byte{0, 0}, payload)
	}
	for _, c := range []struct {
		name, text string
		link       uint32
		frames     [][]byte
		want       int
		undecoded  uint64
	}{
		{"none", "", 1, [][]byte{ether(etherIPv4, u), ether(etherIPv4, s)}, 2, 0},
		{"ethernet", "udp port 53", 1, [][]byte{ether(etherIPv4, u), ether(etherIPv4, s)}, 1, 0},
		{"raw", "tcp and host 192.0.2.7", 101, [][]byte{u, s}, 1, 0},
		{"cooked", "dst port 443", 113, [][]byte{join(make([]byte, 14), []byte{8, 0}, u), join(make([]byte, 14), []byte{8, 0}, s)}, 1, 0},
		{"cooked v2", "udp", 276, [][]byte{sll2(u), sll2(s)}, 1, 0},
		{"length", "greater 1000", 1, [][]byte{ether(etherIPv4, u)}, 0, 0},
		{"empty frames", "udp", 1, [][]byte{{}, ether(etherIPv4, u)}, 1, 0},
		{"no such thing on the link", "ether host 02:00:00:00:00:01", 101, [][]byte{u, s}, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := readPaths(t, Options{Filter: c.text}, store(t, pcapFile(c.link, ticks(len(c.frames)), c.frames...))...)
			want := uint64(len(c.frames)-c.want) - c.undecoded
			if len(r.packets) != c.want || r.stats.Filtered != want {
				t.Errorf("%d packets, %+v", len(r.packets), r.stats)
			}
		})
	}
}

func TestBadFilter(t *testing.T) {
	_, err := Open([]string{"-"}, Options{Stdin: strings.NewReader(""), Filter: "udp prot 53"})
	if err == nil || !strings.Contains(err.Error(), `filter "udp prot 53": `) || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("err %v", err)
	}
}
