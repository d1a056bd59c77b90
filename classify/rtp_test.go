package classify

import (
	"encoding/binary"
	"testing"
)

// rtpPacket makes a packet of size bytes whose timestamp follows its sequence
// number.
func rtpPacket(sequence uint16, payloadType byte, ssrc uint32, size int) []byte {
	b := make([]byte, size)
	b[0], b[1] = 0x80, payloadType
	binary.BigEndian.PutUint16(b[2:], sequence)
	binary.BigEndian.PutUint32(b[4:], 3000*uint32(int16(sequence)))
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return b
}

func TestRTPRun(t *testing.T) {
	in := func(numbers ...uint16) (list [][]byte) {
		for _, n := range numbers {
			list = append(list, rtpPacket(n, 96, 7, 100))
		}
		return list
	}
	for name, c := range map[string]struct {
		packets [][]byte
		want    Protocol
		count   int
	}{
		"six in a row":           {in(1, 2, 3, 4, 5, 6), ProtoRTP, 6},
		"five in a row":          {in(1, 2, 3, 4, 5), Unknown, 5},
		"loss, reorder and wrap": {in(65530, 65531, 65533, 65532, 65535, 0, 20, 21, 22, 23), ProtoRTP, 10},
		"repeated":               {in(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), Unknown, 12},
		"jumps":                  {in(1, 2, 3, 4, 5, 6000, 6001, 6002, 6003, 6004), Unknown, 10},
		"two sources":            {append(in(1, 2, 3, 4, 5), rtpPacket(6, 96, 8, 100), rtpPacket(7, 96, 8, 100)), Unknown, 7},
		"payload type changes":   {append(in(1, 2, 3, 4, 5), rtpPacket(6, 97, 7, 100)), Unknown, 6},
	} {
		f := Facts{Protocol: Unknown}
		for _, b := range c.packets {
			answer, _ := rtpDatagram(Datagram{Payload: b}, &f, nil)
			if (answer == Matched) != (f.Protocol == ProtoRTP) {
				t.Errorf("%s: answer %v with protocol %s", name, answer, f.Protocol)
			}
		}
		if f.Protocol != c.want || f.RTP.Packets != c.count || !f.RTP.Heuristic || f.RTP.PayloadType < 96 {
			t.Errorf("%s: %s", name, show(f))
		}
	}
}

// Both directions are streams of their own.
func TestRTPOfBothDirections(t *testing.T) {
	f := Facts{Protocol: Unknown}
	for i := range uint16(10) {
		rtpDatagram(Datagram{Payload: rtpPacket(i, 96, 7, 100)}, &f, nil)
		rtpDatagram(Datagram{Payload: rtpPacket(4000-7*i, 0, 9, 60), FromServer: true}, &f, nil)
	}
	if f.Protocol != ProtoRTP || f.RTP.SSRC != 7 || f.RTP.Packets != 20 {
		t.Errorf("%s", show(f))
	}
	if answer, _ := rtpDatagram(Datagram{Payload: []byte{0, 1, 0, 0}}, &f, nil); answer != NeedMore {
		t.Errorf("STUN on the same port: %v", answer)
	}
}

func TestDatagramsThatAreNoRTP(t *testing.T) {
	extension := rtpPacket(1, 96, 7, 20)
	extension[0], extension[15] = 0x90, 200
	padding := rtpPacket(1, 96, 7, 20)
	padding[0], padding[19] = 0xa0, 9
	sources := rtpPacket(1, 96, 7, 20)
	sources[0] = 0x83
	for name, b := range map[string][]byte{
		"empty": {}, "short": rtpPacket(1, 96, 7, 20)[:11], "QUIC": {0xc3, 0, 0, 0, 1}, "STUN": make([]byte, 20),
		"extension": extension, "padding": padding, "sources": sources,
	} {
		f := Facts{Protocol: Unknown}
		if answer, _ := rtpDatagram(Datagram{Payload: b}, &f, nil); answer != NoMatch || f.RTP != nil {
			t.Errorf("%s: %v %s", name, answer, show(f))
		}
	}
	f, last := Facts{Protocol: Unknown}, Matched
	for i := range uint32(200) {
		last, _ = rtpDatagram(Datagram{Payload: rtpPacket(uint16(i*7919), 96, i*2654435761, 100)}, &f, nil)
	}
	if last != NoMatch || f.Protocol != Unknown {
		t.Errorf("packets that form no run: %v %s", last, show(f))
	}
}

func TestCapturedRTCP(t *testing.T) {
	list := segments(t, "rtp/rtcp")
	f := Facts{Protocol: Unknown}
	if answer, _ := rtpDatagram(Datagram{Payload: list[0].bytes}, &f, nil); answer != Matched || f.Protocol != ProtoRTCP || f.RTP.SSRC != 0x6545e6cd {
		t.Errorf("a report with a CNAME: %v %s", answer, show(f))
	}
	report := list[0].bytes[:32]
	f = Facts{Protocol: Unknown}
	for i, want := range []Answer{NeedMore, Matched} {
		if answer, _ := rtpDatagram(Datagram{Payload: report}, &f, nil); answer != want {
			t.Errorf("report %d without a CNAME: %v", i, answer)
		}
	}
	for cut := range list[0].bytes {
		f := Facts{Protocol: Unknown}
		if answer, _ := rtpDatagram(Datagram{Payload: list[0].bytes[:cut]}, &f, nil); answer == Matched {
			t.Errorf("matched when cut at %d", cut)
		}
	}
	if ssrc, kind, ok := readRTP(list[1].bytes); !ok || ssrc != 0x13446340 || kind != 200 {
		t.Errorf("sender report: %x %d %v", ssrc, kind, ok)
	}
	if ssrc, kind, ok := readRTP(rtpPacket(1, 0xe0, 7, 50)); !ok || ssrc != 7 || kind != 96 {
		t.Errorf("packet with a marker: %x %d %v", ssrc, kind, ok)
	}
}

func FuzzRTP(f *testing.F) {
	f.Add(rtpPacket(1, 96, 7, 40), 0)
	for _, g := range segments(f, "rtp/rtcp") {
		f.Add(g.bytes, 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, missing int) {
		facts := Facts{Protocol: Unknown}
		for range 12 {
			rtpDatagram(Datagram{Payload: b, Missing: max(missing, 0)}, &facts, nil)
		}
		if facts.Protocol == ProtoRTP {
			t.Error("one packet repeated is no run")
		}
		readRTP(b)
	})
}
