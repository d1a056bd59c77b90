package classify

import (
	"net/netip"
	"testing"
	"time"

	"spanaudit/flow"
)

// wire writes the packets of one TCP connection from what its sides say in
// turn, with a frame number each.
type wire struct {
	packets []flow.Packet
	seq     [2]uint32
}

var ends = [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("192.0.2.9:443")}

func connect(turns ...tlsTurn) *wire {
	w := &wire{seq: [2]uint32{1000, 9000}}
	w.send(0, flow.SYN, nil)
	w.send(1, flow.SYN|flow.ACK, nil)
	w.send(0, flow.ACK, nil)
	for _, t := range turns {
		w.speak(t.server, t.bytes, 1400)
	}
	return w
}

// speak sends what one side says, cut into segments of at most size bytes.
func (w *wire) speak(server bool, b []byte, size int) {
	side := 0
	if server {
		side = 1
	}
	for ; len(b) > 0; b = b[min(len(b), size):] {
		w.send(side, flow.ACK|flow.PSH, b[:min(len(b), size)])
	}
}

func (w *wire) send(side int, flags uint8, payload []byte) {
	n := len(w.packets) + 1
	p := flow.Packet{
		Frame:    flow.Frame{Number: uint64(n), Time: flow.Time(time.Hour).Add(time.Duration(n) * 5 * time.Millisecond)},
		Protocol: flow.TCP, Src: ends[side], Dst: ends[1-side], Flags: flags, IPID: uint16(n),
		Seq: w.seq[side], Ack: w.seq[1-side], Length: 40 + len(payload), Payload: payload,
	}
	w.seq[side] += uint32(len(payload))
	if flags&flow.SYN != 0 {
		w.seq[side]++
	}
	w.packets = append(w.packets, p)
}

// with returns the packet as another client would have exchanged it.
func with(client netip.AddrPort, p flow.Packet) *flow.Packet {
	if p.Src == ends[0] {
		p.Src = client
	} else {
		p.Dst = client
	}
	return &p
}

// log is a Sink that keeps what it is told.
type log struct {
	sessions     []*TLS
	known, ended []*Record
	early        []*Record
	learned      []Learned
}

func (l *log) Learned(_ *flow.Flow, _ flow.Frame, m Learned) { l.learned = append(l.learned, m) }
func (l *log) Known(r *Record, _ flow.Frame)                 { l.known = append(l.known, r) }
func (l *log) Early(r *Record)                               { l.early = append(l.early, r) }
func (l *log) Session(_ *flow.Flow, _ flow.Frame, t *TLS)    { l.sessions = append(l.sessions, t) }
func (l *log) Ended(r *Record)                               { l.ended = append(l.ended, r) }

func analyze(t *testing.T, packets []flow.Packet) (*log, *Analyzer) {
	t.Helper()
	l := &log{}
	a := NewAnalyzer(l)
	table := flow.NewTable(flow.Config{}, a)
	for i := range packets {
		table.Add(&packets[i], uint64(i))
	}
	table.Flush()
	return l, a
}

// A session that may be resumed up to TLS 1.2 is known before its flow ends,
// because the flow that resumes it may end earlier. Of TLS 1.3 nothing is
// readable by which it would be known again.
func TestSessionIsKnownBeforeTheFlowEnds(t *testing.T) {
	for name, known := range map[string]int{"tls12-ecdhe.0": 1, "tls13.0": 0} {
		l, _ := analyze(t, connect(tlsTurns(t, name)...).packets)
		if len(l.ended) != 1 || len(l.sessions) != known {
			t.Fatalf("%s: %d ended, %d sessions; want 1 and %d", name, len(l.ended), len(l.sessions), known)
		}
	}
	w := connect(tlsTurns(t, "tls13.0")...)
	l, _ := analyze(t, w.packets)
	r := l.ended[0]
	if r.Facts.Protocol != ProtoTLS || r.TLS.Version != TLS13 || r.TLS.ForwardSecrecy != Yes {
		t.Errorf("%s %v forward secrecy %v", r.Facts.Protocol, r.TLS.Version, r.TLS.ForwardSecrecy)
	}
	if len(r.Evidence) != 2 || r.Evidence[0].What != "ClientHello" || r.Evidence[0].Frame.Number != 4 ||
		r.Evidence[1].What != "ServerHello" || r.Evidence[1].Frame.Number != 5 {
		t.Errorf("evidence %+v", r.Evidence)
	}
}

// The halves may arrive one after the other: the record is the same.
func TestHalvesInEitherOrderGiveTheSameFacts(t *testing.T) {
	w := connect(tlsTurns(t, "tls12-ecdhe.0")...)
	var halves [2][]flow.Packet
	for _, p := range w.packets {
		side := 0
		if p.Src == ends[1] {
			side = 1
		}
		halves[side] = append(halves[side], p)
	}
	for _, first := range []int{0, 1} {
		l, _ := analyze(t, append(append([]flow.Packet{}, halves[first]...), halves[1-first]...))
		if len(l.ended) != 1 {
			t.Fatalf("%d flows", len(l.ended))
		}
		r := l.ended[0]
		if r.Client.Addr != ends[0] || r.TLS == nil || r.TLS.Version != TLS12 || r.TLS.ForwardSecrecy != Yes || !r.TLS.Established {
			t.Errorf("half %d first: client %v, %+v", first, r.Client.Addr, r.TLS)
		}
	}
}

// Without a TCP handshake the hellos tell client from server.
func TestHelloTellsTheClient(t *testing.T) {
	w := connect(tlsTurns(t, "tls13.0")...)
	for name, packets := range map[string][]flow.Packet{
		"server's half first": append(append([]flow.Packet{}, w.packets[4:]...), w.packets[3]),
		"server's half alone": w.packets[4:5],
	} {
		l, _ := analyze(t, packets)
		r := l.ended[0]
		if r.Client.Addr != ends[0] || r.Ground != flow.Message || r.TLS == nil || !r.TLS.ServerHello {
			t.Errorf("%s: client %v by %v, %+v", name, r.Client.Addr, r.Ground, r.TLS)
		}
	}
}

func TestApplicationDataTellsNoRoles(t *testing.T) {
	record := append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...)
	w := connect(tlsTurn{bytes: record}, tlsTurn{server: true, bytes: record}, tlsTurn{bytes: record}, tlsTurn{server: true, bytes: record})
	l, _ := analyze(t, w.packets[3:])
	r := l.ended[0]
	if r.Facts.Protocol != ProtoTLS || r.Ground != flow.FirstPacket || r.TLS.Version != 0 {
		t.Errorf("%s by %v, version %v", r.Facts.Protocol, r.Ground, r.TLS.Version)
	}
}

func TestLossBehindTheHelloKeepsWhatWasSeen(t *testing.T) {
	w := connect(tlsTurns(t, "tls12-rsa.0")...)
	for lost := 5; lost < len(w.packets); lost++ {
		packets := append(append([]flow.Packet{}, w.packets[:lost]...), w.packets[lost+1:]...)
		l, _ := analyze(t, packets)
		r := l.ended[0]
		if r.TLS == nil || !r.TLS.ServerHello || r.TLS.ForwardSecrecy != No {
			t.Errorf("without packet %d: %+v", lost+1, r.TLS)
		}
	}
}

// A message behind a hole is found when nothing was seen before it.
func TestProtocolBehindAHole(t *testing.T) {
	request := []byte("GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n")
	w := connect(tlsTurn{bytes: []byte("lost")}, tlsTurn{bytes: request})
	packets := append(append([]flow.Packet{}, w.packets[:3]...), w.packets[4])
	l, _ := analyze(t, packets)
	r := l.ended[0]
	if r.Facts.Protocol != ProtoHTTP || r.HTTP.Host != "example.com" {
		t.Errorf("%s %+v", r.Facts.Protocol, r.HTTP)
	}
	if len(r.Evidence) > 0 && r.Evidence[0].Frame.Number != 5 {
		t.Errorf("evidence %+v", r.Evidence)
	}
}

// What stands on both sides of a hole is not read as if it stood together,
// however many holes there are.
func TestHolesAreNotReadOver(t *testing.T) {
	turns := tlsTurns(t, "tls12-ecdhe.0")
	w := connect(append([]tlsTurn{{bytes: []byte("CONNECT h:443 HTTP/1.1\r\n\r\n")}, {true, []byte("HTTP/1.1 200 OK\r\n\r\n")}}, turns...)...)
	l, _ := analyze(t, w.packets)
	whole := l.ended[0].TLS
	for size := 5; size < 200; size++ {
		packets := append([]flow.Packet{}, w.packets...)
		for i := range packets {
			if p := &packets[i]; len(p.Payload) > size {
				p.Payload, p.Missing = p.Payload[:size], len(p.Payload)-size
			}
		}
		l, _ := analyze(t, packets)
		if got := l.ended[0].TLS; got != nil && got.ServerHello && (got.CipherSuite != whole.CipherSuite || got.Version != whole.Version || got.JA3S != "" && got.JA3S != whole.JA3S) {
			t.Errorf("packets cut to %d bytes: %s %s %s", size, got.Version, got.CipherSuite, got.JA3S)
		}
	}
}

func TestPanicCostsOneFlow(t *testing.T) {
	l := &log{}
	a := NewAnalyzer(l)
	a.streams = []streamClassifier{func(s Stream, _ *Learned) (Facts, Answer) { panic("decoder") }}
	table := flow.NewTable(flow.Config{}, a)
	w := connect(tlsTurn{bytes: []byte("hello")}, tlsTurn{server: true, bytes: []byte("world")})
	for i := range w.packets {
		table.Add(&w.packets[i], uint64(i))
	}
	table.Flush()
	if a.Panics() != 1 || len(l.ended) != 1 || l.ended[0].Facts.Protocol != Unknown || !l.ended[0].Malformed {
		t.Errorf("%d panics, %d flows", a.Panics(), len(l.ended))
	}
}

func TestRecordsOfOneFlowDoNotShareFacts(t *testing.T) {
	query := func(n uint64, name string) flow.Packet {
		b := append([]byte{0, byte(n), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, byte(len(name))}, name...)
		b = append(b, 0, 0, 1, 0, 1)
		return flow.Packet{
			Frame:    flow.Frame{Number: n, Time: flow.Time(n) * flow.Time(20*time.Minute)},
			Protocol: flow.UDP, IPID: uint16(n), Length: 28 + len(b), Payload: b,
			Src: ends[0], Dst: netip.MustParseAddrPort("10.0.0.53:53"),
		}
	}
	l := &log{}
	table := flow.NewTable(flow.Config{ShortIdle: time.Hour}, NewAnalyzer(l))
	for n := range uint64(4) {
		p := query(n+1, string(rune('a'+n))+"bc")
		table.Add(&p, n)
	}
	table.Flush()
	if len(l.ended) != 2 || l.ended[0].Reason != flow.ActiveTimeout {
		t.Fatalf("%d records", len(l.ended))
	}
	if first, second := l.ended[0].DNS, l.ended[1].DNS; first.Queries != 2 || second.Queries != 4 {
		t.Errorf("%d and %d queries", first.Queries, second.Queries)
	}
}

func TestUnknownDatagramsAreGivenUp(t *testing.T) {
	l := &log{}
	a := NewAnalyzer(l)
	looks := 0
	a.datagrams = []datagramClassifier{func(Datagram, *Facts, *Learned) (Answer, bool) { looks++; return NoMatch, false }}
	table := flow.NewTable(flow.Config{}, a)
	for n := range uint64(1000) {
		p := flow.Packet{Frame: flow.Frame{Number: n + 1, Time: flow.Time(time.Hour) + flow.Time(n)}, Protocol: flow.UDP, IPID: uint16(n), Src: ends[0], Dst: ends[1], Payload: []byte{1, 2, 3}}
		table.Add(&p, n)
	}
	if looks != maxUnknownDatagrams {
		t.Errorf("looked at %d datagrams, want %d", looks, maxUnknownDatagrams)
	}
}
