package classify

import (
	"fmt"
	"strings"
	"testing"

	"spanaudit/flow"
)

// Whatever bound a flow reaches, its facts say that there may be more.
func TestAFlowThatSaysMoreThanIsKeptIsMarked(t *testing.T) {
	repeat := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	methods := func(n int, first, rest string) string {
		text := first + rest
		for i := range n - 1 {
			text += "X" + string(rune('A'+i/26)) + string(rune('A'+i%26)) + rest
		}
		return text
	}
	const (
		describe = "DESCRIBE rtsp://cam/live RTSP/1.0\nCSeq: 1\n"
		setup    = "SETUP rtsp://cam/live/%[1]d RTSP/1.0\nCSeq: %[1]d\nTransport: RTP/AVP;unicast;client_port=%[1]d-%[1]d\n\n"
	)
	for name, c := range map[string]struct {
		list    []segment
		clipped bool
	}{
		"some streams":         {lines(repeat(8, setup)), false},
		"many streams":         {lines(repeat(maxSetups, setup)), true},
		"many refused streams": {lines(repeat(maxExchanges, strings.Replace(setup, "client_port=%[1]d-%[1]d", "client_port=1-1", 1))), true},
		"many RTSP methods":    {lines(methods(maxMethods, "OPTIONS", " * RTSP/1.0\nCSeq: 1\n\n")), true},
		"a long RTSP head":     {lines(describe + repeat(4000, "Field-%d: value\n")), true},
		"an RTSP head":         {lines(describe + repeat(1000, "Field-%d: value\n") + "\n"), false},
		"requests":             {lines(repeat(20, "GET /%d HTTP/1.1\nHost: a\n\n")), false},
		"many requests":        {lines(repeat(maxRequests, "GET /%d HTTP/1.1\nHost: a\n\n")), true},
		"many HTTP methods":    {lines(methods(maxMethods, "GET", " / HTTP/1.1\nHost: a\n\n")), true},
		"a long HTTP head":     {lines("GET / HTTP/1.1\n" + repeat(4000, "Field-%d: value\n")), true},
	} {
		if r := spoken(t, c.list, 1400); r.Clipped != c.clipped || r.Facts.Protocol == Unknown {
			t.Errorf("%s: clipped %v, %s", name, r.Clipped, r.Facts.Protocol)
		}
	}
	for names, clipped := range map[int]bool{20: false, maxQueryNames: true} {
		var f Facts
		var l Learned
		for i := range names {
			if answer, _ := dnsDatagram(datagram(dnsQuery(0x0100, [4]uint16{1}, fmt.Sprintf("n%d.example.com", i)), 40000, 53, false), &f, &l); answer != Matched {
				t.Fatalf("question %d: %v", i, answer)
			}
		}
		if f.Clipped != clipped {
			t.Errorf("%d names: clipped %v", names, f.Clipped)
		}
	}
	var back Record
	var w flow.Codec
	r := Record{Flow: &flow.Flow{}, Facts: Facts{Protocol: ProtoDNS, Clipped: true}}
	r.Code(&w)
	if d, err := flow.NewDecoder(w.Bytes()); err != nil {
		t.Fatal(err)
	} else if back.Code(d); !back.Clipped {
		t.Error("a record does not say so any more when it is read")
	}
}
