package classify

import (
	"encoding/base64"
	"strings"
	"testing"
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
