package classify

import (
	"encoding/base64"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"spanaudit/flow"
)

// spoken has the Analyzer read a conversation that it sees from the first
// packet on, each turn cut into segments of at most size bytes.
func spoken(t *testing.T, list []segment, size int) *Record {
	t.Helper()
	return spokenFrom(t, list, size, 0)
}

// spokenFrom is spoken of a capture that begins after the first packets.
func spokenFrom(t *testing.T, list []segment, size, from int) *Record {
	t.Helper()
	w := connect()
	for _, g := range list {
		w.speak(g.server, g.bytes, size)
	}
	l, a := analyze(t, w.packets[from:])
	if len(l.ended) != 1 || a.Panics() > 0 {
		t.Fatalf("%d flows, %d panics", len(l.ended), a.Panics())
	}
	return l.ended[0]
}

// lines makes a conversation of turns, client first, whose lines end as the
// wire has them.
func lines(turns ...string) (list []segment) {
	for i, text := range turns {
		text = strings.ReplaceAll(text, "\n", "\r\n")
		if text != "" {
			list = append(list, segment{i%2 == 1, []byte(text)})
		}
	}
	return list
}

// Whatever a client and a server that understand one another put around it,
// RTSP is told from what either says.
func TestRTSPIsNotMissed(t *testing.T) {
	const (
		describe = "DESCRIBE rtsp://cam/live RTSP/1.0\nCSeq: 1\n\n"
		answer   = "RTSP/1.0 200 OK\nCSeq: 1\nContent-Length: 0\n\n"
		tunnel   = "GET /live HTTP/1.1\nx-sessioncookie: abc\nAccept: application/x-rtsp-tunnelled\n\n"
		opened   = "HTTP/1.1 200 OK\nContent-Type: application/x-rtsp-tunnelled\n\n"
		upgrade  = "GET /ws HTTP/1.1\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Protocol: rtsp.onvif.org\n\n"
		switched = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nSec-WebSocket-Protocol: rtsp.onvif.org\n\n"
		denied   = "HTTP/1.1 401 Unauthorized\nContent-Length: 2\n\nno"
	)
	posted := "POST /live HTTP/1.1\nx-sessioncookie: abc\nContent-Length: 32767\n\n" +
		base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(describe, "\n", "\r\n")))
	var frames []byte
	for i := range 8 {
		frames = append(frames, frame(0, rtpPacket(uint16(i), 96, 7, 300))...)
	}
	media := string(frames)
	for name, list := range map[string][]segment{
		"plain":                         lines(describe, answer),
		"empty lines first":             lines("\n\n"+describe, answer),
		"empty lines first, one side":   lines("\n" + describe),
		"empty lines before the answer": lines("", "\n"+answer),
		"line feeds alone":              {{false, []byte(describe)}, {true, []byte(answer)}},
		"version in lower case":         lines(strings.ToLower(describe), strings.Replace(answer, "RTSP", "rtsp", 1)),
		"method in lower case":          lines("describe rtsp://cam/live RTSP/1.0\nCSeq: 1\n\n", answer),
		"tabs":                          lines("DESCRIBE\trtsp://cam/live\tRTSP/1.0\nCSeq: 1\n\n"),
		"many spaces":                   lines("DESCRIBE   rtsp://cam/live   RTSP/1.0  \nCSeq: 1\n\n"),
		"space in the URL":              lines("DESCRIBE rtsp://cam/my live RTSP/1.0\nCSeq: 1\n\n"),
		"no URL scheme":                 lines("DESCRIBE /live RTSP/1.0\nCSeq: 1\n\n"),
		"rtspu":                         lines("DESCRIBE rtspu://cam/live RTSP/1.0\nCSeq: 1\n\n"),
		"method of no RFC":              lines("X_CAM-PTZ * RTSP/1.0\nCSeq: 1\n\n"),
		"version of no RFC":             lines("DESCRIBE * RTSP/9.9\nCSeq: 1\n\n"),
		"nonsense is answered":          lines("hello 1\n\n", "RTSP/1.0 400 Bad Request\n\n"),
		"HTTP is answered":              lines("GET / HTTP/1.0\n\n", "RTSP/1.0 400 Bad Request\n\n"),
		"only an answer":                lines("", answer),
		"RTSP after HTTP":               lines("GET / HTTP/1.1\nHost: cam\n\n", denied, describe, answer),
		"RTSP after HTTP, one side":     lines("GET / HTTP/1.1\nHost: cam\n\n" + describe),
		"a proxy's CONNECT":             lines("CONNECT cam:554 HTTP/1.1\n\n", "HTTP/1.1 200 Connection established\n\n", describe, answer),
		"CONNECT after 407":             lines("CONNECT cam:554 HTTP/1.1\n\n", "HTTP/1.1 407 no\nContent-Length: 0\n\n", "CONNECT cam:554 HTTP/1.1\n\n", "HTTP/1.1 200 OK\n\n", describe, answer),
		"CONNECT, one side":             lines("CONNECT cam:554 HTTP/1.1\n\n" + describe),
		"tunnel":                        lines(tunnel, opened, "", answer),
		"tunnel, answered plainly":      lines(tunnel, answer),
		"tunnel after 401":              lines("GET /live HTTP/1.1\n\n", denied, tunnel, opened, "", answer),
		"tunnel after an empty line":    lines("\n"+tunnel, opened, "", answer),
		"tunnel's requests":             lines(posted),
		"tunnel's requests after 401":   lines("GET / HTTP/1.1\n\n", denied, posted),
		"tunnel in a CONNECT":           lines("CONNECT cam:80 HTTP/1.1\n\n", "HTTP/1.1 200 OK\n\n", tunnel, opened, "", answer),
		"WebSocket":                     append(lines(upgrade, switched), segment{false, webSocketFrame(2, []byte(describe))}),
		"WebSocket after 401":           append(lines("GET /ws HTTP/1.1\n\n", denied, upgrade, switched), segment{false, webSocketFrame(2, []byte(describe))}),
		"WebSocket of no protocol": append(lines(strings.Replace(upgrade, "Sec-WebSocket-Protocol: rtsp.onvif.org\n", "", 1),
			"HTTP/1.1 101 x\nUpgrade: websocket\n\n"), segment{false, webSocketFrame(2, []byte("\r\n"+describe))}),
		"media first":    {{true, frames}, {false, []byte(describe)}},
		"media and text": lines(describe, answer+media+answer),
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1400, 1} {
				r := spoken(t, list, size)
				if r.Facts.Protocol != ProtoRTSP || r.RTSP == nil {
					t.Errorf("%d bytes at once: %s %s", size, r.Facts.Protocol, show(r.Facts))
				}
			}
		})
	}
	for name, list := range map[string][]segment{
		"only media":            {{true, frames}},
		"middle of an answer":   lines("", answer+answer),
		"media, then an answer": {{true, frames}, {true, []byte(answer)}},
	} {
		t.Run("joined in the "+name, func(t *testing.T) {
			list = append([]segment{{list[0].server, []byte("lost")}}, list...)
			if r := spokenFrom(t, list, 100, 4); r.Facts.Protocol != ProtoRTSP {
				t.Errorf("%s %s", r.Facts.Protocol, show(r.Facts))
			}
		})
	}
}

// Over UDP each datagram says its part, and the media that was set up is told while
// the flow goes on.
func TestRTSPOverUDPIsNotMissed(t *testing.T) {
	camera, reader := netip.MustParseAddrPort("10.0.0.2:554"), netip.MustParseAddrPort("10.0.0.1:50000")
	var packets []flow.Packet
	say := func(from, to netip.AddrPort, text string) {
		n := uint64(len(packets) + 1)
		b := []byte(strings.ReplaceAll(text, "\n", "\r\n"))
		packets = append(packets, flow.Packet{
			Frame: flow.Frame{Number: n, Time: flow.Time(time.Hour) + flow.Time(n)}, Protocol: flow.UDP,
			IPID: uint16(n), Length: 28 + len(b), Payload: b, Src: from, Dst: to,
		})
	}
	say(reader, camera, "DESCRIBE rtspu://cam/live RTSP/1.0\nCSeq: 1\n\n")
	say(camera, reader, "RTSP/1.0 200 OK\nCSeq: 1\nContent-Type: application/sdp\nContent-Length: 26\n\nv=0\nc=IN IP4 203.0.113.9\n")
	say(reader, camera, "SETUP rtspu://cam/live/1 RTSP/1.0\nCSeq: 2\nTransport: RTP/AVP;unicast;client_port=6000-6001\n\n")
	say(camera, reader, "RTSP/1.0 200 OK\nCSeq: 2\nTransport: RTP/AVP;unicast;server_port=7000-7001\n\n")
	say(reader, camera, "\n") // keeps the NAT's mapping
	say(reader, camera, "PLAY rtspu://cam/live RTSP/1.0\nCSeq: 3\n\nPAUSE rtspu://cam/live RTSP/1.0\nCSeq: 4\n\n")
	want := RTSP{
		Version: "1.0", Methods: []string{"DESCRIBE", "SETUP", "PLAY", "PAUSE"}, URL: "rtspu://cam/live", StatusCodes: []int{200}, External: []string{"203.0.113.9"},
		Setups: []Setup{{Transport: "udp", ClientPorts: [2]uint16{6000, 6001}, ServerPorts: [2]uint16{7000, 7001}, Answered: true}},
	}
	l, a := analyze(t, packets)
	if len(l.ended) != 1 || l.ended[0].RTSP == nil || a.Panics() > 0 {
		t.Fatalf("%d flows", len(l.ended))
	}
	r := l.ended[0]
	if r.Facts.Protocol != ProtoRTSP || !reflect.DeepEqual(*r.RTSP, want) || r.Malformed || r.Client.Addr != reader {
		t.Errorf("got  %s %+v\nwant %+v", r.Facts.Protocol, *r.RTSP, want)
	}
	var evidence []uint64
	for _, e := range r.Evidence {
		evidence = append(evidence, e.Frame.Number)
	}
	if !reflect.DeepEqual(evidence, []uint64{1, 2, 3, 6, 6}) {
		t.Errorf("evidence %v", r.Evidence)
	}
	again := append(packets[:4:4], packets[2:]...) // SETUP is sent once more
	if l, _ := analyze(t, again); !reflect.DeepEqual(l.ended[0].RTSP.Setups, want.Setups) {
		t.Errorf("set up %+v", l.ended[0].RTSP.Setups)
	}
	last := len(l.known) - 1
	if last < 1 || !reflect.DeepEqual(l.known[last].RTSP.Setups, want.Setups) || len(l.known[0].RTSP.Setups) != 0 {
		t.Errorf("%d times something was known", len(l.known))
	}

	l, _ = analyze(t, packets[1:]) // the camera's answer comes first
	if r := l.ended[0]; r.Facts.Protocol != ProtoRTSP || r.Client.Addr != reader {
		t.Errorf("%s of %s", r.Facts.Protocol, r.Client.Addr)
	}
	for i := range packets { // and each message by itself, but for what keeps the mapping
		l, _ := analyze(t, packets[i:i+1])
		if got := l.ended[0].Facts.Protocol; (got == ProtoRTSP) != (i != 4) {
			t.Errorf("packet %d is %s", i+1, got)
		}
	}
}
