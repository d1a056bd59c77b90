package classify

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spanaudit/flow"
)

func rtspFacts(t *testing.T, s Stream) Facts {
	t.Helper()
	f, answer := rtspStream(s, &Learned{})
	if answer != Matched || f.RTSP == nil {
		t.Fatalf("answer %v, %s", answer, show(f))
	}
	checkSecret(t, f)
	return f
}

func TestCapturedRTSP(t *testing.T) {
	const agent = "GStreamer/1.22.0"
	const url = "rtsp://127.0.0.1:8554/live"
	tunnel := "470d1338680e567bee16b62c7db6d28f"
	for name, want := range map[string]RTSP{
		"udp": {
			Version: "1.0", Methods: []string{"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN"}, URL: url, UserAgent: agent,
			StatusCodes: []int{200}, External: []string{"127.0.0.1"},
			Setups: []Setup{{Transport: "udp", ClientPorts: [2]uint16{44334, 44335}, ServerPorts: [2]uint16{41966, 41967}, SSRC: 0x13446340, Answered: true}},
		},
		"interleaved": {
			Version: "1.0", Methods: []string{"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"}, URL: url, UserAgent: agent,
			StatusCodes: []int{200}, External: []string{"127.0.0.1"}, Interleaved: true,
			Setups: []Setup{{Transport: "tcp", SSRC: 0x9193a744, Answered: true}},
		},
		"tunnel-get": {
			Version: "1.0", StatusCodes: []int{200}, External: []string{"127.0.0.1"}, Interleaved: true, Tunnel: true, SessionCookie: tunnel,
			Setups: []Setup{{Transport: "tcp", SSRC: 0xe09c19cd, Answered: true}},
		},
		"tunnel-post": {
			Version: "1.0", Methods: []string{"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"}, URL: url, UserAgent: agent,
			Interleaved: true, Tunnel: true, SessionCookie: tunnel,
			Setups: []Setup{{Transport: "tcp"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			list := segments(t, "rtsp/"+name)
			f := rtspFacts(t, halves(list))
			if !reflect.DeepEqual(*f.RTSP, want) {
				t.Errorf("got  %+v\nwant %+v", *f.RTSP, want)
			}
			wrapped := Protocol("")
			if name == "interleaved" || name == "tunnel-get" {
				wrapped = ProtoRTP
			}
			for _, m := range f.Marks {
				half := halves(list).Client
				if m.Server {
					half = halves(list).Server
				}
				want := map[string]string{"response": "RTSP/1.0 200", "tunnel": string(half[:3]), "interleaved frame": "$"}[m.What]
				if want == "" {
					want = m.What
				}
				if got := half[m.Offset:]; name != "tunnel-post" && !bytes.HasPrefix(got, []byte(want)) {
					t.Errorf("mark %+v points at %.20q", m, got)
				}
			}
			if f.Wrapped != wrapped || f.Malformed {
				t.Errorf("wrapped %q, malformed %v", f.Wrapped, f.Malformed)
			}
			checkPrefixes(t, rtspStream, list)
		})
	}
}

// A half by itself, and one whose beginning was never seen, is still RTSP.
func TestRTSPHalves(t *testing.T) {
	for _, name := range []string{"udp", "interleaved", "tunnel-get", "tunnel-post"} {
		s := halves(segments(t, "rtsp/"+name))
		if name != "tunnel-post" {
			rtspFacts(t, Stream{Server: s.Server, Final: true})
			rtspFacts(t, Stream{Server: s.Server[50:], ServerJoined: true, Final: true})
		}
		if name != "tunnel-get" {
			rtspFacts(t, Stream{Client: s.Client, Final: true})
		}
		if name == "udp" || name == "interleaved" {
			rtspFacts(t, Stream{Client: s.Client[50:], ClientJoined: true, Final: true})
			swapped := Stream{Client: s.Server, Server: s.Client, ClientJoined: true, ServerJoined: true, Final: true}
			if f, answer := rtspStream(swapped, nil); answer != NoMatch {
				t.Errorf("%s with its halves swapped: %v %s", name, answer, show(f))
			}
		}
	}
}

func frame(channel byte, payload []byte) []byte {
	return append([]byte{'$', channel, byte(len(payload) >> 8), byte(len(payload))}, payload...)
}

// A connection joined in the middle of media has no message at all.
func TestRTSPJoinedInTheMiddleOfMedia(t *testing.T) {
	var media []byte
	for i := range 4 {
		media = append(media, frame(0, rtpPacket(uint16(i), 96, 7, 300))...)
	}
	s := Stream{Server: media[100:], ServerJoined: true, ClientJoined: true, Final: true}
	f := rtspFacts(t, s)
	if !f.RTSP.Interleaved || f.Wrapped != ProtoRTP || f.RTSP.Version != "" {
		t.Errorf("%s", show(f))
	}
	s.Final, s.Server = false, media[100:600]
	if _, answer := rtspStream(s, nil); answer != NeedMore {
		t.Errorf("before three frames in a row: %v", answer)
	}
	noise := bytes.Repeat([]byte("$$$$\x00\x04$abc"), 500)
	if f, answer := rtspStream(Stream{Server: noise, ServerJoined: true, ClientJoined: true, Final: true}, nil); answer != NoMatch {
		t.Errorf("noise: %v %s", answer, show(f))
	}
}

// keeper counts what an Analyzer leaves in the heads of a flow.
type keeper struct {
	*Analyzer
	most int // bytes
}

func (k *keeper) Segment(f *flow.Flow, from *flow.Half) {
	k.Analyzer.Segment(f, from)
	k.most = max(k.most, len(f.Client.Head())+len(f.Server.Head()))
}

// Interleaved media is not kept, and what is said between it is not missed:
// wherever the conversation is joined, and whatever is lost of it.
func TestInterleavedMediaIsNotKept(t *testing.T) {
	var list []segment
	frames := func(server bool, n, size int) {
		var b []byte
		for i := range n {
			b = append(b, frame(0, rtpPacket(uint16(i), 96, 7, size))...)
			if i%9 == 4 {
				b = append(b, frame(1, []byte("\x80\xc8\x00\x06abcdefghijklmnopqrstuvwx"))...)
			}
		}
		list = append(list, segment{server, b})
	}
	list = append(list, lines("DESCRIBE rtsp://cam/live RTSP/1.0\nCSeq: 1\n\n", "RTSP/1.0 200 OK\nCSeq: 1\n\n",
		"SETUP rtsp://cam/live/1 RTSP/1.0\nCSeq: 2\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\n\n",
		"RTSP/1.0 200 OK\nCSeq: 2\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\n\n")...)
	frames(true, 17, 1000)
	list = append(list, lines("OPTIONS rtsp://cam/live RTSP/1.0\nCSeq: 3\n\n", "RTSP/1.0 200 OK\nCSeq: 3\n\n")...)
	frames(true, 14, 700)
	frames(false, 300, 20)
	list = append(list, lines("SETUP rtsp://cam/live/2 RTSP/1.0\nCSeq: 4\nTransport: RTP/AVP;unicast;client_port=5000-5001\n\n",
		"RTSP/1.0 200 OK\nCSeq: 4\nTransport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001\n\n")...)
	frames(true, 30, 1000)
	list = append(list, lines("TEARDOWN rtsp://cam/live RTSP/1.0\nCSeq: 5\n\n", "RTSP/1.0 200 OK\nCSeq: 5\n\n")...)
	w := connect()
	for _, g := range list {
		w.speak(g.server, g.bytes, 1100)
	}
	said := func(packets []flow.Packet, keepAll bool) (string, int) {
		l := &log{}
		k := &keeper{Analyzer: NewAnalyzer(l)}
		if keepAll {
			read := k.streams
			k.streams = nil
			for _, classify := range read {
				k.streams = append(k.streams, func(s Stream, m *Learned) (Facts, Answer) {
					facts, answer := classify(s, m)
					m.spent = [2]span{}
					return facts, answer
				})
			}
		}
		table := flow.NewTable(flow.Config{}, k)
		for i := range packets {
			table.Add(&packets[i], uint64(i))
		}
		table.Flush()
		if len(l.ended) != 1 || k.Panics() > 0 {
			t.Fatalf("%d flows, %d panics", len(l.ended), k.Panics())
		}
		return fmt.Sprint(show(l.ended[0].Facts), l.ended[0].Evidence), k.most
	}
	for from := range len(w.packets) - 1 {
		for lost := from; lost < len(w.packets); lost += 1 + lost%7 {
			packets := slices.Delete(slices.Clone(w.packets[from:]), lost-from, lost-from+1)
			want, _ := said(packets, true)
			if got, _ := said(packets, false); got != want {
				t.Fatalf("from packet %d, without %d:\n%s\nas against\n%s", from, lost, got, want)
			}
		}
	}
	all, mostAll := said(w.packets, true)
	got, most := said(w.packets, false)
	if got != all || !strings.Contains(got, "TEARDOWN") || mostAll < 60<<10 || most > 28<<10 {
		t.Errorf("%d bytes of %d are kept, and it says\n%s\nas against\n%s", most, mostAll, got, all)
	}
}

// After bytes that are missing, reading goes on at the next message.
func TestRTSPGoesOnAfterAHole(t *testing.T) {
	s := halves(segments(t, "rtsp/interleaved"))
	want := rtspFacts(t, s).RTSP.Setups
	at := bytes.Index(s.Server, []byte("RTSP/1.0 200 OK\r\nCSeq: 2"))
	s.Server = append(s.Server[:at-30:at-30], s.Server[at+40:]...)
	if got := rtspFacts(t, s).RTSP.Setups; !reflect.DeepEqual(got, want) {
		t.Errorf("setups %+v, want %+v", got, want)
	}
}

func TestRTSPMessages(t *testing.T) {
	addr := netip.MustParseAddr
	setup := func(transport string) string {
		return "SETUP rtsp://cam/live/track1 RTSP/1.0\nCSeq: 3\nTransport: " + transport + "\n\n"
	}
	ok := func(transport string) string {
		return "RTSP/1.0 200 OK\nCSeq: 3\nSession: 12345678\nTransport: " + transport + "\n\n"
	}
	for name, c := range map[string]struct {
		turns []string
		want  []Setup
	}{
		"one port, none of the server": {
			[]string{setup("RTP/AVP;unicast;client_port=5000"), ok("RTP/AVP;unicast;client_port=5000")},
			[]Setup{{Transport: "udp", ClientPorts: [2]uint16{5000}, Answered: true}},
		},
		"answer leaves the client's ports out": {
			[]string{setup("RTP/AVP;unicast;client_port=5000-5001"), ok("RTP/AVP;unicast;server_port=6000-6001;source=192.0.2.9;ssrc=0A0B0C0D")},
			[]Setup{{Transport: "udp", ClientPorts: [2]uint16{5000, 5001}, ServerPorts: [2]uint16{6000, 6001}, Source: addr("192.0.2.9"), SSRC: 0x0a0b0c0d, Answered: true}},
		},
		"the answer chooses": {
			[]string{setup("RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1"), ok("RTP/AVP/TCP;interleaved=0-1")},
			[]Setup{{Transport: "tcp", Answered: true}},
		},
		"without an answer all stand": {
			[]string{setup("RTP/AVP;unicast;client_port=5000-5001,RTP/SAVP/TCP;interleaved=0-1")},
			[]Setup{{Transport: "udp", ClientPorts: [2]uint16{5000, 5001}}, {Transport: "tcp", Secure: true}},
		},
		"refused": {
			[]string{setup("RTP/AVP;unicast;client_port=5000-5001"), "RTSP/1.0 461 Unsupported Transport\nCSeq: 3\n\n"},
			nil,
		},
		"answer alone": {
			[]string{"", ok("RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001")},
			[]Setup{{Transport: "udp", ClientPorts: [2]uint16{5000, 5001}, ServerPorts: [2]uint16{6000, 6001}, Answered: true}},
		},
		"multicast": {
			[]string{setup("RTP/AVP;multicast"), ok("RTP/AVP;multicast;destination=239.1.1.1;port=5004-5005;ttl=32")},
			[]Setup{{Transport: "multicast", ClientPorts: [2]uint16{5004, 5005}, Destination: addr("239.1.1.1"), TTL: 32, Answered: true}},
		},
		"RTSP 2.0": {
			[]string{
				"SETUP rtsp://cam/live RTSP/2.0\nCSeq: 3\nTransport: RTP/SAVPF/UDP;unicast;dest_addr=\":3456\"/\":3457\";mode=\"PLAY\"\n\n",
				"RTSP/2.0 200 OK\nCSeq: 3\nTransport: RTP/SAVPF/UDP;unicast;dest_addr=\"192.0.2.53:3456\"/\"192.0.2.53:3457\";src_addr=\"[2001:db8::7]:6256\"/\"[2001:db8::7]:6257\"\n\n",
			},
			[]Setup{{
				Transport: "udp", ClientPorts: [2]uint16{3456, 3457}, ServerPorts: [2]uint16{6256, 6257},
				Source: addr("2001:db8::7"), Destination: addr("192.0.2.53"), Secure: true, Answered: true,
			}},
		},
		"nonsense": {
			[]string{setup(";;=;RTP/AVP;client_port=99999-x;ttl=999;ssrc=zz;destination=\"")},
			[]Setup{{Transport: "udp"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := rtspFacts(t, dialogue(c.turns...))
			if !reflect.DeepEqual(f.RTSP.Setups, c.want) {
				t.Errorf("got  %+v\nwant %+v", f.RTSP.Setups, c.want)
			}
		})
	}
}

func TestRTSPRetryAfterUnauthorized(t *testing.T) {
	s := dialogue(
		"DESCRIBE rtsp://admin:s3cret@cam/live RTSP/1.0\nCSeq: 1\n\n",
		"RTSP/1.0 401 Unauthorized\nCSeq: 1\nWWW-Authenticate: Digest realm=\"cam\", nonce=\"s3cretNonce\"\nWWW-Authenticate: Basic realm=\"cam\"\n\n",
		"DESCRIBE rtsp://admin:s3cret@cam/live RTSP/1.0\nCSeq: 2\nAuthorization: Basic czNjcmV0\n\n",
		"RTSP/1.0 200 OK\nCSeq: 2\nContent-Base: rtsp://203.0.113.5/live/\nContent-Type: application/sdp\nContent-Length: 44\n\nv=0\nc=IN IP4 239.9.9.9/127\nm=video 0 RTP/A\n",
		"SETUP rtsp://cam/live RTSP/1.0\nCSeq: 3\nTransport: RTP/AVP;unicast;client_port=5000-5001\n\n",
		"RTSP/1.0 401 Unauthorized\nCSeq: 3\n\n",
		"SETUP rtsp://cam/live RTSP/1.0\nCSeq: 3\nAuthorization: Basic czNjcmV0\nTransport: RTP/AVP;unicast;client_port=5002-5003;destination=198.51.100.7\n\n",
		"RTSP/1.0 200 OK\nCSeq: 3\nTransport: RTP/AVP;unicast;client_port=5002-5003;server_port=7000-7001\n\n",
	)
	f := rtspFacts(t, s)
	want := RTSP{
		Version: "1.0", Methods: []string{"DESCRIBE", "SETUP"}, URL: "rtsp://cam/live", URLPassword: true,
		Auth: []string{"basic"}, AuthOffered: []string{"digest", "basic"}, StatusCodes: []int{401, 200},
		External: []string{"198.51.100.7", "203.0.113.5", "239.9.9.9"},
		Setups: []Setup{{
			Transport: "udp", ClientPorts: [2]uint16{5002, 5003}, ServerPorts: [2]uint16{7000, 7001},
			Destination: netip.MustParseAddr("198.51.100.7"), Answered: true,
		}},
	}
	if !reflect.DeepEqual(*f.RTSP, want) {
		t.Errorf("got  %+v\nwant %+v", *f.RTSP, want)
	}
	marks := []Mark{
		{"DESCRIBE", false, 0}, {"Authorization", false, 59}, {"SETUP", false, 149}, {"SETUP", false, 242}, {"response", true, 0},
	}
	if !reflect.DeepEqual(f.Marks, marks) {
		t.Errorf("marks %+v", f.Marks)
	}
}

// A server may ask, too, and send its client elsewhere.
func TestRTSPServerAsks(t *testing.T) {
	f := rtspFacts(t, dialogue(
		"OPTIONS * RTSP/1.0\nCSeq: 1\n\n",
		"RTSP/1.0 200 OK\nCSeq: 1\n\nREDIRECT rtsp://cam/live RTSP/1.0\nCSeq: 732\nLocation: rtsp://u:s3cret@Other.Example:8554/x\n\n",
		"RTSP/1.0 200 OK\nCSeq: 732\n\n",
	))
	if !reflect.DeepEqual(f.RTSP.Methods, []string{"OPTIONS", "REDIRECT"}) || !reflect.DeepEqual(f.RTSP.External, []string{"other.example"}) {
		t.Errorf("%s", show(f))
	}
}

// Of a connection joined in the middle, the side that asks and answers stays the
// server as long as the other was not seen to ask.
func TestRTSPServerAsksInTheMiddle(t *testing.T) {
	s := dialogue("", "RTSP/1.0 200 OK\nCSeq: 8\n\nGET_PARAMETER rtsp://cam/live RTSP/1.0\nCSeq: 9\n\n")
	s.ClientJoined, s.ServerJoined = true, true
	rtspFacts(t, s)
}

func TestSloppyRTSP(t *testing.T) {
	s := Stream{
		Client: []byte("SETUP rtsp://cam/x RTSP/1.0\ncseq: 1\ntransport: RTP/AVP/TCP;interleaved=0-1\n\n"),
		Server: []byte("RTSP/1.0 200 OK\ncseq:1\ntransport:RTP/AVP/TCP;interleaved=0-1\ncontent-length: many\n\nunannounced body\nRTSP/1.0 454 Session Not Found\ncseq: 2\n\n"),
		Final:  true,
	}
	f := rtspFacts(t, s)
	if !reflect.DeepEqual(f.RTSP.StatusCodes, []int{200, 454}) || !f.Malformed || len(f.RTSP.Setups) != 1 || !f.RTSP.Setups[0].Answered {
		t.Errorf("%s", show(f))
	}
}

func TestRTSPInWebSocket(t *testing.T) {
	s := dialogue(
		"GET /ws HTTP/1.1\nUpgrade: websocket\nSec-WebSocket-Protocol: rtsp.onvif.org\n\n",
		"HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nSec-WebSocket-Protocol: rtsp.onvif.org\n\n",
	)
	s.Client = append(s.Client, webSocketFrame(2, []byte("DESCRIBE rtsp://cam/x RTSP/1.0\r\nCSeq: 1\r\n\r\n"))...)
	s.Server = append(s.Server, webSocketFrame(2, []byte("RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n"))...)
	if f := rtspFacts(t, s); !f.RTSP.Tunnel || f.RTSP.URL != "rtsp://cam/x" || len(f.RTSP.StatusCodes) != 1 {
		t.Errorf("%s", show(f))
	}
}

func TestBase64WithPaddingInside(t *testing.T) {
	var b []byte
	for _, part := range []string{"a", "bc", "def", "ghij"} {
		b = append(b, base64.StdEncoding.EncodeToString([]byte(part))+"\r\n"...)
	}
	if got := decodeBase64(b); string(got) != "abcdefghij" {
		t.Errorf("decoded %q", got)
	}
	if got := decodeBase64([]byte("YWJj\x00YWJj")); string(got) != "abc" {
		t.Errorf("decoded %q beyond a byte that is not base64", got)
	}
}

func TestBytesThatAreNoRTSP(t *testing.T) {
	for _, s := range []Stream{
		dialogue("GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
		dialogue("INVITE sip:a@b SIP/2.0\nCSeq: 1 INVITE\n\n", "SIP/2.0 200 OK\n\n"),
		dialogue("SSH-2.0-x\n", "SSH-2.0-y\n"),
		dialogue("GET /rfc HTTP/1.1\n\n", "HTTP/1.1 200 OK\n\nin the text:\nSETUP rtsp://a/b RTSP/1.0\nCSeq: 1\n\n"),
	} {
		for _, final := range []bool{true, false} {
			s.Final = final
			if f, answer := rtspStream(s, nil); answer != NoMatch {
				t.Errorf("%q: %v %s", s.Client, answer, show(f))
			}
		}
	}
	page := []byte("lost beginning ... SETUP rtsp://a/b RTSP/1.0\r\nis a request\r\n\r\n")
	if f, answer := rtspStream(Stream{Server: page, ServerJoined: true, ClientJoined: true, Final: true}, nil); answer != NoMatch {
		t.Errorf("a text about RTSP: %v %s", answer, show(f))
	}
}

// Every list that a peer could fill is bounded.
func TestRTSPListsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		b.WriteString(strings.Replace("SETUP rtsp://a/b RTSP/1.0\r\nCSeq: N\r\nTransport: RTP/AVP;client_port=N,a,b,c,d,e,f,g,h,i,j\r\n\r\n", "N", strings.Repeat("1", 1+i%5)+string(rune('0'+i%10)), 2))
	}
	f := rtspFacts(t, Stream{Client: []byte(b.String()), Final: true})
	if len(f.RTSP.Setups) > maxSetups || len(f.Marks) > maxMarks {
		t.Errorf("%d setups, %d marks", len(f.RTSP.Setups), len(f.Marks))
	}
}

func FuzzRTSP(f *testing.F) { fuzzStream(f, rtspStream, "rtsp") }

// The depth's worth of hostile bytes must not cost more than honest ones.
func BenchmarkRTSP(b *testing.B) {
	var media []byte
	for i := range 46 {
		media = append(media, frame(0, rtpPacket(uint16(i), 96, 7, 1400))...)
	}
	for name, server := range map[string][]byte{
		"media":  media,
		"joined": media[100:],
		"dollar": bytes.Repeat([]byte{'$'}, 64<<10),
		"starts": bytes.Repeat([]byte("AAA B RTSP/1.0\r\n"), 4<<10),
		"slash":  bytes.Repeat([]byte("A RTSP/1."), 7<<10),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(server)))
			for b.Loop() {
				rtspStream(Stream{Server: server, ServerJoined: name != "media", ClientJoined: true}, nil)
			}
		})
	}
}
