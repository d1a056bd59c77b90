package classify

import (
	"bytes"
	"strings"
	"testing"
)

// proxyHeaders are headers as a proxy writes them (HAProxy: "The PROXY protocol,
// versions 1 & 2", sections 2.1 and 2.2).
func proxyHeaders() map[string]string {
	v2 := func(command, family byte, rest string) string {
		return proxyBinary + string([]byte{command, family, byte(len(rest) >> 8), byte(len(rest))}) + rest
	}
	const ports = "\xd9\x03\x01\xbb"
	v6 := "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01"
	return map[string]string{
		"text IPv4":         "PROXY TCP4 203.0.113.5 192.0.2.9 55555 443\r\n",
		"text IPv6":         "PROXY TCP6 2001:db8::1 2001:db8::2 55555 443\r\n",
		"text of a check":   "PROXY UNKNOWN\r\n",
		"text of anything":  "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
		"binary IPv4":       v2(0x21, 0x11, "\xcb\x00\x71\x05\xc0\x00\x02\x09"+ports),
		"binary IPv6":       v2(0x21, 0x21, v6+v6+ports),
		"binary of a check": v2(0x20, 0x00, ""),
		"binary of sockets": v2(0x21, 0x31, "/run/secret"+strings.Repeat("\x00", 205)),
		"binary with a TLV": v2(0x21, 0x11, "\xcb\x00\x71\x05\xc0\x00\x02\x09"+ports+"\x02\x00\x0asecret.lan"),
	}
}

func TestWhatIsSpokenBehindAProxyHeader(t *testing.T) {
	options := "OPTIONS rtsp://10.0.0.2/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
	for name, header := range proxyHeaders() {
		for _, size := range []int{1, 5, 1400} {
			turns := tlsTurns(t, "tls12-ecdhe.0")
			plain, _ := analyze(t, connect(turns...).packets)
			want := tlsSeen(plain.ended[0].Facts, Matched)
			w := connect()
			w.speak(false, []byte(header), size)
			for _, turn := range turns {
				w.speak(turn.server, turn.bytes, 1400)
			}
			l, _ := analyze(t, w.packets)
			r := l.ended[0]
			if got := tlsSeen(r.Facts, Matched); got != want || r.Malformed {
				t.Errorf("%s, %d bytes a segment: malformed %v\ngot  %s\nwant %s", name, size, r.Malformed, got, want)
			}
			first := 4 + (len(header)+size-1)/size // SYN, SYN-ACK, ACK and the header before
			if r.Evidence[0].What != "ClientHello" || r.Evidence[0].Frame.Number != uint64(first) {
				t.Errorf("%s, %d bytes a segment: %v, wanted in frame %d", name, size, r.Evidence[0], first)
			}
		}
		l, _ := analyze(t, connect(tlsTurn{bytes: []byte(header + options)}, tlsTurn{true, []byte("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")}).packets)
		if r := l.ended[0]; r.Facts.Protocol != ProtoRTSP || len(r.RTSP.Methods) != 1 {
			t.Errorf("%s before RTSP: %s", name, show(r.Facts))
		}
		l, _ = analyze(t, connect(tlsTurn{bytes: []byte(header)}).packets)
		if r := l.ended[0]; r.Facts.Protocol != Unknown || r.Malformed {
			t.Errorf("%s alone: %s", name, show(r.Facts))
		}
	}
}

func TestProxyHeaderIsReadWhole(t *testing.T) {
	for name, header := range proxyHeaders() {
		for n := range len(header) {
			if got := proxyHeader([]byte(header[:n])); got != n {
				t.Errorf("%s: %d of %d bytes are a header of %d", name, n, len(header), got)
			}
		}
		if got := proxyHeader([]byte(header + "PROXY ")); got != len(header) {
			t.Errorf("%s: a header of %d bytes is %d", name, len(header), got)
		}
	}
}

func TestWhatIsNoProxyHeader(t *testing.T) {
	for _, text := range []string{
		"", "PLAY rtsp://h/ RTSP/1.0\r\n", "POST / HTTP/1.1\r\n", "PROXY\r\n", "PROXY TCP4 203.0.113.5 192.0.2.9 55555\r\n",
		"PROXY TCP4 2001:db8::1 2001:db8::2 55555 443\r\n", "PROXY TCP6 203.0.113.5 192.0.2.9 55555 443\r\n",
		"PROXY TCP4 203.0.113.5 192.0.2.9 55555 65536\r\n", "PROXY TCP4 203.0.113.5 192.0.2.9 55555 443\n\x00",
		"PROXY " + strings.Repeat("a", maxProxyText),
		"\r\n\r\n", proxyBinary + "\x11\x11\x00\x00", proxyBinary + "\x21\x41\x00\x00", proxyBinary + "\x21\x11\xff\xff",
		"PROXY TCP6 fe80::1%secret 2001:db8::2 55555 443\r\n",
	} {
		want := 0
		if text == "\r\n\r\n" { // it may become one
			want = len(text)
		}
		if got := proxyHeader([]byte(text)); got != want {
			t.Errorf("%q: %d bytes", text, got)
		}
	}
}

func TestProxyHeaderIsRedacted(t *testing.T) {
	for name, header := range proxyHeaders() {
		request := []byte(header + "OPTIONS rtsp://10.0.0.2/ RTSP/1.0\r\nCSeq: 1\r\nX-Token: " + testToken + "\r\n\r\n")
		answer := []byte("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")
		p := Connection{Half{[][]byte{request}, false}, Half{[][]byte{answer}, false}, true}.Redact()
		if p != ProtoRTSP || bytes.Contains(request, []byte("secret")) || bytes.Contains(request, []byte(testToken)) {
			t.Errorf("%s: %s %q", name, p, request)
		}
		l, _ := analyze(t, connect(tlsTurn{bytes: request}, tlsTurn{true, answer}).packets)
		if r := l.ended[0]; r.Facts.Protocol != ProtoRTSP {
			t.Errorf("%s, redacted: %s", name, show(r.Facts))
		}
	}
}

func TestUnfinishedProxyHeaderIsBlanked(t *testing.T) {
	for _, text := range []string{"PROXY hunter2", "PROXY TCP4 hunter2\r", proxyBinary + "\x21\x31\x00\xd8/run/hunter2"} {
		b := []byte(text)
		Connection{Half{[][]byte{b}, false}, Half{}, true}.Redact()
		if bytes.Contains(b, []byte("hunter2")) {
			t.Errorf("%q", b)
		}
	}
}

func FuzzProxyHeader(f *testing.F) {
	for _, header := range proxyHeaders() {
		f.Add([]byte(header))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n := proxyHeader(b)
		if n < 0 || n > len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		if n > 0 && n < len(b) && proxyHeader(b[:n]) != n {
			t.Fatal("a whole header depends on what follows it")
		}
		before := bytes.Clone(b)
		if rest := redactProxyHeader(b); len(rest) != len(b)-n || !bytes.Equal(rest, before[n:]) || n < len(b) && proxyHeader(b) != n {
			t.Fatal("redaction changed more than what the header says")
		}
	})
}
