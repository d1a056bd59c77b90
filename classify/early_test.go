package classify

import (
	"bytes"
	"testing"
	"time"

	"spanaudit/flow"
)

// What the site adds to a snapshot, to whom the media belong, is in no other record
// of the flow: neither in the next snapshot nor in what it is in the end.
func TestWhatASiteBindsStaysInItsRecord(t *testing.T) {
	l := &log{}
	a := NewAnalyzer(l)
	table := flow.NewTable(flow.Config{}, a)
	at := flow.Time(time.Hour)
	send := func(payload []byte) {
		at = at.Add(20 * time.Millisecond)
		table.Add(&flow.Packet{
			Frame: flow.Frame{Number: uint64(at), Time: at}, Protocol: flow.UDP, Src: ends[0], Dst: ends[1], Length: 28 + len(payload), Payload: payload, IPID: uint16(at / 1e6),
		}, uint64(at))
	}
	send(append([]byte{0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7}, make([]byte, 100)...)) // RTP, it seems
	for round := range 2 {
		for range maxUnknownDatagrams { // and what nobody knows
			send(bytes.Repeat([]byte{0xff}, 100<<(8*round)))
		}
		if a.Early(table, at); len(l.early) != round+1 || l.early[round].RTP == nil {
			t.Fatalf("%d snapshots: %+v", len(l.early), l.early)
		}
		l.early[round].RTP.SetupBy = "a session"
	}
	table.Flush()
	if r := l.ended[0]; l.early[0].RTP == l.early[1].RTP || r.RTP == nil || r.RTP.SetupBy != "" {
		t.Errorf("%p and %p, in the end %+v", l.early[0].RTP, l.early[1].RTP, r.RTP)
	}
}
