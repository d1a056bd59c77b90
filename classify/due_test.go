package classify

import (
	"encoding/binary"
	"testing"
	"time"

	"spanaudit/flow"
)

// moments is a Sink that notes which packet brought what others wait for.
type moments struct {
	log
	packet    int
	learned   []int
	learnedAt []flow.Frame
	known     []int
}

func (m *moments) Learned(f *flow.Flow, at flow.Frame, l Learned) {
	m.learned, m.learnedAt = append(m.learned, m.packet), append(m.learnedAt, at)
}
func (m *moments) Early(*Record) {}
func (m *moments) Known(r *Record, _ flow.Frame) {
	if setups := r.RTSP.Setups; len(setups) > 0 && setups[0].Answered && setups[0].ServerPorts[0] == 6000 {
		m.known = append(m.known, m.packet)
	}
}

// follow hands packets to an analyzer, and returns what came when, before the
// flow ended.
func follow(packets []flow.Packet) *moments {
	m := &moments{}
	table := flow.NewTable(flow.Config{}, NewAnalyzer(m))
	for i := range packets {
		m.packet = i
		table.Add(&packets[i], uint64(i))
	}
	return m
}

func dnsOverTCP(response bool) []byte {
	m := []byte{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}
	if response {
		m[2], m[3], m[7] = 0x81, 0x80, 1
	}
	m = append(m, "\x06camera\x07example\x03com\x00\x00\x01\x00\x01"...)
	if response {
		m = append(m, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 77)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...)
}

// A name counts from the segment on that completes the answer, however the
// answer is cut.
func TestNamesOverTCPAreLearnedAtOnce(t *testing.T) {
	answer := dnsOverTCP(true)
	for _, cut := range []int{0, 2, 20, len(answer) - 1} {
		w := connect()
		w.send(0, flow.ACK, dnsOverTCP(false))
		w.send(1, flow.ACK, answer[:cut])
		w.send(1, flow.ACK, answer[cut:])
		last := len(w.packets) - 1
		if m := follow(w.packets); len(m.learned) == 0 || m.learned[0] != last || m.learnedAt[0] != w.packets[last].Frame {
			t.Errorf("cut at %d: learned with packets %v at %v", cut, m.learned, m.learnedAt)
		}
	}
}

// What the end of a connection lets be learned is dated by the bytes that say
// it, not by the end.
func TestNamesAreDatedByTheirBytes(t *testing.T) {
	w := connect()
	w.seq[0] += 60 // the query was lost
	w.send(1, flow.ACK, dnsOverTCP(true))
	answer := w.packets[len(w.packets)-1].Frame
	w.send(0, flow.FIN|flow.ACK, nil)
	if m := follow(w.packets); len(m.learned) == 0 || m.learnedAt[0] != answer {
		t.Errorf("learned with packets %v at %v, wanted %v", m.learned, m.learnedAt, answer)
	}
}

// Media ports are known from the segment on that completes the answer to a
// SETUP: the media comes before the client says more.
func TestMediaPortsAreKnownAtOnce(t *testing.T) {
	w := connect()
	w.send(0, flow.ACK, []byte("SETUP rtsp://192.0.2.9/a RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n"))
	w.send(1, flow.ACK, []byte("RTSP/1.0 200 OK\r\nCSeq: 1\r\n"))
	w.send(1, flow.ACK, []byte("Session: 1\r\nTransport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001\r\n\r\n"))
	if m := follow(w.packets); len(m.known) == 0 || m.known[0] != len(w.packets)-1 {
		t.Errorf("known with packets %v", m.known)
	}
}

// A connection that says little for longer than the active timeout is known in
// its first record as in the others.
func TestQuietFlowIsKnownInItsFirstRecord(t *testing.T) {
	for protocol, message := range map[Protocol]string{
		ProtoTLS:  "\x17\x03\x03\x00\x8c" + string(make([]byte, 140)),
		ProtoMQTT: "\x30\x14\x00\x05topic0123456789abc",
	} {
		w := &wire{seq: [2]uint32{1000, 9000}}
		w.send(1, flow.ACK, nil)
		for range 40 {
			w.send(0, flow.ACK, []byte(message))
			w.send(1, flow.ACK, nil)
		}
		for i := range w.packets {
			w.packets[i].Frame.Time = flow.Time(time.Hour).Add(time.Duration(i) * time.Minute / 2)
		}
		l, _ := analyze(t, w.packets)
		if len(l.ended) != 2 || l.ended[0].Facts.Protocol != protocol || l.ended[1].Facts.Protocol != protocol {
			t.Errorf("%s: %d records, the first of %q", protocol, len(l.ended), l.ended[0].Facts.Protocol)
		}
	}
}

// What has come of a flow is looked at before it is given up for lack of memory.
func TestStarvedFlowIsLookedAt(t *testing.T) {
	w := connect()
	w.send(0, flow.ACK, []byte("GET / HTTP/1.1\r\nHost: x.example\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\r\n"))
	w.send(1, flow.ACK, []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	l := &log{}
	table := flow.NewTable(flow.Config{MaxBytes: 16}, NewAnalyzer(l))
	for i := range w.packets {
		table.Add(&w.packets[i], uint64(i))
	}
	table.Flush()
	if r := l.ended[0]; !r.Starved || r.HTTP == nil || !r.HTTP.BasicAuth {
		t.Errorf("starved %v: %s %+v", r.Starved, r.Facts.Protocol, r.HTTP)
	}
}
